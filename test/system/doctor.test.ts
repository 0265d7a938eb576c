import test, { type ExecutionContext } from 'ava'
import { APN, CARD_NUMBER, type World } from '../../demo/world.ts'
import { home } from '../host-driver/cli/run.ts'
import { logIn, running, withTerminal } from './fixture.ts'

/** On the Internet of the simulated world, as far as a network reaches it. */
const CANARY = '192.0.2.1:443'
const TIMEOUT_MS = 240_000

async function packetWorld(t: ExecutionContext, canary: boolean): Promise<World> {
  t.timeout(TIMEOUT_MS)
  const world = await running(t, { bearer: 'packet', rate: 1_000_000, latencyMs: 5 })
  const ticket = await world.ticket('card-1', canary ? ['--canary', CANARY] : [])
  await withTerminal(world, (terminal) => terminal.enrol(ticket))
  return world
}

interface CheckLine {
  readonly type?: string
  readonly name?: string
  readonly verdict?: string
  readonly cure?: string
}

async function doctor(t: ExecutionContext, world: World) {
  const user = await home(t)
  const { code, lines, last } = await user.run(['doctor', '--card', world.cardPort, '--json'])
  const checks = (lines as readonly CheckLine[]).filter(({ type }) => type === 'check')
  return { code, last, checks, verdict: (name: string) => checks.find((it) => it.name === name)?.verdict }
}

test.serial('a private network: everything is well, and that it is not the Internet is proved', async (t) => {
  const world = await packetWorld(t, true)
  const { code, checks, verdict } = await doctor(t, world)
  t.is(code, 0, JSON.stringify(checks))
  t.deepEqual(
    checks.map(({ name }) => name),
    [
      ...[
        'clock',
        'permission',
        'ModemManager',
        'card',
        'pairing',
        'board',
        'console on the UART',
        'power key',
        "card's clock",
        "card's memory",
      ],
      ...['modem', 'SIM card', 'network', 'signal', 'packet', 'Internet'],
    ],
  )
  t.is(verdict('packet'), 'ok')
  t.is(verdict('pairing'), 'unproved')
})

test.serial('a network that reaches the Internet is named by doctor, and is never the line', async (t) => {
  const world = await packetWorld(t, true)
  await world.sim.command({ do: 'apn', name: APN, internet: true })
  await world.sim.command({ do: 'packet', number: CARD_NUMBER, drop: 'context' })
  const { code, last, checks, verdict } = await doctor(t, world)
  t.is(code, 4)
  t.like(last, { ok: false, error: { code: 'DOCTOR_FAILED' } })
  t.is(verdict('packet'), 'failed')
  t.regex(checks.find(({ name }) => name === 'packet')?.cure ?? '', /must not be used as the line/)
  const requests = world.server.events.filter(({ event }) => event === 'login.checked').length
  await withTerminal(world, (terminal) => t.throwsAsync(logIn(terminal), { code: 'LINE_IS_INTERNET' }))
  t.is(world.server.events.filter(({ event }) => event === 'login.checked').length, requests)
})

test.serial('without a canary nothing is proved, and doctor says so', async (t) => {
  const world = await packetWorld(t, false)
  const { code, verdict } = await doctor(t, world)
  t.is(code, 0)
  t.is(verdict('packet'), 'unproved')
})

test.serial('no SIM card, no card at all: said, with what to do', async (t) => {
  const world = await packetWorld(t, false)
  await world.sim.command({ do: 'sim', number: CARD_NUMBER, state: 'absent' })
  await world.sim.command({ do: 'reset', number: CARD_NUMBER, downMs: 100 })
  const without = await doctor(t, world)
  t.is(without.code, 4)
  t.is(without.verdict('SIM card'), 'failed')
  const user = await home(t)
  const none = await user.run(['doctor', '--card', '/dev/nonexistent', '--json'])
  t.is(none.code, 4)
})
