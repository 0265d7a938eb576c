import { z } from 'zod'
import { SimError } from '../fault.ts'
import { firstFault } from '../fields.ts'
import { ASKS, BEHAVIOURS } from './behaviour.ts'

const CURE = 'sim/acquirer/README.md lists the commands.'

const CommandSchema = z.discriminatedUnion('do', [
  z.strictObject({
    do: z.literal('behave'),
    as: z.enum(BEHAVIOURS, `expected one of ${BEHAVIOURS.join(', ')}`),
    requests: z.int('expected a whole number of requests').min(1, 'expected 1 or more').max(1e6).optional(),
    on: z.enum(ASKS, `expected one of ${ASKS.join(', ')}`).optional(),
    ms: z.int('expected whole milliseconds').min(0, 'expected 0 or more').max(600_000).optional(),
  }),
  z.strictObject({ do: z.literal('ledger') }),
  z.strictObject({ do: z.literal('stop') }),
])
export type AcquirerCommand = z.infer<typeof CommandSchema>

/** @throws SimError COMMAND_INVALID */
export function readCommand(line: string): AcquirerCommand {
  const invalid = (what: string): SimError => new SimError('COMMAND_INVALID', what, CURE)
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    throw invalid(`Expected a line of JSON, got ${JSON.stringify(line.slice(0, 60))}.`)
  }
  const result = CommandSchema.safeParse(value)
  if (result.success) return result.data
  throw invalid(`The command was refused: ${firstFault(result.error)}.`)
}
