import test from 'ava'
import type { Outcome } from '../../../firmware/card/errors.ts'
import { problem } from '../../../firmware/card/errors.ts'
import { type CardApi, UsbLink } from '../../../firmware/usb/usb-link.ts'
import { USB_LINE_MAX } from '../../../wire/limits.ts'
import { decodeRpc } from '../../../wire/usb/json-rpc.ts'
import { BoundedLines } from '../../../wire/usb/lines.ts'
import { METHODS, type Result } from '../../../wire/usb/methods.ts'
import { seeded } from '../../random.ts'
import { failureOf, HELLO, Pc } from './pc.ts'

const CARD = { cardId: '', enrolled: false, internet: '', state: 'idle', modem: '/dev/x' } as const
const LOGIN = { userId: 'alice', password: 'hunter2-secret', terminalKeys: ['A'.repeat(43)] }
const MIB = 1 << 20

interface Linked {
  readonly pc: Pc
  readonly link: UsbLink
  readonly calls: string[]
  ends(): number
}

/** A link to an API that answers at once, but for what the test says. */
function linked(other: Partial<CardApi> = {}, reads = true): Linked {
  const pc = new Pc(reads)
  const calls: string[] = []
  let ends = 0
  // A method that the test says nothing of is none that it asks for.
  const others = Object.fromEntries(
    Object.keys(METHODS).map((name) => [name, async () => ({ ok: false, problem: problem('CARD_FAULT') })]),
  ) as unknown as CardApi
  const api: CardApi = {
    ...others,
    'card.hello': async () => ({ ok: true, result: { version: 1, firmware: 'test', card: CARD } }),
    'card.doctor': async () => ({ ok: true, result: { checks: [] } }),
    'card.status': async () => {
      calls.push('status')
      return { ok: true, result: { card: CARD } }
    },
    'card.enrol': async () => ({ ok: false, problem: problem('TICKET_INVALID') }),
    'line.login': async () => ({ ok: false, problem: problem('LINE_BUSY') }),
    'line.pay': async () => ({ ok: false, problem: problem('LINE_BUSY') }),
    'line.cancel': async () => ({ ok: true, result: { cancelled: false } }),
    ...other,
  }
  const link = new UsbLink(pc.port, api, () => ends++)
  return { pc, link, calls, ends: () => ends }
}

test('requests are answered, each by its id', async (t) => {
  const { pc } = linked()
  t.is((await pc.ask(1, 'card.hello', HELLO)).type, 'result')
  t.deepEqual(await pc.ask('b', 'card.status', {}), { type: 'result', id: 'b', result: { card: CARD } })
  const refused = await pc.ask(2, 'line.login', LOGIN)
  t.is(failureOf(refused), 'LINE_BUSY')
  t.is(refused.type === 'error' && refused.error.data.cure, 'try again in a minute')
})

const WRONG: readonly (readonly [what: string, line: string, code: string])[] = [
  ['no JSON', 'AT+CGMI', 'REQUEST_INVALID'],
  ['half a message', '{"jsonrpc":"2.0","id":7,"meth', 'REQUEST_INVALID'],
  ['a batch', '[]', 'REQUEST_INVALID'],
  ['another version', '{"jsonrpc":"1.0","id":7,"method":"card.status","params":{}}', 'REQUEST_INVALID'],
  ['bytes', '\u0000\u0001\ufffd', 'REQUEST_INVALID'],
  ['deep nesting', `${'['.repeat(60_000)}`, 'REQUEST_INVALID'],
  ['an unknown method', '{"jsonrpc":"2.0","id":7,"method":"card.explode","params":{}}', 'METHOD_UNKNOWN'],
  ['a method of Object', '{"jsonrpc":"2.0","id":7,"method":"toString","params":{}}', 'METHOD_UNKNOWN'],
  ['no parameters', '{"jsonrpc":"2.0","id":7,"method":"card.status"}', 'PARAMS_INVALID'],
  ['an unknown field', '{"jsonrpc":"2.0","id":7,"method":"card.status","params":{"number":"0900"}}', 'PARAMS_INVALID'],
  [
    'another API',
    '{"jsonrpc":"2.0","id":7,"method":"card.hello","params":{"version":2,"driver":"x"}}',
    'VERSION_UNSUPPORTED',
  ],
  ['no driver', '{"jsonrpc":"2.0","id":7,"method":"card.hello","params":{"version":1}}', 'PARAMS_INVALID'],
]
for (const [what, line, code] of WRONG) {
  test(`${what}: one error ${code}, and the next line works`, async (t) => {
    const { pc } = linked()
    await pc.write(`${line}\n`)
    await pc.ask(8, 'card.status', {})
    t.is(pc.messages.length, 2)
    const [error] = pc.messages
    t.is(error && failureOf(error), code)
  })
}

