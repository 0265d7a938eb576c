import { z } from 'zod'

/** What arguments and commands have in common, each with the sentence that says what is expected. */

/** A number as it is dialled. */
export const NumberField = z.string().regex(/^\+?[0-9]{2,15}$/, 'expected a number like +81312345678')
/** Names of cables and relays stand in file names of recordings. */
export const NameField = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/, 'expected a name of letters, digits, - and _, at most 32')
/** Bits per second. */
export const RateField = z
  .int('expected a whole number of bit/s')
  .min(2400, 'expected a rate from 2400 to 64000 bit/s')
  .max(64_000, 'expected a rate from 2400 to 64000 bit/s')
/** One way, milliseconds. */
export const LatencyField = z
  .int('expected whole milliseconds')
  .min(0, 'expected a latency from 0 to 5000 ms')
  .max(5000, 'expected a latency from 0 to 5000 ms')
export const ChanceField = z
  .number()
  .min(0, 'expected a probability from 0 to 1')
  .max(1, 'expected a probability from 0 to 1')
export const AnswerField = z.enum(
  ['normal', 'busy', 'no-answer', 'silent'],
  'expected normal, busy, no-answer or silent',
)
export const SeedField = z
  .int('expected a whole number')
  .min(0, 'expected 0 or more')
  .max(0xffff_ffff, 'expected at most 4294967295')

/** `HOST:PORT`, IPv6 addresses in brackets. */
export const TargetField = z
  .string()
  .regex(/^(?:\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+):\d{1,5}$/, 'expected HOST:PORT')
  .transform((text) => {
    const colon = text.lastIndexOf(':')
    return { host: text.slice(0, colon).replaceAll(/[[\]]/g, ''), port: Number(text.slice(colon + 1)) }
  })
  .refine(({ port }) => port >= 1 && port <= 65_535, 'expected a port from 1 to 65535')

/** The first thing wrong, as one sentence without its full stop. */
export function firstFault(error: z.ZodError): string {
  const [issue] = error.issues
  const where = issue?.path.join('.')
  return `${where ? `${where}: ` : ''}${issue?.message ?? 'it cannot be read'}`
}
