import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { SimError } from './fault.ts'
import {
  AnswerField,
  firstFault,
  LatencyField,
  NameField,
  NumberField,
  RateField,
  SeedField,
  TargetField,
} from './fields.ts'
import type { Answer } from './modem.ts'
import type { LineSpeed } from './wire.ts'
import type { WorldOptions } from './world.ts'

export const USAGE = `Simulates the world around Keyline: telephone network, modems, cables and the Internet.

  keyline sim [options]        at least one of --modem, --cable and --relay

  --modem NUMBER[,rate=BIT/S][,latency=MS][,answer=normal|busy|no-answer|silent]
                       a modem on a serial port of its own; repeatable. A call has its caller's rate and latency
  --rate BIT/S         for modems that give none: 2400 to 64000 (9600)
  --latency MS         one way, for modems that give none (100)
  --ring-after MS      from dialling to the first ring (300)
  --ring-for MS        longest ringing before NO ANSWER (20000)
  --cable NAME         two serial ports joined by a cable; repeatable
  --relay NAME=[HOST:PORT]
                       a port of 127.0.0.1 that passes all on to HOST:PORT, which can also be set later; repeatable
  --record DIR         write every byte of every wire there
  --seed N             for everything that is left to chance
  --json               events as JSON lines
  --help               this text

Commands are JSON lines on standard input; sim/README.md lists them.
`

export type Arguments =
  | { readonly type: 'help' }
  | { readonly type: 'run'; readonly json: boolean; readonly options: WorldOptions }

const OPTIONS = {
  modem: { type: 'string', multiple: true },
  rate: { type: 'string' },
  latency: { type: 'string' },
  'ring-after': { type: 'string' },
  'ring-for': { type: 'string' },
  cable: { type: 'string', multiple: true },
  relay: { type: 'string', multiple: true },
  record: { type: 'string' },
  seed: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean' },
} as const

const Whole = z
  .int('expected whole milliseconds')
  .min(0, 'expected 0 or more')
  .max(600_000, 'expected at most 600000 ms')

/** @param argv without program and script @throws SimError ARGUMENT_INVALID */
export function readArguments(argv: readonly string[]): Arguments {
  const values = parse(argv)
  if (values.help === true) return { type: 'help' }
  const speed = {
    rate: field('--rate', RateField, whole(values.rate) ?? 9600),
    latencyMs: field('--latency', LatencyField, whole(values.latency) ?? 100),
  }
  const options: WorldOptions = {
    seed: field('--seed', SeedField, whole(values.seed) ?? randomInt(2 ** 32)),
    ringAfterMs: field('--ring-after', Whole, whole(values['ring-after']) ?? 300),
    ringForMs: field('--ring-for', Whole, whole(values['ring-for']) ?? 20_000),
    modems: (values.modem ?? []).map((text) => readModem(text, speed)),
    cables: (values.cable ?? []).map((name) => field('--cable', NameField, name)),
    relays: (values.relay ?? []).map(readRelay),
    ...(values.record === undefined ? {} : { record: values.record }),
  }
  unique(
    '--modem',
    options.modems.map(({ number }) => number),
  )
  unique('--cable', options.cables)
  unique(
    '--relay',
    options.relays.map(({ name }) => name),
  )
  if (options.modems.length + options.cables.length + options.relays.length === 0) {
    throw invalid('There is nothing to simulate: expected --modem, --cable or --relay.')
  }
  return { type: 'run', json: values.json === true, options }
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: false }).values
  } catch (error) {
    // Node's sentences name the argument; only the first of them is of use here.
    const [sentence = ''] = (error instanceof Error ? error.message : String(error)).split(/\.? To specify|\n/)
    throw invalid(`${sentence.replace(/\.$/, '')}.`)
  }
}

function readModem(text: string, defaults: LineSpeed): WorldOptions['modems'][number] {
  const [number, ...settings] = text.split(',')
  let { rate, latencyMs } = defaults
  let answer: Answer = 'normal'
  for (const setting of settings) {
    const [key = '', value] = setting.split('=')
    const where = `--modem ${number}, ${key}`
    if (key === 'rate') rate = field(where, RateField, whole(value))
    else if (key === 'latency') latencyMs = field(where, LatencyField, whole(value))
    else if (key === 'answer') answer = field(where, AnswerField, value)
    else throw invalid(`--modem ${number}: expected rate=, latency= or answer=, got ${JSON.stringify(setting)}.`)
  }
  return { number: field('--modem', NumberField, number), speed: { rate, latencyMs }, answer }
}

function readRelay(text: string): WorldOptions['relays'][number] {
  const equals = text.indexOf('=')
  if (equals === -1) throw invalid(`--relay: expected NAME=HOST:PORT or NAME=, got ${JSON.stringify(text)}.`)
  const name = field('--relay', NameField, text.slice(0, equals))
  const target = text.slice(equals + 1)
  return target === '' ? { name } : { name, target: field(`--relay ${name}`, TargetField, target) }
}

/** Digits as their number; anything else stays a text, which the field then refuses. */
function whole(text: string | undefined): number | string | undefined {
  return text !== undefined && /^\d{1,10}$/.test(text) ? Number(text) : text
}

function field<T>(where: string, schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value)
  if (!result.success)
    throw invalid(`${where}: ${firstFault(result.error)}, got ${JSON.stringify(value) ?? 'nothing'}.`)
  return result.data
}

function unique(where: string, names: readonly string[]): void {
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) throw invalid(`${where}: expected each name once, got ${twice} twice.`)
}

function invalid(what: string): SimError {
  return new SimError('ARGUMENT_INVALID', what, 'See keyline sim --help.')
}
