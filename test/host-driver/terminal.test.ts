import test from 'ava'
import { CardClient } from '../../host-driver/card/card-client.ts'
import { callOverLine } from '../../host-driver/card/line-call.ts'
import { KeylineError, Terminal } from '../../host-driver/index.ts'
import { encodeTicket } from '../../wire/line/ticket.ts'
import { CALL, CARD, CardRefusal, cardOnStream, until } from './fake-card.ts'
import { world } from './world.ts'

const TICKET = encodeTicket({
  cardId: 'card-7',
  line: [{ bearer: 'call', address: '+819012345678' }],
  internet: 'server.example:4433',
  serverPublic: new Uint8Array(32).fill(1),
  secret: new Uint8Array(32).fill(2),
  expiresAtSeconds: 2_000_000_000,
})

test('open asks the card who it is; status shows it', async (t) => {
  const { terminal, card } = await world(t)
  t.deepEqual(await terminal.status(), { firmware: 'fake/1', card: CARD })
  t.like(card.asked[0], { method: 'card.hello', params: { version: 1 } })
})

test('a card of another version is not opened', async (t) => {
  const { card, stream } = cardOnStream()
  card.answers['card.hello'] = () => ({ version: 2, firmware: 'later/2', card: CARD }) as never
  await t.throwsAsync(Terminal.open({ card: stream }), { instanceOf: KeylineError, code: 'CARD_PROTOCOL' })
  t.true(stream.destroyed)
})

test('a card that refuses this driver says why', async (t) => {
  const { card, stream } = cardOnStream()
  card.answers['card.hello'] = () => {
    throw new CardRefusal('VERSION_UNKNOWN', 'the card speaks version 3', 'update the driver')
  }
  await t.throwsAsync(Terminal.open({ card: stream }), { code: 'VERSION_UNKNOWN', message: /update the driver/ })
})

test('a port without a card is given up after three questions', async (t) => {
  const { card, stream } = cardOnStream()
  card.answers['card.hello'] = () => new Promise(() => {})
  const after = (_ms: number, run: () => void): (() => void) => {
    const timer = setImmediate(() => setImmediate(run))
    return () => clearImmediate(timer)
  }
  await t.throwsAsync(Terminal.open({ card: stream, after }), { code: 'CARD_SILENT' })
  t.true(card.asked.length <= 3)
  t.true(stream.destroyed)
})

test('enrol checks the ticket, then gives it to the card', async (t) => {
  const { terminal, card } = await world(t)
  const done = await terminal.enrol(`  ${TICKET}\n`)
  t.like(done, { cardId: 'card-7', internet: 'server.example:4433' })
  t.deepEqual(card.asked.at(-1), { method: 'card.enrol', params: { ticket: TICKET } })
})

test('a ticket with a slip of the pen never reaches the card', async (t) => {
  const { terminal, card } = await world(t)
  const slips = ['', 'keyline:', TICKET.slice(1), TICKET.slice(0, -1), TICKET.replace('A', 'B'), 'x'.repeat(5000)]
  for (const slip of slips) await t.throwsAsync(terminal.enrol(slip), { code: 'TICKET_INVALID' }, slip.slice(0, 20))
  t.is(card.asked.length, 1)
})

test('a refused ticket keeps the card’s own reason', async (t) => {
  const { terminal, card } = await world(t)
  card.answers['card.enrol'] = () => {
    throw new CardRefusal('TICKET_USED', 'the ticket was used', 'ask for a new one')
  }
  await t.throwsAsync(terminal.enrol(TICKET), { code: 'TICKET_USED' })
})

test('an enrolment can be cancelled: the card hangs up', async (t) => {
  const { terminal, card } = await world(t)
  const hang = Promise.withResolvers<never>()
  card.answers['card.enrol'] = () => hang.promise
  card.answers['line.cancel'] = () => {
    hang.reject(new CardRefusal('LINE_CANCELLED'))
    return { cancelled: true }
  }
  const stop = new AbortController()
  const enrolment = terminal.enrol(TICKET, stop.signal)
  await until(() => card.asked.length === 2)
  stop.abort()
  await t.throwsAsync(enrolment, { code: 'CANCELLED' })
  t.is(card.asked.at(-1)?.method, 'line.cancel')
  t.is((await terminal.status()).firmware, 'fake/1')
})

test('a card that does not even hang up is not waited for without end', async (t) => {
  const waits: number[] = []
  const { card, cable } = cardOnStream()
  const client = new CardClient(cable)
  t.teardown(() => client.close())
  card.answers['card.enrol'] = () => new Promise(() => {})
  card.answers['line.cancel'] = () => ({ cancelled: true })
  const stop = new AbortController()
  const after = (ms: number, run: () => void): (() => void) => {
    waits.push(ms)
    if (ms === 10_000) setImmediate(run)
    return () => {}
  }
  const call = callOverLine(client, 'card.enrol', { ticket: TICKET }, stop.signal, after)
  await until(() => card.asked.length === 1)
  stop.abort()
  await t.throwsAsync(call, { code: 'CANCELLED' })
  t.deepEqual(waits, [5000, 10_000])
})

test('a card that started anew in the middle of a call is noticed: twice idle, and no answer', async (t) => {
  const { card, cable } = cardOnStream()
  const client = new CardClient(cable)
  t.teardown(() => client.close())
  card.answers['card.enrol'] = () => new Promise(() => {})
  const after = (ms: number, run: () => void): (() => void) => {
    if (ms === 5000) setImmediate(run)
    return () => {}
  }
  const lost = { code: 'CARD_GONE', message: /started anew/ }
  await t.throwsAsync(callOverLine(client, 'card.enrol', { ticket: TICKET }, undefined, after), lost)
  t.is(card.asked.filter(({ method }) => method === 'card.status').length, 2)
})

test('a card that is busy with the call is left alone, however long it takes', async (t) => {
  const { card, cable } = cardOnStream()
  const client = new CardClient(cable)
  t.teardown(() => client.close())
  let looks = 0
  const over = Promise.withResolvers<Awaited<ReturnType<(typeof card.answers)['card.enrol']>>>()
  card.answers['card.enrol'] = () => over.promise
  card.answers['card.status'] = () => {
    // Idle once between two attempts is nothing.
    if (++looks === 9) over.resolve({ cardId: CARD.cardId, internet: CARD.internet, call: CALL })
    return { card: { ...CARD, state: looks % 2 === 0 ? 'idle' : 'dialling' } }
  }
  const after = (ms: number, run: () => void): (() => void) => {
    if (ms === 5000) setImmediate(run)
    return () => {}
  }
  t.is((await callOverLine(client, 'card.enrol', { ticket: TICKET }, undefined, after)).cardId, CARD.cardId)
})

test('steps that are none of ours, and the log of the card, are not told as steps', async (t) => {
  const { terminal, card, events } = await world(t)
  card.state('dialling', 'S99')
  card.notify('card.log', { level: 'warning', text: 'S2 is near' })
  await terminal.status()
  t.deepEqual(events, [{ type: 'line', state: 'dialling' }])
})

test('a closed terminal says so, and closing twice is harmless', async (t) => {
  const { terminal } = await world(t)
  await terminal.close()
  await terminal.close()
  await t.throwsAsync(terminal.status(), { code: 'TERMINAL_CLOSED' })
})
