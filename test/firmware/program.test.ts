import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test, { type ExecutionContext } from 'ava'
import { BOARD_PINS } from '../../firmware/board/board.ts'
import { CALL_HOLD_MS, STUCK_MS } from '../../firmware/board/consent-button.ts'
import { MemoryGpio } from '../../firmware/board/gpio.ts'
import { LONG_PRESS_MS } from '../../firmware/board/long-press.ts'
import { CardError } from '../../firmware/card/errors.ts'
import type { ProgramEvent } from '../../firmware/events.ts'
import { type CardWorld, startCard } from '../../firmware/program.ts'
import { FakeClock } from '../fake-clock.ts'
import { loginParams } from './card/card.ts'
import { FakeLine } from './card/fake-line.ts'
import { ServerDouble } from './card/server-double.ts'
import { failureOf, HELLO, Pc } from './usb/pc.ts'

const MAIN = fileURLToPath(new URL('../../firmware/main.ts', import.meta.url))

function folder(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), 'keyline-card-'))
  t.teardown(() => rmSync(path, { recursive: true }))
  return path
}

function worldOf(pc: Pc) {
  const line = Object.assign(new FakeLine(new ServerDouble()), { closed: 0 })
  const gpio = new MemoryGpio()
  const events: ProgramEvent[] = []
  const world: CardWorld = {
    openUsb: async () => pc.port,
    line: Object.assign(line, {
      close: async () => {
        line.closed++
      },
    }),
    policy: [{ bearer: 'call', budgetMs: 240_000 }],
    gpio,
    print: (event) => events.push(event),
    onPcGone: () => {},
    nowSeconds: () => 1_900_000_000,
  }
  return { world, line, gpio, events }
}

const options = (store: string) => ({ usb: 'test', modem: '/dev/m', store, baud: 115_200, json: true })

test('the whole card but for its modem: enrolment, login, lights, news, and a clean end', async (t) => {
  const store = join(folder(t), 'store')
  const pc = new Pc()
  const { world, line, gpio, events } = worldOf(pc)
  const card = await startCard(options(store), world)
  t.like(events.at(-1), { event: 'ready', enrolled: false, modem: '/dev/fake', usb: 'test' })
  await pc.ask(1, 'card.hello', HELLO)
  t.is(failureOf(await pc.ask(2, 'line.login', loginParams('a'))), 'CARD_NOT_ENROLLED')
  t.is(gpio.level(BOARD_PINS.fault), 1)
  t.like(await pc.ask(3, 'card.enrol', { ticket: line.server.ticket('one') }), { result: { cardId: 'card-one' } })
  t.is(gpio.level(BOARD_PINS.fault), 0)
  t.like(await pc.ask(4, 'line.login', loginParams('a')), { result: { verdict: 'permitted' } })
  t.is(gpio.level(BOARD_PINS.line), 0)
  const steps = pc.messages.flatMap((it) =>
    it.type === 'notification' ? ((it.params as { step?: string }).step ?? []) : [],
  )
  t.deepEqual(steps, ['S2', 'S6', 'S7', 'S5', "S7'", 'S10'])
  t.true(events.some((it) => it.event === 'enrolled' && it.cardId === 'card-one'))
  t.false(JSON.stringify(events).includes('correct horse') || JSON.stringify(events).includes('alice'))
  await card.close()
  t.is(line.closed, 1)
  t.true(gpio.closed)
  t.is(pc.closed, 1)
  t.deepEqual(readdirSync(store).sort(), ['files', 'vault'])
  const again = worldOf(new Pc())
  const next = await startCard(options(store), again.world)
  t.like(again.events.at(-1), { event: 'ready', enrolled: true, cardId: 'card-one' })
  await next.close()
})

test('a call that runs is hung up at the end of the program', async (t) => {
  const pc = new Pc()
  const { world, line } = worldOf(pc)
  const card = await startCard(options(join(folder(t), 'store')), world)
  await pc.ask(1, 'card.enrol', { ticket: line.server.ticket('one') })
  line.script = ['never-ends']
  const login = pc.ask(2, 'line.login', loginParams('a'))
  while (line.calls.length < 2) await new Promise((resolve) => setImmediate(resolve))
  await card.close()
  t.is(line.calls[1]?.hungUp, 1)
  t.is(failureOf(await login), 'LINE_CANCELLED')
})

test('the button, held, ends the call', async (t) => {
  const pc = new Pc()
  const { world, line, gpio } = worldOf(pc)
  const clock = new FakeClock()
  const card = await startCard(options(join(folder(t), 'store')), { ...world, clock })
  await pc.ask(1, 'card.enrol', { ticket: line.server.ticket('one') })
  line.script = ['never-ends']
  const login = pc.ask(2, 'line.login', loginParams('a'))
  while (line.calls.length < 2) await new Promise((resolve) => setImmediate(resolve))
  t.is(gpio.level(BOARD_PINS.line), 1)
  const timers = clock.waiting
  gpio.drive(BOARD_PINS.button, 0)
  while (clock.waiting === timers) await new Promise((resolve) => setTimeout(resolve, 1))
  await clock.advance(LONG_PRESS_MS)
  await clock.advance(0)
  t.is(failureOf(await login), 'LINE_CANCELLED')
  t.is(line.calls[1]?.hungUp, 1)
  t.is(gpio.level(BOARD_PINS.line), 0)
  t.is(gpio.level(BOARD_PINS.fault), 0)
  gpio.drive(BOARD_PINS.button, 1)
  await card.close()
})

