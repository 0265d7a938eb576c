import test from 'ava'
import { readArguments, USAGE } from '../../firmware/arguments.ts'
import { CARD_ERRORS } from '../../firmware/card/errors.ts'
import { describe } from '../../firmware/events.ts'

const GOOD = ['--usb', '/dev/ttyGS0', '--modem', '/dev/ttyUSB2', '--store', '/var/lib/keyline']

test('arguments as the help says', (t) => {
  t.deepEqual(readArguments(GOOD), {
    type: 'run',
    options: {
      ...{ usb: '/dev/ttyGS0', modem: '/dev/ttyUSB2', store: '/var/lib/keyline', baud: 115_200, json: false },
      policy: [
        { bearer: 'packet', budgetMs: 60_000 },
        { bearer: 'call', budgetMs: 90_000 },
        { bearer: 'sms', budgetMs: 90_000 },
      ],
      boardSecret: undefined,
      console: undefined,
      pairing: false,
      pin: undefined,
      ticket: undefined,
      update: undefined,
      simPin: undefined,
      board: { name: 'none', title: 'No lights, no button, no power key', notes: [], gpio: null },
      consent: { policy: { login: 'never', enrol: 'never', pay: 'never' }, waitMs: 30_000 },
      panel: undefined,
    },
  })
  t.like(readArguments([...GOOD, '--bearer', 'sms:200', '--bearer', 'call:40']), {
    options: {
      policy: [
        { bearer: 'sms', budgetMs: 200_000 },
        { bearer: 'call', budgetMs: 40_000 },
      ],
    },
  })
  const more = readArguments([...GOOD, '--json', '--baud', '9600'])
  t.like(more, { options: { json: true, baud: 9600 } })
  t.deepEqual(readArguments(['--help']), { type: 'help' })
  for (const name of ['--usb', '--modem', '--store', '--baud', '--json', '--help']) t.true(USAGE.includes(name), name)
})

const WRONG: readonly (readonly string[])[] = [
  [],
  GOOD.slice(2),
  GOOD.slice(0, 4),
  [...GOOD, '--baud', 'fast'],
  [...GOOD, '--baud', '1.5'],
  [...GOOD, '--baud', '12'],
  [...GOOD, '--baud', '99999999'],
  [...GOOD, '--number', '0900'],
  [...GOOD, 'extra'],
  [...GOOD, '--consent', 'sometimes', '--board', 'sim'],
  [...GOOD, '--consent', 'login:always,login:never', '--board', 'sim'],
  [...GOOD, '--consent', 'login:always:first', '--board', 'sim'],
  [...GOOD, '--consent', '', '--board', 'sim'],
  [...GOOD, '--consent-wait', '0'],
  [...GOOD, '--consent-wait', '61'],
  [...GOOD, '--panel', '/dev/pts/1'],
  [...GOOD, '--bearer', 'pigeon'],
  [...GOOD, '--bearer', 'sms:0'],
  [...GOOD, '--bearer', 'sms', '--bearer', 'sms'],
  [...GOOD, '--bearer', 'sms:200', '--bearer', 'call:200'],
  [...GOOD, '--sim-pin', '/nonexistent'],
  [...GOOD, '--board', 'none', '--board-file', '/nonexistent'],
  ['--usb', '', ...GOOD.slice(2)],
  ['--usb', 'a\0b', ...GOOD.slice(2)],
  ['--usb'],
]
for (const argv of WRONG) {
  test(`refused: ${JSON.stringify(argv)}`, (t) => {
    const error = t.throws(() => readArguments(argv), { code: 'USAGE' })
    t.regex(error.message, /^USAGE: .+; see keyline card --help$/s)
    t.false(error.message.includes('\n'))
  })
}

test('every error says what happened and what to do', (t) => {
  for (const [code, { what, cure }] of Object.entries(CARD_ERRORS)) {
    t.regex(code, /^[A-Z][A-Z0-9_]+$/)
    t.true(what.length > 10 && what.length < 200, code)
    t.true(cure.length > 10 && cure.length < 200, code)
    t.false(/[.!]$/.test(what) || /[.!]$/.test(cure), code)
  }
})

test('events for people', (t) => {
  const ready = { event: 'ready', usb: 'stdio', modem: '/dev/m', store: '/s', enrolled: true, cardId: 'c1' } as const
  t.is(describe(ready), 'ready: PC on stdio, modem /dev/m, enrolled as c1')
  t.is(describe({ ...ready, enrolled: false }), 'ready: PC on stdio, modem /dev/m, not enrolled')
  t.is(describe({ event: 'line', state: 'exchanging', step: 'S2', text: 'x' }), 'line exchanging S2: x')
  t.is(describe({ event: 'line', state: 'idle', text: 'x' }), 'line idle: x')
  t.is(describe({ event: 'job.failed', code: 'LINE_BUSY', what: 'w', cure: 'c' }), 'LINE_BUSY: w; c')
  t.is(describe({ event: 'enrolled', cardId: 'c1' }), 'enrolled as c1')
  for (const event of ['usb.open', 'usb.gone'] as const) t.true(describe({ event }).length > 5)
  t.true(describe({ event: 'modem.usable', detail: 'd' }).endsWith(': d'))
  t.true(describe({ event: 'modem.lost', detail: 'd', againInMs: 500 }).endsWith(': d'))
  t.is(describe({ event: 'modem.recovering', detail: 'd', rung: 'radio' }), 'the modem is got back by radio: d')
})

test('who is asked when: by the board, for all, or for each purpose', (t) => {
  const policy = (...more: string[]): unknown => {
    const read = readArguments([...GOOD, ...more])
    return read.type === 'run' && read.options.consent.policy
  }
  t.deepEqual(policy(), { login: 'never', enrol: 'never', pay: 'never' })
  t.deepEqual(policy('--board', 'usb-modem'), { login: 'first', enrol: 'never', pay: 'always' })
  t.deepEqual(policy('--board', 'sim', '--consent', 'never'), { login: 'never', enrol: 'never', pay: 'never' })
  t.deepEqual(policy('--board', 'sim', '--consent', 'enrol:first,pay:never'), {
    login: 'first',
    enrol: 'first',
    pay: 'never',
  })
  t.like(readArguments([...GOOD, '--consent-wait', '5']), { options: { consent: { waitMs: 5000 } } })
})

test('a board without a button cannot be asked, and says so at the start', (t) => {
  for (const rules of ['always', 'first', 'pay:always']) {
    t.throws(() => readArguments([...GOOD, '--consent', rules]), { code: 'BOARD_PROFILE' }, rules)
  }
  t.notThrows(() => readArguments([...GOOD, '--consent', 'never']))
})
