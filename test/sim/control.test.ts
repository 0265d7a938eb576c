import { readFileSync } from 'node:fs'
import test from 'ava'
import fc from 'fast-check'
import { CommandSchema } from '../../sim/commands.ts'
import { COMMAND_MAX, CommandLines, readCommand } from '../../sim/control.ts'
import { SimError } from '../../sim/fault.ts'

const RIGHT = [
  { do: 'cut', after: 0, direction: 'up' },
  { do: 'cut-now' },
  { do: 'modem', number: '+8131', answer: 'silent' },
  { do: 'line' },
  { do: 'line', rate: 2400, latency: 0, corrupt: 0.5, drop: 1, dropResponse: true },
  { do: 'unplug', cable: 'usb' },
  { do: 'plug', modem: '+8131' },
  { do: 'relay', name: 'net', tamper: 0.1, refuse: false },
  { do: 'line', jitter: 50, bitErrors: 0.001 },
  { do: 'divert', number: '+8131', to: '+8132' },
  { do: 'modem', number: '+8131', answer: 'ring-no-answer' },
  { do: 'radio', number: '+8131', registration: 'roaming', signal: 99 },
  { do: 'fade', ms: 500 },
  { do: 'cell', number: '+8131', ms: 500 },
  { do: 'sim', number: '+8131', state: 'swapped', as: '+8139', pin: '1234', puk: '12345678', tries: 1, messages: 3 },
  { do: 'reset', number: '+8131', downMs: 5000, midCommand: true },
  { do: 'power', number: '+8131', on: false },
  { do: 'slow', number: '+8131', ms: 2000 },
  { do: 'storm', number: '+8131', count: 100, everyMs: 5, line: '+CSQ: 1,99' },
  { do: 'caller-id', number: '+8131', shown: '' },
  { do: 'caller-id', number: '+8131' },
  { do: 'sms', loss: 0.3, duplicate: 0.1, reorder: 1, swap: 0, reportLoss: 1, delay: 0, jitter: 9, refuse: 38 },
  { do: 'message', to: '+8131', from: 'Bank', text: 'hello' },
  { do: 'message', to: '+8131', tpdu: '04FF' },
  { do: 'apn', name: 'a.b', internet: true, user: 'u', password: 'p', rate: 2400, via: '127.0.0.1', refuse: true },
  { do: 'packet', number: '+8131', drop: 'context' },
  { do: 'stop' },
]
for (const command of RIGHT) {
  const line = JSON.stringify(command)
  test(`taken: ${line}`, (t) => {
    t.deepEqual(readCommand(line), command)
  })
}

test('targets are read', (t) => {
  t.deepEqual(readCommand('{"do":"relay","name":"net","target":"[::1]:7"}'), {
    do: 'relay',
    name: 'net',
    target: { host: '::1', port: 7 },
  })
})