test('wrong parameters are named, their values never', async (t) => {
  const { pc } = linked()
  const answer = await pc.ask(1, 'line.login', { ...LOGIN, password: `${LOGIN.password}${'x'.repeat(200)}` })
  t.is(failureOf(answer), 'PARAMS_INVALID')
  t.regex(JSON.stringify(answer), /password/)
  t.notRegex(JSON.stringify(answer), /hunter2/)
})

test('answers and errors of a PC are not answered: an echo ends', async (t) => {
  const { pc } = linked()
  await pc.write('garbage\n')
  const error = await pc.answer(null)
  await pc.write(`${JSON.stringify({ jsonrpc: '2.0', id: null, error: error.type === 'error' && error.error })}\n`)
  await pc.write('{"jsonrpc":"2.0","id":3,"result":{}}\n{"jsonrpc":"2.0","method":"line.cancel","params":{}}\n')
  await pc.ask(9, 'card.status', {})
  t.is(pc.messages.length, 2)
})

test('100 MB without a line end: one error, bounded memory, and the next line works', async (t) => {
  const { pc } = linked()
  const chunk = Buffer.alloc(MIB, 'x')
  const before = process.memoryUsage().arrayBuffers
  let most = 0
  for (let n = 0; n < 100; n++) {
    await pc.write(chunk)
    await new Promise((resolve) => setImmediate(resolve))
    most = Math.max(most, process.memoryUsage().arrayBuffers - before)
  }
  await pc.write('\n')
  await pc.ask(1, 'card.status', {})
  t.deepEqual(pc.messages.map(failureOf), ['REQUEST_TOO_LONG', undefined])
  t.true(most < 16 * MIB, `${most} bytes`)
})

test('BoundedLines keeps less than one line of an endless one', (t) => {
  const lines: number[] = []
  let tooLong = 0
  const reader = new BoundedLines(
    (line) => lines.push(line.length),
    () => tooLong++,
  )
  const chunk = Buffer.alloc(10_007, 'x')
  for (let n = 0; n < 10_000; n++) reader.push(chunk)
  t.is(reader.discarded, 10_007 * 10_000)
  t.is(tooLong, 1)
  reader.push(Buffer.from(`\n${'y'.repeat(USB_LINE_MAX - 1)}\n${'z'.repeat(USB_LINE_MAX)}\nok\n`))
  t.deepEqual(lines, [USB_LINE_MAX - 1, 2])
  t.is(tooLong, 2)
})

test('lines are the same however they are cut', (t) => {
  const seed = 150_879
  const random = seeded(seed)
  const text = Buffer.from(Array.from({ length: 300 }, (_, n) => `line ${n}${'é'.repeat(random(50))}`).join('\r\n'))
  const expected = text.toString('utf8').split('\r\n').slice(0, -1)
  for (let run = 0; run < 200; run++) {
    const lines: string[] = []
    const reader = new BoundedLines(
      (line) => lines.push(line),
      () => t.fail(),
    )
    for (let at = 0; at < text.length; ) {
      const next = at + 1 + random(run < 20 ? 3 : 400)
      reader.push(text.subarray(at, next))
      at = next
    }
    if (lines.join() !== expected.join()) return t.fail(`seed ${seed}, run ${run}`)
  }
  return t.pass()
})

/** One line with a few bytes changed, cut, doubled or put in. */
function mutated(line: Buffer, random: (below: number) => number): Buffer {
  let bytes = Buffer.from(line)
  for (let n = random(4); n >= 0; n--) {
    const at = random(bytes.length + 1)
    const kind = random(4)
    if (kind === 0 && bytes.length > 0) bytes[at % bytes.length] = random(256)
    else if (kind === 1) bytes = bytes.subarray(0, at)
    else if (kind === 2) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(random(bytes.length + 1))])
    else
      bytes = Buffer.concat([bytes.subarray(0, at), Buffer.from('{}[]":,0-\\u'.charAt(random(11))), bytes.subarray(at)])
  }
  return bytes
}

const SEEDS = [
  '{"jsonrpc":"2.0","id":1,"method":"card.hello","params":{"version":1,"driver":"x"}}',
  '{"jsonrpc":"2.0","id":"q","method":"card.status","params":{}}',
  JSON.stringify({ jsonrpc: '2.0', id: 3, method: 'line.login', params: LOGIN }),
  '{"jsonrpc":"2.0","id":4,"method":"card.enrol","params":{"ticket":"keyline:AAAA"}}',
  '{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"m","data":{"code":"AB","what":"w","cure":"c"}}}',
  '{"jsonrpc":"2.0","id":5,"result":{"cancelled":true}}',
].map((line) => Buffer.from(line))