test('what cannot be started leaves nothing open', async (t) => {
  const store = folder(t)
  const { world, line, gpio } = worldOf(new Pc())
  const openUsb = async () => {
    throw new CardError('USB_PORT_UNUSABLE', 'nothing there')
  }
  await t.throwsAsync(startCard(options(store), { ...world, openUsb }), { code: 'USB_PORT_UNUSABLE' })
  t.is(line.closed, 1)
  t.true(gpio.closed)
  t.deepEqual(readdirSync(store), ['files'])
  writeFileSync(join(store, 'vault'), 'not a vault')
  await t.throwsAsync(startCard(options(store), worldOf(new Pc()).world), { code: 'VAULT_DAMAGED' })
  t.deepEqual(readdirSync(store).sort(), ['files', 'vault'])
  writeFileSync(join(store, 'file'), '')
  await t.throwsAsync(startCard(options(join(store, 'file')), worldOf(new Pc()).world), { code: 'VAULT_UNWRITABLE' })
})

interface Program {
  readonly child: ChildProcessWithoutNullStreams
  readonly ended: Promise<{ readonly code: number | null; readonly out: string; readonly err: string }>
}

function run(t: ExecutionContext, args: readonly string[]): Program {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, ...args])
  t.teardown(() => child.kill('SIGKILL'))
  let [out, err] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text
  })
  child.stdin.on('error', () => {})
  const ended = once(child, 'close').then(([code]: (number | null)[]) => ({ code: code ?? null, out, err }))
  return { child, ended }
}

function stdio(t: ExecutionContext): Program {
  const store = join(folder(t), 'store')
  return run(t, ['--usb', 'stdio', '--modem', '/dev/keyline-none', '--store', store, '--json'])
}

