import test from 'ava'
import fc from 'fast-check'
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
