import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { MemoryGpio } from '../../firmware/board/gpio.ts'
import { CardError } from '../../firmware/card/errors.ts'
import { ModemLine } from '../../firmware/card/modem-line.ts'
import { describe, type ProgramEvent } from '../../firmware/events.ts'
import { type CardWorld, startCard } from '../../firmware/program.ts'
import { REOPEN_MS } from '../../firmware/usb/usb-keeper.ts'
import type { UsbPort } from '../../firmware/usb/usb-link.ts'
import { Secret } from '../../keys/secret.ts'
import { FakeClock } from '../fake-clock.ts'
import { CARD_NUMBER, loginParams, payParams } from './card/card.ts'
import { FakeLine } from './card/fake-line.ts'
import { MemoryDisk } from './card/memory-disk.ts'
import { ServerDouble } from './card/server-double.ts'
import { updatesOn } from './update/fixture.ts'
import { failureOf, HELLO, Pc } from './usb/pc.ts'

const OPTIONS = { usb: 'test', modem: '/dev/m' }

function store(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), 'keyline-start-'))
  t.teardown(() => rmSync(path, { recursive: true }))
  return join(path, 'store')
}

function worldOf(openUsb: () => Promise<UsbPort>, more: Partial<CardWorld> = {}) {
  const events: ProgramEvent[] = []
  const line = Object.assign(new FakeLine(new ServerDouble()), { close: async () => {} })
  const world: CardWorld = {
    openUsb,
    line,
    policy: [{ bearer: 'call', budgetMs: 240_000 }],
    gpio: new MemoryGpio(),
    print: (event) => events.push(event),
    onPcGone: () => {},
    nowSeconds: () => 1_900_000_000,
    ...more,
  }
  return { world, line, events }
}

test('no port to the PC yet: a board starts, and serves as soon as there is one', async (t) => {
  const clock = new FakeClock()
  const pc = new Pc()
  let there = false
  const openUsb = async (): Promise<UsbPort> => {
    if (!there) throw new CardError('USB_PORT_UNUSABLE', 'nothing there')
    return pc.port
  }
  const { world, events } = worldOf(openUsb, { clock, updates: updatesOn(new MemoryDisk()) })
  const card = await startCard({ ...OPTIONS, store: store(t) }, world)
  t.true(events.some(({ event }) => event === 'ready'))
  await clock.advance(60_000)
  there = true
  await clock.advance(Math.max(...REOPEN_MS))
  t.like(await pc.ask(1, 'card.hello', HELLO), { result: { version: 1 } })
  await card.close()
})

test('no modem: a card starts, says so, and its watchdog is fed', async (t) => {
  const clock = new FakeClock()
  const pc = new Pc()
  const line = new ModemLine({
    path: '/dev/m',
    clock,
    openPort: async () => {
      throw new Error('no such device')
    },
    log: () => {},
  })
  const { world } = worldOf(async () => pc.port, { line, clock })
  const card = await startCard({ ...OPTIONS, store: store(t) }, world)
  t.false(line.known)
  await line.probe()
  t.true(line.known)
  await clock.advance(3_600_000)
  t.true(line.progressing)
  t.like(await pc.ask(1, 'card.hello', HELLO), { result: { card: { modem: '/dev/m: no such device' } } })
  await card.close()
})

for (const seconds of [0, 1, 4_102_444_800, 253_402_300_799]) {
  test(`a clock that says ${new Date(seconds * 1000).toISOString()}: a card that is enrolled starts and logs in`, async (t) => {
    const folder = store(t)
    const pc = new Pc()
    const first = worldOf(async () => pc.port)
    const before = await startCard({ ...OPTIONS, store: folder }, first.world)
    t.like(await pc.ask(1, 'card.enrol', { ticket: first.line.server.ticket('one') }), {
      result: { cardId: 'card-one' },
    })
    await before.close()
    const again = new Pc()
    const { world } = worldOf(async () => again.port, {
      line: Object.assign(first.line, {}),
      nowSeconds: () => seconds,
    })
    const card = await startCard({ ...OPTIONS, store: folder }, world)
    t.like(await again.ask(1, 'line.login', loginParams('a')), { result: { verdict: 'permitted' } })
    await card.close()
  })
}

test('nothing secret stands in any event of an enrolment, a PIN, a login and a payment, nor in the log of them', async (t) => {
  const pc = new Pc()
  const { world, line, events } = worldOf(async () => pc.port, {
    boardSecret: new Secret(new Uint8Array(32).fill(0x5a)),
  })
  const card = await startCard({ ...OPTIONS, store: store(t) }, world)
  const ticket = line.server.ticket('one')
  const login = loginParams('a')
  const pay = payParams('a')
  await pc.ask(1, 'card.hello', HELLO)
  t.like(await pc.ask(2, 'card.enrol', { ticket }), { result: { cardId: 'card-one' } })
  t.like(await pc.ask(3, 'card.pin.set', { current: '', wanted: '86753091' }), { result: { pin: 'open' } })
  t.is(failureOf(await pc.ask(4, 'card.pin.set', { current: '00001111', wanted: '' })), 'CARD_PIN_WRONG')
  t.like(await pc.ask(5, 'line.login', login), { result: { verdict: 'permitted' } })
  await pc.ask(6, 'line.pay', pay)
  await pc.ask(7, 'line.login', { ...login, password: 'another-secret-word', userId: 'x'.repeat(2000) })
  await card.close()
  t.true(events.length > 10)
  const log = events.map((event) => `${JSON.stringify(event)}\n${describe(event)}`).join('\n')
  const secrets = [
    ...[ticket, '86753091', '00001111', login.password, login.userId, ...login.terminalKeys, 'another-secret-word'],
    ...[pay.tag, pay.request, CARD_NUMBER, 'Aoyama', 'Nowhere Street', '987', '5a5a5a'],
  ]
  for (const secret of secrets) t.false(log.includes(secret), secret.slice(0, 20))
})