test('on standard input and output: answers there, events on standard error, and its end is the program’s', async (t) => {
  const { child, ended } = stdio(t)
  const login = {
    jsonrpc: '2.0',
    id: 2,
    method: 'line.login',
    params: { ...loginParams('a'), password: 'pw-secret-1' },
  }
  child.stdin.write('{"jsonrpc":"2.0","id":1,"method":"card.hello","params":{"version":1,"driver":"x"}}\n')
  child.stdin.write(`${JSON.stringify(login)}\n`)
  let out = ''
  while (!out.includes('"id":2')) {
    const [text] = (await once(child.stdout, 'data')) as [string]
    out += text
  }
  child.stdin.end()
  const { code, err, out: all } = await ended
  t.is(code, 0)
  for (const line of all.trim().split('\n')) t.is((JSON.parse(line) as { jsonrpc: string }).jsonrpc, '2.0')
  const events = err
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { event: string }).event)
  t.true(events.includes('ready'))
  t.true(events.includes('job.failed'))
  t.false(`${all}${err}`.includes('pw-secret'))
})

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal} ends it with 0`, async (t) => {
    const { child, ended } = stdio(t)
    await answers(child)
    child.kill(signal)
    t.is((await ended).code, 0)
  })
}

/** Resolves as soon as the card answers. */
async function answers(child: ChildProcessWithoutNullStreams): Promise<void> {
  child.stdin.write('{"jsonrpc":"2.0","id":1,"method":"card.status","params":{}}\n')
  await once(child.stdout, 'data')
}

test('one sentence with code and cure, and the exit code', async (t) => {
  const usage = await run(t, ['--usb', 'stdio']).ended
  t.is(usage.code, 2)
  t.regex(usage.err, /^USAGE: [^\n]+; see keyline card --help\n$/)
  const help = await run(t, ['--help']).ended
  t.is(help.code, 0)
  t.regex(help.out, /--store DIR/)
  const store = join(folder(t), 'store')
  mkdirSync(store)
  writeFileSync(join(store, 'vault'), 'damaged')
  const damaged = await run(t, ['--usb', 'stdio', '--modem', '/dev/m', '--store', store]).ended
  t.is(damaged.code, 1)
  t.regex(damaged.err, /^VAULT_DAMAGED: [^\n]+; [^\n]+\n$/)
  const args = ['--usb', '/dev/keyline-none', '--modem', '/dev/m', '--store', join(folder(t), 's')]
  const port = await run(t, args).ended
  t.is(port.code, 1)
  t.regex(port.err, /^USB_PORT_UNUSABLE: [^\n]+; [^\n]+\n$/)
})

test('consent by the button: the light asks, the press allows, and no request leaves before; power is on', async (t) => {
  const pc = new Pc()
  const { world, line, gpio } = worldOf(pc)
  const clock = new FakeClock()
  const consent = { policy: { login: 'always', enrol: 'never', pay: 'always' }, waitMs: 30_000 } as const
  const card = await startCard(options(join(folder(t), 'store')), { ...world, clock, consent })
  t.is(gpio.level(BOARD_PINS.power), 1)
  await pc.ask(1, 'card.enrol', { ticket: line.server.ticket('one') })
  const login = pc.ask(2, 'line.login', loginParams('a'))
  const waiting = async (so: () => boolean): Promise<void> => {
    while (!so()) await new Promise((resolve) => setTimeout(resolve, 1))
  }
  await waiting(() => gpio.level(BOARD_PINS.consent) === 1)
  await clock.advance(28_000)
  t.is(line.calls.length, 1)
  const timers = clock.waiting
  gpio.drive(BOARD_PINS.button, 0)
  await waiting(() => clock.waiting > timers)
  await clock.advance(CALL_HOLD_MS - 1)
  t.is(line.calls.length, 1)
  await clock.advance(1)
  t.like(await login, { result: { verdict: 'permitted' } })
  t.is(gpio.level(BOARD_PINS.consent), 0)
  const states = pc.messages.flatMap((it) =>
    it.type === 'notification' ? ((it.params as { state?: string }).state ?? []) : [],
  )
  t.true(states.includes('consenting'))
  gpio.drive(BOARD_PINS.button, 1)
  await card.close()
  t.is(gpio.level(BOARD_PINS.power), 0)
})

test('a button that is stuck from the start is told, and shown, and allows nothing', async (t) => {
  const pc = new Pc()
  const { world, line, gpio, events } = worldOf(pc)
  const clock = new FakeClock()
  const consent = { policy: { login: 'always', enrol: 'never', pay: 'always' }, waitMs: 30_000 } as const
  gpio.drive(BOARD_PINS.button, 0)
  const card = await startCard(options(join(folder(t), 'store')), { ...world, clock, consent })
  await pc.ask(1, 'card.enrol', { ticket: line.server.ticket('one') })
  const stuck = () => events.some((it) => it.event === 'button.stuck' && it.code === 'BUTTON_STUCK')
  while (!stuck()) {
    await new Promise((resolve) => setTimeout(resolve, 1))
    await clock.advance(STUCK_MS)
  }
  t.is(gpio.level(BOARD_PINS.fault), 1)
  t.is(failureOf(await pc.ask(2, 'line.login', loginParams('a'))), 'BUTTON_STUCK')
  t.is(line.calls.length, 1)
  t.is(gpio.level(BOARD_PINS.fault), 1)
  gpio.drive(BOARD_PINS.button, 1)
  await card.close()
})

test('a PC that cancels, or goes away, takes its question along', async (t) => {
  const pc = new Pc()
  const { world, line, gpio, events } = worldOf(pc)
  const consent = { policy: { login: 'always', enrol: 'never', pay: 'always' }, waitMs: 30_000 } as const
  const card = await startCard(options(join(folder(t), 'store')), { ...world, consent })
  await pc.ask(1, 'card.enrol', { ticket: line.server.ticket('one') })
  const asked = async (): Promise<void> => {
    while (gpio.level(BOARD_PINS.consent) !== 1) await new Promise((resolve) => setTimeout(resolve, 1))
  }
  const login = pc.ask(2, 'line.login', loginParams('a'))
  await asked()
  t.like(await pc.ask(3, 'line.cancel', {}), { result: { cancelled: true } })
  t.is(failureOf(await login), 'LINE_CANCELLED')
  t.is(gpio.level(BOARD_PINS.consent), 0)
  // Another driver begins: the one before is gone, and nobody waits for its answer.
  void pc.ask(4, 'line.login', loginParams('b'))
  await asked()
  const before = events.length
  await pc.ask(5, 'card.hello', HELLO)
  const over = () => events.slice(before).some((it) => it.event === 'job.failed' && it.code === 'LINE_CANCELLED')
  while (!over()) await new Promise((resolve) => setImmediate(resolve))
  t.is(gpio.level(BOARD_PINS.consent), 0)
  t.is(line.calls.length, 1)
  await card.close()
})

test('a start that fails is shown for a while where there are lights', async (t) => {
  const store = folder(t)
  const { world, gpio } = worldOf(new Pc())
  const clock = new FakeClock()
  const openUsb = async () => {
    throw new CardError('USB_PORT_UNUSABLE', 'nothing there')
  }
  const start = startCard(options(store), { ...world, clock, pins: BOARD_PINS, openUsb })
  start.catch(() => {})
  while (gpio.level(BOARD_PINS.fault) !== 1) await new Promise((resolve) => setImmediate(resolve))
  t.false(gpio.closed)
  await clock.advance(3000)
  await t.throwsAsync(start, { code: 'USB_PORT_UNUSABLE' })
  t.true(gpio.closed)
  t.is(clock.waiting, 0)
})
