import test from 'ava'
import { CardError } from '../../../firmware/card/errors.ts'
import { REOPEN_MS, UsbKeeper } from '../../../firmware/usb/usb-keeper.ts'
import type { UsbPort } from '../../../firmware/usb/usb-link.ts'
import { enrolledCard, loginParams, type TestCard } from '../card/card.ts'
import { failureOf, HELLO, Pc } from './pc.ts'

interface Kept {
  readonly card: TestCard
  readonly keeper: UsbKeeper
  readonly cables: Pc[]
  readonly log: string[]
  /** The next openings fail. */
  broken: number
  pc(): Pc
}

async function kept(): Promise<Kept> {
  const card = await enrolledCard()
  const cables: Pc[] = []
  const log: string[] = []
  const open = async (): Promise<UsbPort> => {
    if (it.broken > 0) {
      it.broken--
      throw new CardError('USB_PORT_UNUSABLE', 'no such port')
    }
    const pc = new Pc()
    cables.push(pc)
    return pc.port
  }
  const keeper = new UsbKeeper({
    open,
    api: card.api((id) => log.push(id)),
    clock: card.clock,
    onGone: () => {
      card.jobs.cancel()
    },
    log: (event, why) => log.push(why ? `${event} ${why.code}` : event),
  })
  const pc = (): Pc => {
    const last = cables.at(-1)
    if (last === undefined) throw new Error('no cable')
    return last
  }
  const it: Kept = { card, keeper, cables, log, broken: 0, pc }
  return it
}

/** Streams tell their end in later turns of the event loop. */
async function turns(): Promise<void> {
  for (let n = 0; n < 10; n++) await new Promise((resolve) => setImmediate(resolve))
}

test('hello, status, enrolment and login over the cable', async (t) => {
  const { card, keeper, pc, log } = await kept()
  await keeper.start()
  const hello = await pc().ask(1, 'card.hello', HELLO)
  t.like(hello, {
    result: { version: 1, card: { cardId: 'card-one', enrolled: true, state: 'idle', modem: '/dev/fake' } },
  })
  const login = pc().ask(2, 'line.login', loginParams('a'))
  await turns()
  await card.clock.advance(0)
  t.like(await login, { result: { verdict: 'permitted', lifetimeSeconds: 3600 } })
  const enrolment = pc().ask(3, 'card.enrol', { ticket: card.server.ticket('two') })
  await turns()
  await card.clock.advance(0)
  t.like(await enrolment, { result: { cardId: 'card-two' } })
  t.is(failureOf(await pc().ask(4, 'card.enrol', { ticket: 'nonsense' })), 'TICKET_INVALID')
  t.like(await pc().ask(5, 'line.cancel', {}), { result: { cancelled: false } })
  t.deepEqual(log, ['usb.open', 'card-two'])
  await keeper.close()
  t.is(pc().closed, 1)
  t.is(card.clock.waiting, 0)
})

test('a wrong path is told at the start', async (t) => {
  const it = await kept()
  it.broken = 1
  await t.throwsAsync(it.keeper.start(), { code: 'USB_PORT_UNUSABLE' })
  await it.keeper.close()
  t.is(it.card.clock.waiting, 0)
})

test('a cable that is pulled in the middle of a call: hung up, opened again with growing pauses, and the next hello works', async (t) => {
  const it = await kept()
  const { card, keeper, cables, pc, log } = it
  await keeper.start()
  card.line.script = ['never-ends']
  void pc().ask(1, 'line.login', loginParams('a'))
  await turns()
  t.is(card.jobs.state, 'exchanging')
  it.broken = REOPEN_MS.length + 1
  pc().vanish()
  await turns()
  await card.clock.advance(0)
  t.is(card.line.calls[0]?.hungUp, 1)
  t.is(card.jobs.state, 'idle')
  t.is(keeper.link, undefined)
  for (const [n, ms] of [...REOPEN_MS, REOPEN_MS.at(-1) ?? 0].entries()) {
    await card.clock.advance(ms - 1)
    t.is(it.broken, REOPEN_MS.length + 1 - n)
    await card.clock.advance(1)
    t.is(it.broken, REOPEN_MS.length - n)
  }
  await card.clock.advance(REOPEN_MS.at(-1) ?? 0)
  t.is(cables.length, 2)
  t.is((await pc().ask(1, 'card.hello', HELLO)).type, 'result')
  const login = pc().ask(2, 'line.login', loginParams('b'))
  await turns()
  await card.clock.advance(0)
  t.like(await login, { result: { verdict: 'permitted' } })
  t.false(card.server.locked)
  t.is(log.filter((line) => line === 'usb.closed USB_PORT_UNUSABLE').length, REOPEN_MS.length + 1)
  await keeper.close()
  t.is(card.clock.waiting, 0)
})

test('a PC that restarts on a cable that says nothing: its hello ends the old call, its login waits for the hanging up', async (t) => {
  const { card, keeper, pc } = await kept()
  await keeper.start()
  card.line.script = ['never-ends']
  void pc().ask(1, 'line.login', loginParams('a'))
  await turns()
  await pc().write('{"jsonrpc":"2.0","id":2,"meth\n')
  t.is((await pc().ask(0, 'card.hello', HELLO)).type, 'result')
  const login = pc().ask(5, 'line.login', loginParams('b'))
  await turns()
  await card.clock.advance(0)
  await turns()
  await card.clock.advance(0)
  t.like(await login, { result: { verdict: 'permitted' } })
  t.is(card.line.calls[0]?.hungUp, 1)
  t.false(pc().messages.some((it) => 'id' in it && it.id === 1))
  await keeper.close()
})

test('a program that ends while the port is away opens nothing any more', async (t) => {
  const it = await kept()
  await it.keeper.start()
  it.pc().vanish()
  await turns()
  await it.keeper.close()
  await it.card.clock.advance(60_000)
  t.is(it.cables.length, 1)
  t.is(it.card.clock.waiting, 0)
})

test('the end of the program: what was answered last goes out, and a PC that does not read is not waited for', async (t) => {
  for (const reads of [true, false]) {
    const card = await enrolledCard()
    const pc = new Pc(reads)
    const keeper = new UsbKeeper({
      open: async () => pc.port,
      api: card.api(),
      clock: card.clock,
      onGone: () => {},
      log: () => {},
    })
    await keeper.start()
    card.line.script = ['never-ends']
    for (let n = 0; n < 300; n++) keeper.link?.notify('line.state', { state: 'idle', text: 'x'.repeat(150) })
    void pc.ask(1, 'line.login', loginParams('a'))
    await turns()
    await card.end(card.jobs.close())
    const closing = keeper.close()
    await turns()
    t.is(pc.closed, reads ? 1 : 0)
    await card.clock.advance(500)
    await closing
    t.is(pc.closed, 1)
    if (reads) t.is(failureOf(await pc.answer(1)), 'LINE_CANCELLED')
    t.is(card.clock.waiting, 0)
  }
})