test('100,000 mutated lines: decoding never throws, and the link answers each request to the end', async (t) => {
  const seed = 20_000_523
  t.log(`seed ${seed}`)
  const random = seeded(seed)
  const { pc, ends } = linked()
  let malformed = 0
  let block: Buffer[] = []
  for (let n = 0; n < 100_000; n++) {
    const line = mutated(SEEDS[n % SEEDS.length] ?? Buffer.alloc(0), random)
    if (decodeRpc(line.toString('utf8')).type === 'malformed') malformed++
    block.push(line, Buffer.from('\n'))
    if (block.length < 200) continue
    await pc.write(Buffer.concat(block))
    block = []
    // What the link drops is what a PC did not read: this one reads.
    while (pc.unheard > 0 || pc.unread > 0) await new Promise((resolve) => setImmediate(resolve))
  }
  const last = await pc.ask('last', 'card.status', {})
  t.is(last.type, 'result')
  t.is(ends(), 0)
  t.true(malformed > 10_000 && malformed < 100_000)
  t.true(pc.messages.filter((it) => 'id' in it && it.id === null).length > 10_000)
  t.false(pc.messages.some((it) => JSON.stringify(it).includes('hunter2')))
})

test('a PC that does not read is not read from, and memory is bounded', async (t) => {
  const { pc, link, calls } = linked({}, false)
  const block = Buffer.from('{"jsonrpc":"2.0","id":1,"method":"card.status","params":{}}\n'.repeat(100))
  let blocks = 0
  for (; blocks < 10_000 && pc.unheard < 2 * block.length; blocks++) {
    void pc.write(block)
    await new Promise((resolve) => setImmediate(resolve))
  }
  t.true(blocks < 10_000)
  for (let n = 0; n < 10_000; n++) link.notify('line.state', { state: 'idle', text: 'x'.repeat(200) })
  t.true(pc.unread < MIB, `${pc.unread} bytes`)
  const before = calls.length
  pc.read()
  while (pc.unheard > 0) await new Promise((resolve) => setImmediate(resolve))
  await new Promise((resolve) => setImmediate(resolve))
  t.true(calls.length > before)
})

test('at most 16 requests at once', async (t) => {
  const { pc } = linked({ 'card.status': () => new Promise(() => {}) })
  for (let id = 0; id < 16; id++) void pc.ask(id, 'card.status', {})
  t.is(failureOf(await pc.ask(16, 'card.status', {})), 'CARD_BUSY')
  t.is((await pc.ask(17, 'card.hello', HELLO)).type, 'result')
})

test('a driver that begins anew gets no answers to the one before', async (t) => {
  const slow = Promise.withResolvers<Outcome<Result<'line.login'>>>()
  const { pc } = linked({ 'line.login': () => slow.promise })
  void pc.ask(1, 'line.login', LOGIN)
  await pc.ask(0, 'card.hello', HELLO)
  slow.resolve({ ok: false, problem: problem('LINE_CANCELLED') })
  await pc.ask(2, 'card.status', {})
  t.deepEqual(
    pc.messages.map((it) => 'id' in it && it.id),
    [0, 2],
  )
})

test('what the card answers is checked, too, and its faults are not shown', async (t) => {
  const { pc, link } = linked({
    'card.doctor': async () => ({ ok: true, result: { checks: [] } }),
    'card.status': async () => ({ ok: true, result: { card: { ...CARD, modem: 'x'.repeat(300) } } }),
    'line.login': () => Promise.reject(new Error('text with hunter2-secret')),
  })
  t.is(failureOf(await pc.ask(1, 'card.status', {})), 'CARD_FAULT')
  const fault = await pc.ask(2, 'line.login', LOGIN)
  t.is(failureOf(fault), 'CARD_FAULT')
  t.notRegex(JSON.stringify(fault), /hunter2/)
  link.notify('line.state', { state: 'idle', text: 'x'.repeat(300) })
  await pc.ask(3, 'card.hello', HELLO)
  t.is(pc.messages.length, 3)
})

test('news comes as it is', async (t) => {
  const { pc, link } = linked()
  link.notify('line.state', { state: 'exchanging', step: "S7'", text: 'keys' })
  await pc.ask(1, 'card.hello', HELLO)
  const [news] = pc.messages
  t.deepEqual(news, {
    type: 'notification',
    method: 'line.state',
    params: { state: 'exchanging', step: "S7'", text: 'keys' },
  })
})

test('a PC that vanishes is told once, and nothing is sent any more', async (t) => {
  const slow = Promise.withResolvers<Outcome<Result<'line.login'>>>()
  const { pc, link, ends } = linked({ 'line.login': () => slow.promise })
  void pc.ask(1, 'line.login', LOGIN)
  await new Promise((resolve) => setImmediate(resolve))
  pc.vanish()
  await new Promise((resolve) => setImmediate(resolve))
  t.is(ends(), 1)
  slow.resolve({ ok: false, problem: problem('LINE_CANCELLED') })
  await new Promise((resolve) => setImmediate(resolve))
  link.notify('line.state', { state: 'idle', text: 'x' })
  link.close()
  t.is(ends(), 1)
  t.is(pc.messages.length, 0)
})
