import { type ChildProcess, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import test, { type ExecutionContext } from 'ava'
import { CONTENT } from '../../../demo/stage.ts'
import { folder } from '../../server/world.ts'
import { PASSWORD, USER } from '../fixture.ts'
import { type Capture, missing, type Net, Networks, PRIVATE_ADDRESS, SERVER_ADDRESS } from './networks.ts'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const CARD_NUMBER = '+819012345678'
const APN = 'keyline.private'
const LOADED = 'coast.jpeg'
const TIMEOUT_MS = 240_000
const INTERNET = `${SERVER_ADDRESS}:8443`

interface Routing {
  readonly figure: string
  readonly bearer: 'call' | 'packet'
  /** Of the server: in the mobile network, or in the fixed one. */
  readonly number: string
  /** How the PC leaves for the Internet. */
  readonly via: 'fixed' | 'mobile'
  /** The network of the Internet path goes away in the session. */
  readonly lost?: boolean
}

/** SYSTEM.md §5, D-1 and D-4. */
const ROUTINGS: readonly Routing[] = [
  { figure: 'figure 1, secret over the mobile network', bearer: 'call', number: '+819000000077', via: 'fixed' },
  { figure: 'figure 10, secret over mobile and fixed network', bearer: 'call', number: '+81312345678', via: 'fixed' },
  { figure: 'figure 11, both over the mobile network', bearer: 'call', number: '+819000000077', via: 'mobile' },
  { figure: 'figure 11 with a packet line (D-4)', bearer: 'packet', number: '+819000000077', via: 'mobile' },
  {
    figure: 'figure 11, and the mobile network goes away',
    bearer: 'call',
    number: '+819000000077',
    via: 'mobile',
    lost: true,
  },
]

type Event = Readonly<Record<string, unknown>>

/** A program with JSON lines. @returns the first one that fits */
async function until(child: ChildProcess, fits: (event: Event) => boolean): Promise<Event> {
  let complaint = ''
  child.stderr?.on('data', (text: Buffer) => {
    complaint += text
  })
  if (child.stdout === null) throw new Error('no output')
  for await (const line of createInterface({ input: child.stdout })) {
    const event = JSON.parse(line) as Event // our own program's output
    if (fits(event)) {
      child.stdout.resume()
      return event
    }
  }
  throw new Error(`it ended: ${complaint}`)
}

const is = (name: string) => (event: Event) => event.event === name
const node = (script: string, ...args: readonly string[]): readonly string[] => {
  return [process.execPath, '--disable-warning=ExperimentalWarning', join(ROOT, script), ...args]
}

/** Exchange, server, card and PC, each in its own network; logs in and loads something. */
async function play(t: ExecutionContext, { bearer, number, via, lost = false }: Routing) {
  const own = folder(t)
  const nets = new Networks(t, own)
  const start = (host: Parameters<Networks['spawn']>[0], argv: readonly string[]): ChildProcess => {
    const child = nets.spawn(host, argv)
    t.teardown(async () => {
      if (child.exitCode !== null) return
      const closed = once(child, 'close')
      child.kill('SIGKILL')
      await closed
    })
    return child
  }
  const tapes = join(own, 'tapes')
  mkdirSync(tapes)
  const apn = `${APN},10.0.0.1:7000=${PRIVATE_ADDRESS}:7000`
  const modems = ['--modem', number, '--modem', `${CARD_NUMBER},profile=simcom`]
  const options = ['--cable', 'usb', '--apn', apn, '--rate', '64000', '--latency', '5', '--ring-after', '10']
  const sim = start('apn', node('sim/main.ts', '--json', ...modems, ...options, '--record', tapes))
  sim.stdin?.on('error', () => {})
  const ready = (await until(sim, is('ready'))) as unknown as {
    readonly modems: readonly { readonly path: string }[]
    readonly cables: readonly { readonly pc: string; readonly card: string }[]
  }
  const data = join(own, 'server')
  const manage = (args: readonly string[], input = ''): string => {
    const [program = '', ...rest] = node('server/main.ts', ...args, '--data', data)
    return spawnSync(program, rest, { input, encoding: 'utf8' }).stdout.trim()
  }
  manage(['user', 'add', USER], `${PASSWORD}\n`)
  const address = bearer === 'call' ? ['--number', number] : ['--packet', `${APN}/10.0.0.1:7000`]
  const ticket = manage(['ticket', 'card-1', '--internet', INTERNET, ...address])
  const port =
    bearer === 'call' ? ['--modem', ready.modems[0]?.path ?? ''] : ['--packet-listen', `${PRIVATE_ADDRESS}:7000`]
  const serverArgs = ['run', '--data', data, '--content', CONTENT, '--listen', INTERNET, '--json', ...port]
  await until(start('server', node('server/main.ts', ...serverArgs)), is('ready'))
  const cardArgs = [
    '--usb',
    ready.cables[0]?.card ?? '',
    '--modem',
    ready.modems[1]?.path ?? '',
    '--store',
    join(own, 'card'),
  ]
  await until(start('card', node('firmware/main.ts', ...cardArgs, '--json')), is('ready'))

  const stops = new Map<Net, () => Promise<Capture>>()
  for (const net of ['fixed', 'mobile', 'private'] as const) stops.set(net, await nets.capture(t, net))
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: own,
    KEYLINE_STATE: join(own, 'state'),
    KEYLINE_CARD: ready.cables[0]?.pc ?? '',
  }
  const pc = async (args: readonly string[], input = ''): Promise<Event> => {
    const child = nets.spawn('pc', node('host-driver/cli/main.ts', ...args, '--json'), env)
    child.stdin?.end(input)
    return until(child, (event) => 'ok' in event)
  }
  t.like(await pc(['enrol', '-'], `${ticket}\n`), { ok: true })
  const login = ['login', '--user', USER, ...(via === 'mobile' ? ['--internet-via', 'mobile'] : [])]
  t.like(await pc(login, `${PASSWORD}\n`), { ok: true })
  t.like(await pc(['get', LOADED, '--to', join(own, LOADED)]), { ok: true })
  const captures = new Map<Net, Capture>()
  const stop = async (net: Net): Promise<void> => {
    const capture = await stops.get(net)?.()
    stops.delete(net)
    if (capture !== undefined) captures.set(net, capture)
  }
  if (lost) {
    await stop(via) // tcpdump ends with its interface
    nets.lose(via)
    const again = await pc([...login, '--fresh'], `${PASSWORD}\n`)
    t.like(again, { ok: false, error: { code: 'INTERNET_VIA_ABSENT' } })
  }
  // Where the network is gone, the connection that is still open tries to tell the server.
  t.like(await pc(['logout']), { ok: true })
  for (const net of [...stops.keys()]) await stop(net)
  const calls = readdirSync(tapes).filter((name) => name.startsWith('call-') && statSync(join(tapes, name)).size > 0)
  return { captures, calls: calls.length }
}

