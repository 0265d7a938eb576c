import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { SimError } from '../fault.ts'
import { ChanceField, firstFault, SeedField } from '../fields.ts'
import type { BehaviourOptions } from './behaviour.ts'

export const USAGE = `Simulates the card company: it authorises, captures and voids payments, and misbehaves when told to.

  keyline acquirer --data DIR --key-file FILE [options]

  --listen HOST:PORT          where it answers (127.0.0.1:0, any free port)
  --data DIR                  folder of its ledger, made when it is not there
  --key-file FILE             the key shared with the shop: KEYID:BASE64 of 32 bytes or more
  --slow MS                   before every answer (0)
  --refuse-rate P             probability that an authorisation is refused (0)
  --timeout-after-charge P    probability that a capture is done and never answered (0)
  --answer-twice P            probability that an answer comes twice (0)
  --seed N                    for everything that is left to chance
  --json                      events as JSON lines
  --help                      this text

Commands are JSON lines on standard input; sim/acquirer/README.md lists them, and the card numbers.
`

const OPTIONS = {
  listen: { type: 'string' },
  data: { type: 'string' },
  'key-file': { type: 'string' },
  slow: { type: 'string' },
  'refuse-rate': { type: 'string' },
  'timeout-after-charge': { type: 'string' },
  'answer-twice': { type: 'string' },
  seed: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean' },
} as const

export type AcquirerArguments =
  | { readonly type: 'help' }
  | {
      readonly type: 'run'
      readonly json: boolean
      readonly host: string
      readonly port: number
      readonly data: string
      readonly keyFile: string
      readonly behaviour: BehaviourOptions
    }

const Path = z.string('expected a path').min(1, 'expected a path').max(4096, 'expected a path')
const Wait = z.int('expected whole milliseconds').min(0, 'expected 0 or more').max(600_000, 'expected at most 600000')
const Listen = z
  .string()
  .regex(/^[A-Za-z0-9.-]+:[0-9]{1,5}$/, 'expected HOST:PORT')
  .transform((text) => ({ host: text.slice(0, text.indexOf(':')), port: Number(text.slice(text.indexOf(':') + 1)) }))
  .refine(({ port }) => port <= 65_535, 'expected a port up to 65535')

/** @param argv without program and script @throws SimError ARGUMENT_INVALID */
export function readArguments(argv: readonly string[]): AcquirerArguments {
  const values = parse(argv)
  if (values.help === true) return { type: 'help' }
  const chance = (name: 'refuse-rate' | 'timeout-after-charge' | 'answer-twice'): number =>
    field(`--${name}`, ChanceField, number(values[name]) ?? 0)
  return {
    type: 'run',
    json: values.json === true,
    ...field('--listen', Listen, values.listen ?? '127.0.0.1:0'),
    data: field('--data', Path, values.data),
    keyFile: field('--key-file', Path, values['key-file']),
    behaviour: {
      seed: field('--seed', SeedField, number(values.seed) ?? randomInt(2 ** 32)),
      slowMs: field('--slow', Wait, number(values.slow) ?? 0),
      refuseRate: chance('refuse-rate'),
      timeoutAfterCharge: chance('timeout-after-charge'),
      answerTwice: chance('answer-twice'),
    },
  }
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: false }).values
  } catch (error) {
    const [sentence = ''] = (error instanceof Error ? error.message : String(error)).split(/\.? To specify|\n/)
    throw invalid(`${sentence.replace(/\.$/, '')}.`)
  }
}

/** Digits as their number; anything else stays a text, which the field then refuses. */
function number(text: string | undefined): number | string | undefined {
  return text !== undefined && /^[0-9]{1,10}(\.[0-9]{1,6})?$/.test(text) ? Number(text) : text
}

function field<T>(where: string, schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value)
  if (!result.success)
    throw invalid(`${where}: ${firstFault(result.error)}, got ${JSON.stringify(value) ?? 'nothing'}.`)
  return result.data
}

function invalid(what: string): SimError {
  return new SimError('ARGUMENT_INVALID', what, 'See keyline acquirer --help.')
}
