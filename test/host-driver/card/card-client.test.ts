import test, { type ExecutionContext } from 'ava'
import { ANSWER_MS, CardClient, type CardNotification } from '../../../host-driver/card/card-client.ts'
import { USB_LINE_MAX } from '../../../wire/limits.ts'
import { encodeRpc } from '../../../wire/usb/json-rpc.ts'
import { FakeClock } from '../../fake-clock.ts'
import { seeded } from '../../random.ts'
import { CARD, CardRefusal, cardOnStream, until } from '../fake-card.ts'

const SEED = 15_187_900

function connected(t: ExecutionContext) {
  const { card, cable, stream } = cardOnStream()
  const clock = new FakeClock()
  const told: CardNotification[] = []
  const client = new CardClient(
    cable,
    (it) => told.push(it),
    (ms, run) => clock.after(ms, run),
  )
  t.teardown(() => client.close())
  return { card, client, clock, told, stream }
}

/** A card that says exactly this to whatever it is asked. */
function saying(t: ExecutionContext, text: string) {
  const it = connected(t)
  it.card.answers['card.status'] = () => {
    it.card.say(text)
    return new Promise(() => {})
  }
  return it
}

test('a request is answered by its own answer', async (t) => {
  const { client, card } = connected(t)
  const [hello, status] = await Promise.all([
    client.call('card.hello', { version: 1, driver: 'test' }),
    client.call('card.status', {}),
  ])
  t.is(hello.firmware, 'fake/1')
  t.deepEqual(status, { card: CARD })
  t.deepEqual(card.asked[0], { method: 'card.hello', params: { version: 1, driver: 'test' } })
})

test('answers may come in another order than the requests', async (t) => {
  const { client, card } = connected(t)
  const first = Promise.withResolvers<{ card: typeof CARD }>()
  let asked = 0
  card.answers['card.status'] = () => (asked++ === 0 ? first.promise : { card: { ...CARD, cardId: 'second' } })
  const one = client.call('card.status', {})
  t.is((await client.call('card.status', {})).card.cardId, 'second')
  first.resolve({ card: { ...CARD, cardId: 'first' } })
  t.is((await one).card.cardId, 'first')
})

test('the first byte ends whatever another program left in the card', async (t) => {
  const { cable, stream, card } = cardOnStream()
  stream.write('AT+GMM')
  const client = new CardClient(cable)
  t.teardown(() => client.close())
  t.deepEqual(await client.call('card.status', {}), { card: CARD })
  t.deepEqual(card.strange, ['AT+GMM'])
})

test('the error of the card is passed on unchanged', async (t) => {
  const { client, card } = connected(t)
  card.answers['card.status'] = () => {
    throw new CardRefusal('MODEM_GONE', 'the modem is gone', 'push it in')
  }
  const error = await t.throwsAsync(client.call('card.status', {}), { code: 'MODEM_GONE' })
  t.like(error, { what: 'the modem is gone', cure: 'push it in', origin: 'card' })
})

test('params are checked before they are sent, results after they came', async (t) => {
  const { client, card } = connected(t)
  await t.throwsAsync(client.call('card.hello', { version: 1, driver: '' }), { code: 'INPUT_INVALID' })
  await t.throwsAsync(client.call('card.enrol', { ticket: 'x'.repeat(3000) }), { code: 'INPUT_INVALID' })
  t.is(card.asked.length, 0)
  card.answers['card.status'] = () => ({ card: { ...CARD, extra: 1 } }) as never
  await t.throwsAsync(client.call('card.status', {}), { code: 'CARD_PROTOCOL' })
})

test('after a break of the schema nothing more is believed', async (t) => {
  const { client, card } = connected(t)
  card.answers['card.status'] = () => ({}) as never
  await t.throwsAsync(client.call('card.status', {}), { code: 'CARD_PROTOCOL' })
  await t.throwsAsync(client.call('card.hello', { version: 1, driver: 'x' }), { code: 'CARD_PROTOCOL' })
  t.is(card.asked.length, 1)
})

test('an answer to an id that was never asked is thrown away: it is to a driver that was killed', async (t) => {
  const { client, card } = connected(t)
  const lines = [
    '{"jsonrpc":"2.0","id":1,"result":{}}\n',
    '{"jsonrpc":"2.0","id":"1","result":{}}\n',
    '{"jsonrpc":"2.0","id":0,"error":{"code":1,"message":"m","data":{"code":"AB","what":"","cure":""}}}\n',
  ]
  for (const line of lines) card.say(line)
  t.deepEqual(await client.call('card.status', {}), { card: CARD })
  t.is(client.garbageLines, lines.length)
})

test('two drivers one after the other do not use the same ids', async (t) => {
  const ids = await Promise.all(
    [1, 2, 3].map(async () => {
      const { client, card } = connected(t)
      await client.call('card.status', {})
      return card.ids[0]
    }),
  )
  t.is(new Set(ids).size, ids.length)
})

test('a port that echoes is no card', async (t) => {
  const { client } = saying(t, '{"jsonrpc":"2.0","id":1,"method":"card.status","params":{}}\n')
  await t.throwsAsync(client.call('card.status', {}), { code: 'CARD_PROTOCOL', message: /sends requests back/ })
})

test('garbage lines are thrown away and counted, whatever stands around them', async (t) => {
  const { client, card } = connected(t)
  card.say('\r\n+CREG: 1\r\n{"half\n\u0000\u0001\n[]\n')
  card.say(
    '{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"m","data":{"code":"AB","what":"","cure":""}}}\n',
  )
  t.deepEqual(await client.call('card.status', {}), { card: CARD })
  t.is(client.garbageLines, 5)
})

