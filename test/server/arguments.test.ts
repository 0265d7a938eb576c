import test from 'ava'
import { cardId, RUN, readOptions } from '../../server/arguments.ts'
import { asServerError, ServerError, systemCode } from '../../server/errors.ts'
import { describe } from '../../server/events.ts'
import { columns } from '../../server/manage/command.ts'

const TEXT = { type: 'string' } as const
const MANY = { type: 'string', multiple: true } as const
const OPTIONS = {
  data: TEXT,
  content: TEXT,
  modem: MANY,
  number: MANY,
  listen: TEXT,
  'packet-listen': MANY,
  'sms-modem': MANY,
  node: TEXT,
  lifetime: TEXT,
  'keys-lifetime': TEXT,
  'tag-minutes': TEXT,
}
const NEEDED = ['--data', 'd', '--content', 'c']
const read = (...argv: string[]) => readOptions(RUN, OPTIONS, [], argv).options

test('defaults of run', (t) => {
  t.deepEqual(read(...NEEDED), {
    data: 'd',
    content: 'c',
    json: false,
    'allow-x25519': false,
    modem: [],
    number: [],
    'packet-listen': [],
    'sms-modem': [],
    listen: { host: '127.0.0.1', port: 8443 },
    node: 'main',
    lifetime: 3600,
    'keys-lifetime': 86_400,
    backend: [],
    'tag-minutes': 15,
  })
})

test('all of run', (t) => {
  const options = read(
    ...NEEDED,
    '--modem',
    '/dev/a',
    '--modem',
    '/dev/b',
    '--number',
    '+81312345678',
    '--number',
    '0312',
  )
  t.deepEqual(options.modem, ['/dev/a', '/dev/b'])
  t.deepEqual(options.number, ['+81312345678', '0312'])
  t.deepEqual(read(...NEEDED, '--listen', '[::1]:0').listen, { host: '::1', port: 0 })
  t.deepEqual(read(...NEEDED, '--listen', 'localhost:65535').listen, { host: 'localhost', port: 65_535 })
  t.deepEqual(read(...NEEDED, '--packet-listen', '10.0.0.1:7000', '--packet-listen', '[fd00::1]:0')['packet-listen'], [
    { host: '10.0.0.1', port: 7000 },
    { host: 'fd00::1', port: 0 },
  ])
  t.is(read(...NEEDED, '--lifetime', '604800').lifetime, 604_800)
  for (const minutes of [1, 15, 1440]) t.is(read(...NEEDED, '--tag-minutes', `${minutes}`)['tag-minutes'], minutes)
})

test('what is wrong is named', (t) => {
  for (const [argv, what] of [
    [[], /--data is missing/],
    [['--data', 'd'], /--content is missing/],
    [['--data', '', '--content', 'c'], /--data is missing/],
    [['--data', 'a\0b', '--content', 'c'], /--data is no path/],
    [[...NEEDED, '--listen', '127.0.0.1'], /--listen expected HOST:PORT/],
    [[...NEEDED, '--listen', '127.0.0.1:65536'], /--listen expected HOST:PORT/],
    [[...NEEDED, '--listen', '[127]:1'], /--listen expected HOST:PORT/],
    [[...NEEDED, '--listen', 'a b:1'], /--listen expected HOST:PORT/],
    [[...NEEDED, '--packet-listen', '0.0.0.0:7000'], /--packet-listen expected one address of the private network/],
    [[...NEEDED, '--packet-listen', '[::]:7000'], /--packet-listen expected one address/],
    [[...NEEDED, '--packet-listen', 'localhost:7000'], /--packet-listen expected one address/],
    [[...NEEDED, '--packet-listen', '10.0.0.1'], /--packet-listen expected HOST:PORT/],
    [[...NEEDED, '--number', 'ATD112'], /--number expected a telephone number/],
    [[...NEEDED, '--lifetime', '0'], /--lifetime expected 1…604800 seconds/],
    [[...NEEDED, '--keys-lifetime', '604801'], /--keys-lifetime expected 1…604800 seconds/],
    [[...NEEDED, '--lifetime', '1e3'], /--lifetime expected seconds/],
    [[...NEEDED, '--tag-minutes', '0'], /--tag-minutes expected 1…1440 minutes/],
    [[...NEEDED, '--tag-minutes', '1441'], /--tag-minutes expected 1…1440 minutes/],
    [[...NEEDED, '--tag-minutes', '-1'], /--tag-minutes/],
    [[...NEEDED, '--tag-minutes', '1.5'], /--tag-minutes expected minutes/],
    [[...NEEDED, '--node', 'a b'], /--node expected letters/],
    [[...NEEDED, 'word'], /expected no words, got 1/],
    [[...NEEDED, '--fly'], /--fly/],
    [[...NEEDED, '--data'], /--data/],
  ] as const) {
    const error = t.throws(() => read(...argv), { instanceOf: ServerError, message: what })
    t.is(error?.code, 'USAGE')
  }
})

test('card ids are what a ticket can carry and a screen can show', (t) => {
  for (const id of ['card-1', 'カード', 'x'.repeat(32)]) t.is(cardId(id), id)
  for (const id of ['', 'x'.repeat(33), 'カ'.repeat(11), 'a\x1b[2J', '\u202e']) {
    t.throws(() => cardId(id), { instanceOf: ServerError })
  }
})

test('events as lines for people cannot move their cursor', (t) => {
  t.is(
    describe({ event: 'login.permitted', step: 'S5', path: 'line', card: 'card-1', keys: 2 }),
    'S5   line     login.permitted card=card-1 keys=2',
  )
  t.is(describe({ event: 'ready', internet: '[::1]:1' }), 'ready internet=[::1]:1')
  t.is(describe({ event: 'x', name: '\x1b[2Ja\nb\u202e', none: undefined }), 'x name=\ufffd[2Ja\ufffdb\ufffd none=')
})

test('errors have a code, a sentence and a cure', (t) => {
  const error = new ServerError('USER_UNKNOWN', 'there is no user bob')
  t.is(error.message, 'USER_UNKNOWN: there is no user bob; see user list')
  t.is(asServerError(error), error)
  t.like(asServerError(new Error('boom')), { code: 'UNEXPECTED', what: 'something unforeseen happened: boom' })
  t.like(asServerError('text'), { code: 'UNEXPECTED' })
  t.is(systemCode(Object.assign(new Error('x'), { code: 'ENOENT' })), 'ENOENT')
  t.is(systemCode('ENOENT'), undefined)
})

test('columns', (t) => {
  t.is(columns([]), '')
  t.is(
    columns([
      ['a', 'bbb', ''],
      ['aaaa', 'b', 'c'],
    ]),
    'a     bbb\naaaa  b    c',
  )
})
