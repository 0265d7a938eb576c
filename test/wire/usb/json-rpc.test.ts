import test from 'ava'
import { USB_LINE_MAX } from '../../../wire/limits.ts'
import { decodeRpc, encodeRpc, RPC_CODES, type RpcMessage, rpcFailure } from '../../../wire/usb/json-rpc.ts'
import { BoundedLines } from '../../../wire/usb/lines.ts'
import { isMethod, isNotification, METHODS } from '../../../wire/usb/methods.ts'
import { seeded } from '../../random.ts'

const SEED = 20_000_523
const KEY = 'A'.repeat(43)

test('messages come back as they went, one line each', (t) => {
  const error = rpcFailure('failed', 'LINE_BUSY', 'the number is busy', 'try again in a minute')
  const messages: RpcMessage[] = [
    { type: 'request', id: 1, method: 'card.hello', params: { version: 1, driver: 'x' } },
    { type: 'notification', method: 'line.state', params: { state: 'idle', text: 'idle' } },
    { type: 'result', id: 'a', result: { cancelled: false } },
    { type: 'error', id: null, error },
  ]
  for (const message of messages) {
    const line = encodeRpc(message)
    t.is(line.indexOf('\n'), line.length - 1)
    t.deepEqual(decodeRpc(line), message)
  }
  t.is(error.code, RPC_CODES.failed)
})

test('what is no JSON-RPC 2.0 message is answered, not thrown', (t) => {
  const bad = ['', '{', 'null', '[]', '"x"', '{"jsonrpc":"1.0","id":1,"method":"m"}', '{"jsonrpc":"2.0","id":1}']
  const more = [
    '{"jsonrpc":"2.0","id":{},"method":"m"}',
    '{"jsonrpc":"2.0","id":1,"method":"m","extra":1}',
    `{"jsonrpc":"2.0","method":"${'m'.repeat(65)}"}`,
  ]
  for (const line of [...bad, ...more]) t.is(decodeRpc(line).type, 'malformed', line)
})

test('a message beyond the limit is never sent', (t) => {
  const text = 'x'.repeat(USB_LINE_MAX)
  t.throws(() => encodeRpc({ type: 'result', id: 1, result: text }), { instanceOf: RangeError })
})

test('the schema takes what it describes and nothing else', (t) => {
  const login = METHODS['line.login'].params
  const good = { userId: 'alice', password: 'pass', terminalKeys: [KEY] }
  t.true(login.safeParse(good).success)
  const wrong = [
    { ...good, extra: 1 },
    { ...good, userId: '' },
    { ...good, userId: 'é'.repeat(33) },
    { ...good, password: 7 },
    { ...good, terminalKeys: [] },
    { ...good, terminalKeys: [`${KEY}=`] },
    { ...good, terminalKeys: Array.from({ length: 17 }, () => KEY) },
    { userId: 'alice', password: 'pass' },
    null,
  ]
  for (const params of wrong) t.false(login.safeParse(params).success, JSON.stringify(params))
  t.false(METHODS['card.hello'].params.safeParse({ version: 2, driver: 'x' }).success)
  t.false(
    METHODS['line.login'].result.safeParse({ verdict: 'refused', reason: 'BECAUSE', retryAfterSeconds: 0 }).success,
  )
})

test('names that JavaScript brings along are no methods', (t) => {
  t.true(isMethod('card.hello'))
  t.true(isNotification('line.state'))
  for (const name of ['constructor', '__proto__', 'toString', 'card.hello '])
    t.false(isMethod(name) || isNotification(name))
})

test('lines are cut the same however the bytes come', (t) => {
  const bytes = Buffer.from('{"a":1}\n\n{"é":2}\r\nlast without end')
  for (const size of [1, 2, 3, 7, 1000]) {
    const lines: string[] = []
    const reader = new BoundedLines(
      (line) => lines.push(line),
      () => t.fail(),
    )
    for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size))
    t.deepEqual(lines, ['{"a":1}', '{"é":2}'])
  }
})

test('an endless line is cut once, costs no memory, and the next one is whole', (t) => {
  const lines: string[] = []
  let cut = 0
  const reader = new BoundedLines(
    (line) => lines.push(line),
    () => cut++,
  )
  const chunk = Buffer.alloc(65_536, 120)
  const before = process.memoryUsage().arrayBuffers
  for (let n = 0; n < 1600; n++) reader.push(chunk)
  t.true(process.memoryUsage().arrayBuffers - before < 8 * 2 ** 20)
  t.is(cut, 1)
  reader.push(Buffer.from('\nnext\n'))
  t.deepEqual(lines, ['next'])
  t.is(reader.discarded, 1600 * 65_536)
})

test('a line of exactly the limit passes, one byte more does not', (t) => {
  for (const [length, lines, cuts] of [
    [USB_LINE_MAX - 1, 1, 0],
    [USB_LINE_MAX, 0, 1],
  ] as const) {
    const seen = [0, 0]
    const reader = new BoundedLines(
      () => seen[0]!++,
      () => seen[1]!++,
    )
    reader.push(Buffer.concat([Buffer.alloc(length, 97), Buffer.from('\n')]))
    t.deepEqual(seen, [lines, cuts])
  }
})

test(`100,000 mutated messages give a message or a failure (seed ${SEED})`, (t) => {
  const random = seeded(SEED)
  const golden = encodeRpc({ type: 'request', id: 1, method: 'card.hello', params: { version: 1, driver: 'x' } })
  let malformed = 0
  for (let n = 0; n < 100_000; n++) {
    const bytes = Buffer.from(golden)
    for (let m = 0; m <= random(3); m++) bytes[random(bytes.length)] = random(256)
    if (decodeRpc(bytes.toString('utf8')).type === 'malformed') malformed++
  }
  t.true(malformed > 10_000)
})