const WRONG: readonly (readonly [line: string, what: RegExp])[] = [
  ['', /Expected a line of JSON/],
  ['{', /Expected a line of JSON, got "\{"/],
  ['[]', /refused/],
  ['null', /refused/],
  ['{"do":"dance"}', /do/],
  ['{"do":"cut","direction":"up"}', /after/],
  ['{"do":"cut","after":-1,"direction":"up"}', /after: expected 0 bytes/],
  ['{"do":"cut","after":1,"direction":"left"}', /direction: expected up, down or both/],
  ['{"do":"stop","now":true}', /now/],
  ['{"do":"line","rate":100}', /rate from 2400/],
  ['{"do":"line","corrupt":2}', /probability/],
  ['{"do":"modem","number":"+8131"}', /answer/],
  ['{"do":"plug"}', /either cable or modem/],
  ['{"do":"plug","cable":"a","modem":"+8131"}', /either cable or modem/],
  ['{"do":"radio","number":"+8131","signal":32}', /signal from 0 to 31, or 99/],
  ['{"do":"radio","number":"+8131","registration":"yes"}', /expected none, home/],
  ['{"do":"fade"}', /ms/],
  ['{"do":"sim","number":"+8131","state":"gone"}', /expected absent, present/],
  ['{"do":"sim","number":"+8131","state":"locked","pin":"1"}', /4 to 8 digits/],
  ['{"do":"storm","number":"+8131","count":0,"everyMs":1}', /1 to 10000/],
  ['{"do":"storm","number":"+8131","count":1,"everyMs":1,"line":"a\\r\\nOK"}', /one line/],
  ['{"do":"caller-id","number":"+8131","shown":"<script>alert(document.cookie)</script>"}', /shown/],
  ['{"do":"sms","loss":1.5}', /probability/],
  ['{"do":"message","to":"+8131"}', /either text or tpdu/],
  ['{"do":"message","to":"+8131","tpdu":"0"}', /hexadecimal/],
  ['{"do":"apn","name":"a","endpoints":{"x":"h:1"}}', /ADDRESS:PORT/],
  ['{"do":"apn","name":"a","endpoints":{"x:1":"h"}}', /HOST:PORT/],
  ['{"do":"apn","name":"a","internet":"yes"}', /internet/],
  ['{"do":"packet","number":"+8131","drop":"all"}', /socket, context or registration/],
  ['{"do":"relay","name":"net","target":"nowhere"}', /HOST:PORT/],
]
for (const [line, what] of WRONG) {
  test(`refused: ${line || 'an empty line'}`, (t) => {
    const error = t.throws(() => readCommand(line), { instanceOf: SimError })
    t.is(error.code, 'COMMAND_INVALID')
    t.regex(error.message, what)
    t.truthy(error.cure)
  })
}

test('lines come whole, however they are cut; blank ones do not', (t) => {
  const text = '{"a":1}\n\n  \r\n{"b":2}\r\n'
  fc.assert(
    fc.property(fc.array(fc.nat(text.length), { maxLength: 8 }), (cuts) => {
      const lines = new CommandLines()
      const at = [0, ...cuts.sort((x, y) => x - y), text.length]
      const found = at.flatMap((from, index) => lines.push(text.slice(from, at[index + 1] ?? text.length)))
      t.deepEqual(found, ['{"a":1}', '{"b":2}'])
    }),
  )
})

test('what is too long is told once, thrown away, and the next line counts', (t) => {
  const lines = new CommandLines()
  const found = ['x'.repeat(COMMAND_MAX), 'x', 'y'.repeat(COMMAND_MAX * 2), 'z\nnext\n'].flatMap((text) =>
    lines.push(text),
  )
  t.is(found.length, 2)
  t.is(found[0] instanceof SimError && found[0].code, 'COMMAND_TOO_LONG')
  t.is(found[1], 'next')
})

test('a line of just the greatest length is taken', (t) => {
  t.deepEqual(new CommandLines().push(`${'x'.repeat(COMMAND_MAX)}\n`), ['x'.repeat(COMMAND_MAX)])
})

test('sim/COMMANDS.md has every command with its fields, and no others', (t) => {
  const doc = readFileSync(new URL('../../sim/COMMANDS.md', import.meta.url), 'utf8')
  const rows = [...doc.matchAll(/^\| `\{"do":(.*?)\}` \|/gm)].map(([, text = '']) => text)
  const names = rows.flatMap((row) =>
    [...(/^("[a-z-]+"(?:\\\|"[a-z-]+")*)/.exec(row)?.[1] ?? '').matchAll(/[a-z-]+/g)].map(String),
  )
  const options = CommandSchema.options.map(({ shape }) => shape)
  t.deepEqual(
    [...names].sort(),
    options
      .flatMap((shape) => [...shape.do.values])
      .map(String)
      .sort(),
  )
  for (const shape of options) {
    const [name = ''] = [...shape.do.values].map(String)
    const row = rows.find((each) => each.includes(`"${name}"`)) ?? ''
    for (const field of Object.keys(shape)) t.true(field === 'do' || row.includes(`"${field}"`), `${name}: ${field}`)
  }
})
