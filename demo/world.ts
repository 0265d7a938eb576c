import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type AcquirerProcess, makeKeyFile, startAcquirer } from '../sim/acquirer/process.ts'
import { type SimProcess, startSim } from '../sim/process.ts'
import { type Child, type ChildEvent, runProgram, startProgram } from './child.ts'
import type { Bearer } from './network.ts'

export interface WorldOptions {
  /** Bit/s of every line. */
  readonly rate: number
  /** One way, milliseconds. */
  readonly latencyMs: number
  /** What carries the line; a telephone call if nothing else is said. */
  readonly bearer?: Bearer
  /** Folder with what the server delivers. */
  readonly content: string
  /** Modems of the server, for calls or messages. */
  readonly serverModems?: number
  /** Lifetime of a session, seconds. */
  readonly lifetimeSeconds?: number
  /** Further arguments of the server. */
  readonly server?: readonly string[]
  /** Further arguments of the card, for the world that runs. */
  readonly card?: (sim: SimProcess) => readonly string[]
  /** Told each event, with who says it. */
  readonly onEvent?: (from: 'card' | 'server', event: ChildEvent) => void
  /** Further arguments of the simulator. */
  readonly sim?: readonly string[]
  /** Path of a bundle to be started as the card, instead of this repository's program. */
  readonly cardBundle?: string
}

export const SERVER_NUMBER = '+81312345678'
export const CARD_NUMBER = '+819012345678'
export const CARD_ID = 'card-1'
/** The private network, and the server's address in it. */
export const APN = 'keyline.private'
export const PACKET_ADDRESS = '10.0.0.1:7000'
const GOODS = fileURLToPath(new URL('./goods/goods.json', import.meta.url))
const CERTIFICATE = fileURLToPath(new URL('./certificate/', import.meta.url))
/** The only authority that a PC of this world trusts. */
export const CA = `${CERTIFICATE}ca.pem`

/**
 * The whole system on one machine: simulated exchange and Internet, a server with its modems, a card. Each is a process of
 * its own, joined to the others by ports and sockets only.
 */
export class World {
  readonly folder: string
  readonly sim: SimProcess
  readonly #options: WorldOptions
  #acquirer: AcquirerProcess | undefined
  #server: Child | undefined
  #card: Child | undefined

  private constructor(folder: string, sim: SimProcess, options: WorldOptions) {
    this.folder = folder
    this.sim = sim
    this.#options = options
  }

  static async start(options: WorldOptions): Promise<World> {
    const folder = await mkdtemp(join(tmpdir(), 'keyline-'))
    const { rate, latencyMs, bearer = 'call', serverModems = bearer === 'packet' ? 0 : 1, sim = [] } = options
    const numbers = Array.from({ length: serverModems }, (_, n) => (n === 0 ? SERVER_NUMBER : `${SERVER_NUMBER}${n}`))
    // A dialect with sockets for the card; all of them make calls and send messages.
    const modems = [...numbers, `${CARD_NUMBER},profile=simcom`].flatMap((number) => ['--modem', number])
    const taps = join(folder, 'taps')
    await mkdir(taps)
    const lines = {
      call: ['--rate', String(rate), '--latency', String(latencyMs)],
      packet: ['--apn', `${APN},rate=${rate},latency=${latencyMs}`],
      sms: ['--sms', `delay=${latencyMs}`],
    }[bearer]
    const args = [...modems, ...lines, '--cable', 'usb', '--relay', 'internet=', '--record', taps, ...sim]
    try {
      return new World(folder, await startSim(args), options)
    } catch (error) {
      await rm(folder, { recursive: true, force: true })
      throw error
    }
  }

  /** Recordings of every byte on line, cable and Internet. */
  get taps(): string {
    return join(this.folder, 'taps')
  }

  get serverData(): string {
    return join(this.folder, 'server')
  }

  get cardStore(): string {
    return join(this.folder, 'card')
  }

  /** The port that a PC opens. */
  get cardPort(): string {
    return this.sim.ready.cables[0]?.pc ?? ''
  }

  /** Where the Internet begins: everything to and from the server passes the relay. */
  get internet(): string {
    return `127.0.0.1:${this.sim.ready.relays[0]?.port}`
  }

