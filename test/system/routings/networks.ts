import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ExecutionContext } from 'ava'

/** The server's address on the Internet, reached from every network that leads there. */
export const SERVER_ADDRESS = '10.99.0.1'
/** The networks of SYSTEM.md §5 that carry IP, as interfaces of the PC or of the private network's gateway: subnet by subnet. */
const NETS = { fixed: 1, mobile: 2, private: 3 } as const
export type Net = keyof typeof NETS
/** The server's address in the private network. */
export const PRIVATE_ADDRESS = `10.77.${NETS.private}.2`
const CAPTURE_MS = 10_000

function ip(...args: readonly string[]): boolean {
  return spawnSync('ip', args, { encoding: 'utf8' }).status === 0
}

/** Why there are none: then the test says so and does not pass for one that ran. @returns undefined where they can be made */
export function missing(): string | undefined {
  for (const program of ['ip', 'tcpdump']) {
    if (spawnSync(program, ['-V'], { stdio: 'ignore' }).error !== undefined) return `there is no ${program}`
  }
  const name = `kl-try-${process.pid}`
  const made = ip('netns', 'add', name)
  if (made) ip('netns', 'del', name)
  return made ? undefined : 'this account may not make network namespaces'
}

/**
 * Three hosts of the test's own: the PC, the server, and the gateway of the mobile network's private access point. The PC reaches the
 * server's one address by the fixed network, which is its default, and by the mobile network, if it leaves by that interface. The card is
 * in a namespace without any network at all. Everything goes with the test.
 */
export class Networks {
  readonly #id = `${process.pid}-${Math.floor(performance.now())}`
  readonly #folder: string

  constructor(t: ExecutionContext, folder: string) {
    this.#folder = folder
    const hosts = ['pc', 'server', 'apn', 'card'] as const
    t.teardown(() => {
      for (const host of hosts) ip('netns', 'del', this.name(host))
    })
    for (const host of hosts) this.#must('netns', 'add', this.name(host))
    for (const host of ['pc', 'server', 'apn'] as const) this.#in(host, 'link', 'set', 'lo', 'up')
    this.#in('server', 'addr', 'add', `${SERVER_ADDRESS}/32`, 'dev', 'lo')
    this.#join('pc', 'fixed')
    this.#join('pc', 'mobile')
    this.#join('apn', 'private')
    this.#in('pc', 'route', 'add', SERVER_ADDRESS, 'via', `10.77.${NETS.fixed}.2`)
    // What leaves by the mobile interface goes by the mobile network.
    this.#in('pc', 'rule', 'add', 'from', `10.77.${NETS.mobile}.1`, 'table', '77')
    this.#in('pc', 'route', 'add', SERVER_ADDRESS, 'via', `10.77.${NETS.mobile}.2`, 'table', '77')
    // And by no other where that is down: without this the main table would be asked.
    this.#in('pc', 'route', 'add', 'unreachable', 'default', 'metric', '9999', 'table', '77')
  }

  name(host: 'pc' | 'server' | 'apn' | 'card'): string {
    return `kl-${host}-${this.#id}`
  }

  /** A program there. */
  spawn(host: 'pc' | 'server' | 'apn' | 'card', argv: readonly string[], env = process.env): ChildProcess {
    return spawn('ip', ['netns', 'exec', this.name(host), ...argv], { stdio: 'pipe', env })
  }

  /** Records a network, at the PC or, for the private one, at its gateway. @returns how to end it, with all that passed */
  async capture(t: ExecutionContext, net: Net): Promise<() => Promise<Capture>> {
    const file = join(this.#folder, `${net}.pcap`)
    const host = net === 'private' ? 'apn' : 'pc'
    const child = this.spawn(host, [
      'tcpdump',
      '-i',
      net,
      '--immediate-mode',
      '-Z',
      'root',
      '-U',
      '-s',
      '0',
      '-w',
      file,
      'tcp',
    ])
    t.teardown(() => child.kill('SIGKILL'))
    let said = ''
    child.stderr?.on('data', (text: Buffer) => {
      said += text
    })
    for (let waited = 0; !said.includes('listening on'); waited += 50) {
      if (waited > CAPTURE_MS) throw new Error(`tcpdump does not start: ${said}`)
      await sleep(50)
    }
    return async () => {
      child.kill('SIGINT')
      await once(child, 'close')
      const bytes = readFileSync(file)
      return { bytes, packets: Number(/(\d+) packets? captured/.exec(said)?.[1]) }
    }
  }

  /** The PC loses a network; its routes go, its address stays. */
  lose(net: 'fixed' | 'mobile'): void {
    this.#in('pc', 'link', 'set', net, 'down')
  }

  #join(host: 'pc' | 'apn', net: Net): void {
    const subnet = `10.77.${NETS[net]}`
    const [near, far] = [this.name(host), this.name('server')]
    const other = `${net}-s`
    this.#must('link', 'add', net, 'netns', near, 'type', 'veth', 'peer', 'name', other, 'netns', far)
    this.#in(host, 'addr', 'add', `${subnet}.1/24`, 'dev', net)
    this.#in('server', 'addr', 'add', `${subnet}.2/24`, 'dev', other)
    this.#in(host, 'link', 'set', net, 'up')
    this.#in('server', 'link', 'set', other, 'up')
  }

  #in(host: 'pc' | 'server' | 'apn', ...args: readonly string[]): void {
    this.#must('-n', this.name(host), ...args)
  }

  #must(...args: readonly string[]): void {
    const { status, stderr } = spawnSync('ip', args, { encoding: 'utf8' })
    if (status !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr}`)
  }
}

export interface Capture {
  readonly packets: number
  readonly bytes: Buffer
}