const why = missing()
for (const routing of ROUTINGS) {
  test.serial(`${routing.figure}: each path uses its networks and no other`, async (t) => {
    t.timeout(TIMEOUT_MS)
    if (why !== undefined) {
      t.log(`NOT RUN: ${why}`)
      return t.pass()
    }
    const { captures, calls } = await play(t, routing)
    const packets = (net: Net): number => captures.get(net)?.packets ?? Number.NaN
    t.log(
      `packets: fixed ${packets('fixed')}, mobile ${packets('mobile')}, private ${packets('private')}; calls ${calls}`,
    )
    const other = routing.via === 'fixed' ? 'mobile' : 'fixed'
    const carried = captures.get(routing.via)?.bytes.length ?? 0
    t.true(carried > statSync(join(CONTENT, LOADED)).size, 'the Internet path did not go by its network')
    t.is(packets(other), 0, 'something went by a network that it should not use')
    if (routing.bearer === 'packet') t.true(packets('private') > 5)
    else t.is(packets('private'), 0)
    t.is(calls > 0, routing.bearer === 'call')
    for (const { bytes } of captures.values()) {
      for (const secret of [USER, PASSWORD])
        t.false(bytes.includes(secret), 'a secret was in the clear on some network')
    }
    return undefined
  })
}
