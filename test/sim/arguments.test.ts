import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { readArguments } from '../../sim/arguments.ts'
import { SimError } from '../../sim/fault.ts'
import { folder } from './fixture.ts'

function options(...argv: readonly string[]) {
  const wanted = readArguments(argv)
  if (wanted.type !== 'run') throw new Error('expected options')
  return wanted.options
}

test('everything has a default; a seed is drawn', (t) => {
  const { seed, ...rest } = options('--modem', '+8131')
  t.true(Number.isInteger(seed) && seed >= 0)
  t.deepEqual(rest, {
    ringAfterMs: 300,
    ringForMs: 20_000,
    modems: [{ number: '+8131', speed: { rate: 9600, latencyMs: 100 }, answer: 'normal' }],
    cables: [],
    relays: [],
  })
})

test('everything can be said', (t) => {
  t.deepEqual(
    options(
      ...['--modem', '+8131,rate=2400,latency=0,answer=busy', '--modem', '119', '--rate', '64000', '--latency', '7'],
      ...[
        '--ring-after',
        '0',
        '--ring-for',
        '5000',
        '--cable',
        'usb',
        '--cable',
        'b',
        '--record',
        'taps',
        '--seed',
        '9',
      ],
      ...['--relay', 'net=example.test:443', '--relay', 'six=[::1]:80', '--relay', 'later='],
    ),
    {
      seed: 9,
      ringAfterMs: 0,
      ringForMs: 5000,
      modems: [
        { number: '+8131', speed: { rate: 2400, latencyMs: 0 }, answer: 'busy' },
        { number: '119', speed: { rate: 64_000, latencyMs: 7 }, answer: 'normal' },
      ],
      cables: ['usb', 'b'],
      relays: [
        { name: 'net', target: { host: 'example.test', port: 443 } },
        { name: 'six', target: { host: '::1', port: 80 } },
        { name: 'later' },
      ],
      record: 'taps',
    },
  )
})

test('modems have a dialect, a SIM and memories', (t) => {
  const { modems } = options(
    ...['--modem', '+8131,profile=simcom,pin=1234,puk=12345678,tries=2,sim-store=5,store=9'],
    ...['--modem', '+8132,sim=absent,answer=ring-no-answer'],
  )
  t.deepEqual(
    modems.map(({ options: more, answer }) => [answer, more]),
    [
      ['normal', { profile: 'simcom', messages: 9, sim: { pin: '1234', puk: '12345678', tries: 2, messages: 5 } }],
      ['ring-no-answer', { noSim: true }],
    ],
  )
})

test('networks, faults, time, files and ports', (t) => {
  const folderPath = folder(t)
  const scenario = join(folderPath, 'scenario.json')
  writeFileSync(scenario, '[{"atMs":5,"command":{"do":"cut-now"}}]')
  const read = options(
    ...[
      '--modem',
      '+8131',
      '--apn',
      'a.b,10.0.0.1:7000=127.0.0.1:5000,user=u,password=p,rate=64000,latency=5,jitter=6',
    ],
    ...[
      '--apn',
      'c,internet,via=127.0.0.9',
      '--apn',
      'd,internet=h:1',
      '--sms',
      'loss=0.3,duplicate=.1,delay=5,refuse=38',
    ],
    ...['--time', '2026-01-02T03:04:05Z', '--zone=-03:30', '--scenario', scenario, '--http', '0'],
    ...['--record-at', 'at', '--replay', 'x.jsonl', '--replay', 'y.jsonl'],
  )
  const speed = { rate: 256_000, latencyMs: 60, jitterMs: 0, refuse: false }
  t.deepEqual(read.apns, [
    {
      ...{ name: 'a.b', endpoints: { '10.0.0.1:7000': { host: '127.0.0.1', port: 5000 } }, internet: false },
      ...{ user: 'u', password: 'p', rate: 64_000, latencyMs: 5, jitterMs: 6, refuse: false },
    },
    { ...speed, name: 'c', endpoints: {}, internet: true, via: '127.0.0.9' },
    { ...speed, name: 'd', endpoints: {}, internet: { host: 'h', port: 1 } },
  ])
  t.deepEqual(read.sms, { loss: 0.3, duplicate: 0.1, delayMs: 5, refuse: 38 })
  t.like(read, {
    unixMs: Date.UTC(2026, 0, 2, 3, 4, 5),
    zone: -14,
    http: 0,
    recordAt: 'at',
    replays: ['x.jsonl', 'y.jsonl'],
  })
  t.deepEqual(read.scenario, [{ atMs: 5, command: { do: 'cut-now' } }])
})

