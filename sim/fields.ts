import { z } from 'zod'
import { PROFILES } from './profile.ts'

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
  ['normal', 'busy', 'no-answer', 'silent', 'ring-no-answer'],
  'expected normal, busy, no-answer, silent or ring-no-answer',
)
export const ProfileField = z.enum(PROFILES, 'expected generic, simcom or quectel')
export const RegistrationField = z.enum(
  ['none', 'home', 'searching', 'denied', 'roaming'],
  'expected none, home, searching, denied or roaming',
)
export const PinField = z.string().regex(/^\d{4,8}$/, 'expected 4 to 8 digits')
export const PukField = z.string().regex(/^\d{8}$/, 'expected 8 digits')
/** Attempts left. */
export const TriesField = z.int('expected a whole number').min(0, 'expected 0 to 3').max(3, 'expected 0 to 3')
/** Messages that a memory holds. */
export const CapacityField = z
  .int('expected a whole number of messages')
  .min(1, 'expected 1 to 255 messages')
  .max(255, 'expected 1 to 255 messages')
/** +CSQ. */
export const SignalField = z
  .int('expected a whole number')
  .refine((value) => (value >= 0 && value <= 31) || value === 99, 'expected a signal from 0 to 31, or 99')
/** How long something lasts. */
export const SpanField = z
  .int('expected whole milliseconds')
  .min(0, 'expected 0 to 86400000 ms')
  .max(86_400_000, 'expected 0 to 86400000 ms')
/** Bit/s of packet data. */
export const PacketRateField = z
  .int('expected a whole number of bit/s')
  .min(2400, 'expected a rate from 2400 to 100000000 bit/s')
  .max(100_000_000, 'expected a rate from 2400 to 100000000 bit/s')
export const ApnField = z
  .string()
  .regex(/^[a-z0-9][a-z0-9.-]{0,62}$/, 'expected an access point name of small letters, digits, . and -')
/** Private address and port of a server, as a terminal asks for them. */
export const EndpointField = z.string().regex(/^[A-Za-z0-9.-]{1,100}:\d{1,5}$/, 'expected ADDRESS:PORT')
export const CredentialField = z
  .string()
  .regex(/^[\x21\x23-\x7e]{1,64}$/, 'expected 1 to 64 characters without blanks and "')
export const CmsField = z.int('expected a whole number').min(0, 'expected 0 to 512').max(512, 'expected 0 to 512')
/** One line of text. */
export const LineField = z.string().regex(/^[\x20-\x7e]{1,500}$/, 'expected one line of at most 500 characters')
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
