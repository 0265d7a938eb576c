import type { Duplex } from 'node:stream'
import test, { type ExecutionContext } from 'ava'
import { CardClient } from '../../../host-driver/card/card-client.ts'
import { CardLink } from '../../../host-driver/card/card-link.ts'
import { callOverLine } from '../../../host-driver/card/line-call.ts'
import { fault, type KeylineError } from '../../../host-driver/errors.ts'
import { pay } from '../../../host-driver/flows/pay.ts'
import type { Params } from '../../../wire/usb/methods.ts'
import { FakeClock } from '../../fake-clock.ts'
import { CALL, CARD, cardOnStream, type FakeCard, until } from '../fake-card.ts'
import { PAY } from '../payment.ts'

const LOGIN: Params<'line.login'> = { userId: 'alice', password: 'x', terminalKeys: ['A'.repeat(43)] }

interface Plug {
  readonly card: FakeCard
  readonly stream: Duplex
}

/** A card that the test unplugs and plugs in again. */
function plugged(t: ExecutionContext) {
  const clock = new FakeClock()
  const after = (ms: number, run: () => void) => clock.after(ms, run)
  const plugs: Plug[] = []
  let isThere = true
  const open = (): CardClient => {
    const { card, stream, cable } = cardOnStream()
    plugs.push({ card, stream })
    // Whoever asks gets no answer, so that the test can unplug it meanwhile.
    const never = (): Promise<never> => new Promise(() => {})
    Object.assign(card.answers, { 'line.login': never, 'line.pay': never, 'card.enrol': never })
    return new CardClient(cable, () => {}, after)
  }
  let refusal = (): KeylineError => fault('CARD_NOT_FOUND')
  const connect = async (): Promise<CardClient> => {
    if (!isThere) throw refusal()
    return open()
  }
  const link = new CardLink({ client: open(), connect, after, now: () => clock.now() })
  t.teardown(() => link.close())
  const now = (): Plug => {
    const plug = plugs.at(-1)
    if (plug === undefined) throw new Error('expected a card')
    return plug
  }
  return {
    link,
    clock,
    plugs,
    now,
    unplug: async () => {
      isThere = false
      now().stream.destroy()
      await until(() => !link.usable)
    },
    plugIn: () => {
      isThere = true
    },
    refuse: (by: () => KeylineError) => {
      refusal = by
    },
  }
}

const asked = (plugs: readonly Plug[], method: string): number =>
  plugs.flatMap(({ card }) => card.asked).filter((it) => it.method === method).length

test('what changes nothing is asked once more when the card is back; doctor too', async (t) => {
  for (const method of ['card.status', 'card.doctor', 'card.files.list', 'card.paired'] as const) {
    const it = plugged(t)
    it.now().card.answers[method] = () => new Promise<never>(() => {})
    const answer = it.link.call(method, {})
    answer.catch(() => {})
    await until(() => asked(it.plugs, method) === 1)
    await it.unplug()
    it.plugIn()
    await it.clock.advance(1000)
    await until(() => asked(it.plugs, method) === 2)
    t.is(it.plugs.length, 2, method)
  }
})

test('what may have changed something is not: it is told what became of it', async (t) => {
  for (const [method, told] of [
    ['line.login', /no session was opened here/],
    ['card.enrol', /same ticket/],
  ] as const) {
    const it = plugged(t)
    const params = { 'line.login': LOGIN, 'card.enrol': { ticket: 'x' } }[method] as never // each has its own
    const call = callOverLine(it.link, method, params)
    await until(() => asked(it.plugs, method) === 1)
    const told1 = t.throwsAsync(call, { code: 'CARD_GONE', message: told }, method)
    await it.unplug()
    it.plugIn()
    await told1
    t.like(await it.link.call('card.status', {}), { card: CARD })
    t.is(asked(it.plugs, method), 1, `${method} is not repeated by itself`)
  }
})

