import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { field, invalid, unique, whole } from './arguments-fields.ts'
import { readApn, readFaults, readModem, readTime, readZone } from './arguments-network.ts'
import { LatencyField, NameField, RateField, SeedField, TargetField } from './fields.ts'
import { readScenario } from './scenario.ts'
import type { WorldOptions } from './world-options.ts'

export const USAGE = `Simulates the world around Keyline: telephone network, modems, cables and the Internet.

  keyline sim [options]        at least one of --modem, --cable, --relay, --replay

  --modem NUMBER[,rate=BIT/S][,latency=MS][,answer=normal|busy|no-answer|silent|ring-no-answer]
                       a modem on a serial port of its own; repeatable. A call has its caller's rate and latency
          [,profile=generic|simcom|quectel]
                       whose dialect it speaks
          [,pin=DIGITS][,puk=DIGITS][,tries=N][,sim=absent][,sim-store=N][,store=N]
                       its SIM, and how many messages SIM (30) and modem (50) hold
  --rate BIT/S         for modems that give none: 2400 to 64000 (9600)
  --latency MS         one way, for modems that give none (100)
  --ring-after MS      from dialling to the first ring (300)
  --ring-for MS        longest ringing before NO ANSWER (20000)
  --cable NAME         two serial ports joined by a cable; repeatable
  --relay NAME=[HOST:PORT]
                       a port of 127.0.0.1 that passes all on to HOST:PORT, which can also be set later; repeatable
  --apn NAME[,ADDRESS:PORT=HOST:PORT]...[,internet[=HOST:PORT]]
        [,user=NAME][,password=WORD][,rate=BIT/S][,latency=MS][,jitter=MS][,via=ADDRESS]
                       a private network with its servers; with internet every other address is there too, silent or
                       at HOST:PORT; repeatable. Packets have 256000 bit/s and 60 ms if nothing else is said
  --sms KEY=VALUE,...  loss, duplicate, reorder, swap, reportLoss (probabilities), delay, jitter (ms), refuse (CMS error)
  --time MOMENT        time of day at the start, like 2026-01-02T03:04:05Z (now)
  --zone ZONE          the network's (+09:00)
  --panel              lights and a button of a card on a serial port; repeatable. --http shows and presses them
  --scenario FILE      commands at their times: a list of {"atMs": N, "command": {...}}
  --http PORT          the same commands by HTTP on 127.0.0.1; 0 takes any port
  --record DIR         write every byte of every wire there, and every message
  --record-at DIR      write down what terminals and modems say to each other
  --replay FILE        a port behind which such a session is played back; repeatable
  --seed N             for everything that is left to chance
  --json               events as JSON lines
  --help               this text

Commands are JSON lines on standard input; sim/COMMANDS.md lists them.
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
  panel: { type: 'boolean', multiple: true },
  relay: { type: 'string', multiple: true },
  apn: { type: 'string', multiple: true },
  sms: { type: 'string' },
  time: { type: 'string' },
  zone: { type: 'string' },
  scenario: { type: 'string' },
  http: { type: 'string' },
  record: { type: 'string' },
  'record-at': { type: 'string' },
  replay: { type: 'string', multiple: true },
  seed: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean' },
} as const

const Whole = z
  .int('expected whole milliseconds')
  .min(0, 'expected 0 or more')
  .max(600_000, 'expected at most 600000 ms')

const PortField = z.int('expected a port').min(0, 'expected a port').max(65_535, 'expected a port up to 65535')

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
    ...readMore(values),
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
  unique(
    '--apn',
    (options.apns ?? []).map(({ name }) => name),
  )
  const things = [options.modems, options.cables, options.relays, options.replays ?? []]
  if (things.every(({ length }) => length === 0)) {
    throw invalid('There is nothing to simulate: expected --modem, --cable, --relay or --replay.')
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

/** What most worlds do without. */
function readMore(values: ReturnType<typeof parse>): Partial<WorldOptions> {
  const { apn, sms, panel, time, zone, scenario, http, record, replay, 'record-at': recordAt } = values
  return {
    ...(apn === undefined ? {} : { apns: apn.map(readApn) }),
    ...(panel === undefined ? {} : { panels: panels(panel.length) }),
    ...(sms === undefined ? {} : { sms: readFaults(sms) }),
    ...(time === undefined ? {} : { unixMs: readTime(time) }),
    ...(zone === undefined ? {} : { zone: readZone(zone) }),
    ...(scenario === undefined ? {} : { scenario: readScenario(scenario) }),
    ...(http === undefined ? {} : { http: field('--http', PortField, whole(http)) }),
    ...(record === undefined ? {} : { record }),
    ...(recordAt === undefined ? {} : { recordAt }),
    ...(replay === undefined ? {} : { replays: replay }),
  }
}

const PANELS_MAX = 99

function panels(count: number): number {
  if (count > PANELS_MAX) throw invalid(`Expected at most ${PANELS_MAX} times --panel.`)
  return count
}

function readRelay(text: string): WorldOptions['relays'][number] {
  const equals = text.indexOf('=')
  if (equals === -1) throw invalid(`--relay: expected NAME=HOST:PORT or NAME=, got ${JSON.stringify(text)}.`)
  const name = field('--relay', NameField, text.slice(0, equals))
  const target = text.slice(equals + 1)
  return target === '' ? { name } : { name, target: field(`--relay ${name}`, TargetField, target) }
}
