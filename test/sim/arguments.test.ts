import test from 'ava'
import { readArguments } from '../../sim/arguments.ts'
import { SimError } from '../../sim/fault.ts'

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