test('an endless line costs no memory and no answer', async (t) => {
  const { client, card } = connected(t)
  const before = process.memoryUsage().arrayBuffers
  for (let n = 0; n < 200; n++) {
    card.raw(Buffer.alloc(USB_LINE_MAX, 120))
    await new Promise((resolve) => setImmediate(resolve))
  }
  card.say('\n')
  t.deepEqual(await client.call('card.status', {}), { card: CARD })
  t.is(client.garbageLines, 1)
  t.true(process.memoryUsage().arrayBuffers - before < 8 * 2 ** 20)
})

test('notifications are told in their order, unknown ones counted, wrong ones end it', async (t) => {
  const { client, card, told } = connected(t)
  card.state('dialling', 'S2', 'calls +81')
  card.notify('card.log', { level: 'info', text: 'hello' })
  card.notify('card.moods', { mood: 'good' })
  await client.call('card.status', {})
  t.deepEqual(told, [
    { name: 'line.state', params: { state: 'dialling', step: 'S2', text: 'calls +81' } },
    { name: 'card.log', params: { level: 'info', text: 'hello' } },
  ])
  t.is(client.garbageLines, 1)
  card.notify('line.state', { state: 'singing', text: '' })
  await until(() => told.length === 2)
  await t.throwsAsync(
    async () => {
      for (;;) await client.call('card.status', {})
    },
    { code: 'CARD_PROTOCOL' },
  )
})

test('each method has its time, and no more', async (t) => {
  const waits = { 'card.hello': 3000, 'card.status': 3000, 'line.cancel': 5000, 'card.enrol': 360_000 } as const
  t.like(ANSWER_MS, waits)
  t.is(ANSWER_MS['line.login'], 360_000)
  const { client, card, clock } = connected(t)
  card.answers['card.status'] = () => new Promise(() => {})
  let ended = false
  const call = client.call('card.status', {}).finally(() => {
    ended = true
  })
  const late = t.throwsAsync(call, { code: 'CARD_SILENT', message: /card\.status/ })
  await until(() => card.asked.length === 1)
  await clock.advance(2999)
  t.false(ended)
  await clock.advance(1)
  await late
  t.is(clock.waiting, 0)
})

test('an answer that comes after its time is no fault', async (t) => {
  const { client, card, clock } = connected(t)
  const slow = Promise.withResolvers<{ card: typeof CARD }>()
  card.answers['card.status'] = () => slow.promise
  const late = t.throwsAsync(client.call('card.status', {}), { code: 'CARD_SILENT' })
  await until(() => card.asked.length === 1)
  await clock.advance(3000)
  await late
  slow.resolve({ card: CARD })
  t.is((await client.call('card.hello', { version: 1, driver: 'x' })).firmware, 'fake/1')
})

test('requests that wait are bounded', async (t) => {
  const { client, card } = connected(t)
  card.answers['card.status'] = () => new Promise(() => {})
  const waiting = Array.from({ length: 8 }, () => client.call('card.status', {}))
  await t.throwsAsync(client.call('card.status', {}), { code: 'CARD_BUSY' })
  const ends = waiting.map((call) => t.throwsAsync(call, { code: 'TERMINAL_CLOSED' }))
  await client.close()
  await Promise.all(ends)
})

test('the cable is pulled: told at once, to all that wait and come', async (t) => {
  const { client, card, clock, stream } = connected(t)
  card.answers['card.status'] = () => new Promise(() => {})
  const calls = [1, 2, 3].map(() => t.throwsAsync(client.call('card.status', {}), { code: 'CARD_GONE' }))
  await until(() => card.asked.length === 3)
  stream.destroy(new Error('bad file descriptor'))
  await Promise.all(calls)
  t.is(clock.waiting, 0)
  await t.throwsAsync(client.call('card.status', {}), { code: 'CARD_GONE' })
})

test('a close that is told twice, as ports do, is one', async (t) => {
  const { client, stream } = connected(t)
  const call = t.throwsAsync(client.call('card.status', {}), { code: 'CARD_GONE' })
  stream.emit('close')
  stream.emit('close', new Error('again'))
  stream.emit('error', new Error('and again'))
  await call
})

test(`20,000 mutated lines of a card never throw where nobody catches, and never pass as an answer (seed ${SEED})`, async (t) => {
  const random = seeded(SEED)
  const golden = (id: string | number) => [
    encodeRpc({ type: 'result', id, result: { card: CARD } }),
    encodeRpc({ type: 'notification', method: 'line.state', params: { state: 'idle', text: 'idle' } }),
    encodeRpc({ type: 'error', id, error: new CardRefusal('LINE_BUSY').failure }),
  ]
  const ends = new Map<string, number>()
  for (let n = 0; n < 200; n++) {
    const { client, card } = connected(t)
    card.answers['card.status'] = () => new Promise(() => {})
    const call = client.call('card.status', {}).then(
      (result) => {
        t.deepEqual(Object.keys(result), ['card'])
        t.deepEqual(Object.keys(result.card).sort(), Object.keys(CARD).sort())
        return 'answered'
      },
      (error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : 'strange'),
    )
    await until(() => card.asked.length === 1)
    const lines = golden(card.ids[0] ?? 0)
    for (let m = 0; m < 100; m++) {
      const line = Buffer.from(lines[random(lines.length)] ?? '')
      for (let k = 0; k <= random(4); k++) line[random(line.length)] = random(256)
      card.raw(line)
    }
    await new Promise((resolve) => setImmediate(resolve))
    await client.close()
    const end = await call
    ends.set(end, (ends.get(end) ?? 0) + 1)
  }
  t.log(Object.fromEntries(ends))
  t.false(ends.has('strange'))
  t.true(ends.has('CARD_PROTOCOL'))
})