  /** The card company. */
  get acquirer(): AcquirerProcess {
    if (this.#acquirer === undefined) throw new RangeError('expected a card company that was started')
    return this.#acquirer
  }

  get server(): Child {
    if (this.#server === undefined) throw new RangeError('expected a server that was started')
    return this.#server
  }

  get card(): Child {
    if (this.#card === undefined) throw new RangeError('expected a card that was started')
    return this.#card
  }

  async addUser(name: string, password: string): Promise<void> {
    await runProgram('server', ['user', 'add', name, '--data', this.serverData], `${password}\n`)
  }

  /** @param more arguments of `server ticket` @returns the ticket's `keyline:` URI */
  async ticket(cardId: string = CARD_ID, more: readonly string[] = []): Promise<string> {
    const address = {
      call: ['--number', SERVER_NUMBER],
      packet: ['--packet', `${APN}/${PACKET_ADDRESS}`],
      sms: ['--sms', SERVER_NUMBER],
    }[this.#bearer]
    const args = ['ticket', cardId, '--data', this.serverData, ...address, '--internet', this.internet, ...more]
    return (await runProgram('server', args)).trim()
  }

  /** The card company starts and goods are loaded; a server that is started then sells them, also to everybody over HTTPS. */
  async openShop(goods: string = GOODS): Promise<void> {
    makeKeyFile(this.#acquirerKey)
    const ledger = join(this.folder, 'acquirer')
    const [acquirer] = await Promise.all([
      startAcquirer(['--data', ledger, '--key-file', this.#acquirerKey]),
      runProgram('server', ['goods', 'load', goods, '--data', this.serverData]),
    ])
    this.#acquirer = acquirer
  }

  get #bearer(): Bearer {
    return this.#options.bearer ?? 'call'
  }

  get #acquirerKey(): string {
    return join(this.folder, 'acquirer.key')
  }

  #shopOptions(): readonly string[] {
    if (this.#acquirer === undefined) return []
    const certificate = [
      '--certificate',
      `${CERTIFICATE}server.pem`,
      '--certificate-key',
      `${CERTIFICATE}server-key.pem`,
    ]
    return [...certificate, '--acquirer', this.#acquirer.url, '--acquirer-key', this.#acquirerKey]
  }

  async #unplugAll(): Promise<void> {
    const { modems, cables } = this.sim.ready
    const wishes = [
      ...modems.map(({ number }) => ({ do: 'unplug', modem: number }) as const),
      ...cables.map(({ name }) => ({ do: 'unplug', cable: name }) as const),
    ]
    // A simulator that ended before has none.
    await Promise.allSettled(wishes.map((wish) => this.sim.command(wish)))
  }

  async startServer(): Promise<Child> {
    const { content, lifetimeSeconds = 3600, onEvent, server = [] } = this.#options
    const paths = this.sim.ready.modems.filter(({ number }) => number !== CARD_NUMBER).map(({ path }) => path)
    const line = {
      call: ['--number', SERVER_NUMBER, ...paths.flatMap((path) => ['--modem', path])],
      packet: ['--packet-listen', '127.0.0.1:0'],
      sms: paths.flatMap((path) => ['--sms-modem', path]),
    }[this.#bearer]
    const args = ['run', '--data', this.serverData, '--content', content, ...line]
    const more = ['--listen', '127.0.0.1:0', '--lifetime', String(lifetimeSeconds), '--json', ...server]
    this.#server = startProgram('server', [...args, ...more, ...this.#shopOptions()], (event) =>
      onEvent?.('server', event),
    )
    const ready = await this.#server.until(({ event }) => event === 'ready')
    await this.sim.command({ do: 'relay', name: 'internet', target: String(ready.internet) })
    if (this.#bearer === 'packet') {
      const { address } = await this.#server.until(({ event }) => event === 'packet.listening')
      await this.sim.command({ do: 'apn', name: APN, endpoints: { [PACKET_ADDRESS]: String(address) } })
    }
    return this.#server
  }

  /** @param store folder of the card's memory @param more arguments of the card */
  async startCard(store: string = this.cardStore, more: readonly string[] = []): Promise<Child> {
    const usb = this.sim.ready.cables[0]?.card ?? ''
    const modem = this.sim.ready.modems.find(({ number }) => number === CARD_NUMBER)?.path ?? ''
    const own = this.#options.card?.(this.sim) ?? []
    const args = ['--usb', usb, '--modem', modem, '--store', store, '--json', ...own, ...more]
    const program = this.#options.cardBundle ?? 'firmware'
    this.#card = startProgram(program, args, (event) => this.#options.onEvent?.('card', event))
    await this.#card.until(({ event }) => event === 'ready')
    return this.#card
  }

  /** Ends every process and removes the folder. */
  async close(): Promise<void> {
    // All at once: a server whose call has just ended gives its modem seconds to go on hook, and here the modem goes too. But the
    // simulator ends last: the paths of its ports are nobody else's as long as a program may still want to open them.
    await Promise.all([this.#card?.stop(), this.#server?.stop(), this.#acquirer?.stop(), this.#unplugAll()])
    await this.sim.stop()
    await rm(this.folder, { recursive: true, force: true })
  }
}