test('help wins', (t) => {
  t.deepEqual(readArguments(['--help', '--modem', '+8131']), { type: 'help' })
})

const WRONG: readonly (readonly [argv: readonly string[], what: RegExp])[] = [
  [[], /nothing to simulate/],
  [['--json'], /nothing to simulate/],
  [['--modem'], /modem/],
  [['--modem', 'abc'], /expected a number like \+81312345678, got "abc"/],
  [['--modem', '+8131,rate=1200'], /rate: expected a rate from 2400 to 64000 bit\/s, got 1200/],
  [['--modem', '+8131,rate='], /rate/],
  [['--modem', '+8131,latency=9999'], /latency/],
  [['--modem', '+8131,answer=maybe'], /answer/],
  [['--modem', '+8131,colour=red'], /got "colour=red"/],
  [['--modem', '+8131', '--modem', '+8131'], /\+8131 twice/],
  [['--modem', '+8131', '--rate', 'fast'], /--rate/],
  [['--modem', '+8131', '--seed', '-1'], /seed/],
  [['--modem', '+8131', '--ring-after', '1.5'], /--ring-after/],
  [['--cable', '../x'], /--cable/],
  [['--cable', 'a', '--cable', 'a'], /a twice/],
  [['--modem', '+8131,profile=nokia'], /expected generic, simcom or quectel/],
  [['--modem', '+8131,pin=12'], /expected 4 to 8 digits/],
  [['--modem', '+8131,tries=4'], /tries: expected 0 to 3/],
  [['--modem', '+8131,sim=present'], /sim: expected absent/],
  [['--modem', '+8131,store=0'], /messages/],
  [['--apn', 'A B'], /access point name/],
  [['--apn', 'a,10.0.0.1:1'], /expected HOST:PORT, got ""/],
  [['--apn', 'a,10.0.0.1=h:1'], /ADDRESS:PORT/],
  [['--apn', 'a,10.0.0.1:1=h'], /HOST:PORT/],
  [['--apn', 'a,via=nowhere'], /address/],
  [['--apn', 'a,rate=1'], /rate/],
  [['--modem', '+8131', '--apn', 'a', '--apn', 'a'], /a twice/],
  [['--sms', 'loss=2'], /--sms loss: expected a probability/],
  [['--sms', 'lost=1'], /got "lost"/],
  [['--sms', 'delay=x'], /--sms delay/],
  [['--zone', '9'], /--zone: expected a zone like \+09:00/],
  [['--zone', '+09:10'], /--zone/],
  [['--time', 'today'], /--time: expected a moment/],
  [['--time', '2026-13-40T00:00:00Z'], /--time/],
  [['--http', '65536'], /--http/],
  [['--relay', 'net'], /NAME=HOST:PORT/],
  [['--relay', 'net=host'], /HOST:PORT/],
  [['--relay', 'net=host:0'], /port from 1/],
  [['--relay', 'net=host:65536'], /port from 1 to 65535/],
  [['--relay', '=h:1'], /--relay/],
  [['--unknown'], /--unknown/],
  [['word'], /word/],
]
for (const [argv, what] of WRONG) {
  test(`refused: ${argv.join(' ') || 'no arguments'}`, (t) => {
    const error = t.throws(() => readArguments(argv), { instanceOf: SimError })
    t.is(error.code, 'ARGUMENT_INVALID')
    t.regex(error.message, what)
    t.notRegex(error.message, /\n|undefined/)
    t.regex(error.message, /^[^\n]+\.$/)
  })
}