test('a payment under way when the cable is pulled: the outcome is unknown, also after an earlier unplugging', async (t) => {
  const it = plugged(t)
  await it.unplug()
  it.plugIn()
  const outcome = pay({ card: it.link, onProgress: () => {} }, PAY)
  await until(() => asked(it.plugs, 'line.pay') === 1)
  const told = t.throwsAsync(outcome, { code: 'LINE_OUTCOME_UNKNOWN' })
  await it.unplug()
  await told
})

test('a request that never finds the card again ends after a minute, and says that nothing was sent', async (t) => {
  const it = plugged(t)
  await it.unplug()
  const login = t.throwsAsync(callOverLine(it.link, 'line.login', LOGIN), {
    code: 'CARD_NOT_FOUND',
    message: /nothing was sent/,
  })
  const payment = t.throwsAsync(pay({ card: it.link, onProgress: () => {} }, PAY), { code: 'CARD_NOT_FOUND' })
  for (let seconds = 0; seconds < 62; seconds++) await it.clock.advance(1000)
  await Promise.all([login, payment])
  t.is(it.plugs.length, 1)
})

test('cancelled while the card is away: at once, and nothing is sent when it comes back', async (t) => {
  const run = {
    'line.login': (card: CardLink, signal: AbortSignal) => callOverLine(card, 'line.login', LOGIN, signal),
    'line.pay': (card: CardLink, signal: AbortSignal) =>
      pay({ card, onProgress: () => {} }, { ...PAY, signal }) as Promise<unknown>,
  }
  for (const method of ['line.login', 'line.pay'] as const) {
    const it = plugged(t)
    await it.unplug()
    const stop = new AbortController()
    const call = run[method](it.link, stop.signal)
    const told = t.throwsAsync(call, { code: 'CANCELLED' }, method)
    await it.clock.advance(2000)
    stop.abort()
    await told
    it.plugIn()
    await it.clock.advance(1000)
    t.like(await it.link.call('card.status', {}), { card: CARD })
    t.is(asked(it.plugs, method), 0, method)
  }
})

test('several requests that wait for the card open it once', async (t) => {
  const it = plugged(t)
  await it.unplug()
  const all = Promise.all([1, 2, 3].map(() => it.link.call('card.status', {})))
  await it.clock.advance(1000)
  it.plugIn()
  await it.clock.advance(1000)
  t.is((await all).length, 3)
  t.is(it.plugs.length, 2)
})

test('what no waiting cures is told at once: another card, one that does not know this PC', async (t) => {
  for (const code of ['CARD_UNPAIRED', 'CARD_FOREIGN'] as const) {
    const it = plugged(t)
    it.refuse(() => fault(code))
    await it.unplug()
    await t.throwsAsync(it.link.call('card.status', {}), { code })
  }
})

test('closed while the card is away: what waits ends', async (t) => {
  const it = plugged(t)
  await it.unplug()
  const waiting = t.throwsAsync(it.link.call('card.status', {}))
  await it.clock.advance(1000)
  const closed = it.link.close()
  await it.clock.advance(1000)
  await closed
  await waiting
  await t.throwsAsync(it.link.call('card.status', {}), { code: 'TERMINAL_CLOSED' })
})

test('a card that is back answers as before', async (t) => {
  const it = plugged(t)
  await it.unplug()
  it.plugIn()
  it.plugs.length = 0
  const enrolment = callOverLine(it.link, 'card.enrol', { ticket: 'x' })
  await until(() => it.plugs.length === 1)
  // The answer of the card that came back.
  await until(() => asked(it.plugs, 'card.enrol') === 1)
  const { card } = it.now()
  card.say(
    `${JSON.stringify({ jsonrpc: '2.0', id: card.ids[0], result: { cardId: CARD.cardId, internet: CARD.internet, call: CALL } })}\n`,
  )
  t.is((await enrolment).cardId, CARD.cardId)
})
