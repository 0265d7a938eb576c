import { once } from 'node:events'
import type { Socket } from 'node:net'
import type { ExecutionContext } from 'ava'
import { PacketModem } from '../../../line/bearers/packet-modem.ts'
import { systemClock } from '../../../line/clock.ts'
import type { ModemPort } from '../../../line/modem/port.ts'
import type { DialResult, LineStream, StreamEnd } from '../../../line/stream.ts'
import { Exchange } from '../../../sim/exchange.ts'
import { Modem } from '../../../sim/modem.ts'
import { type ApnOptions, NEW_APN, PacketNetwork } from '../../../sim/packet-network.ts'
import { type Endpoint, type PacketAddress, parsePacketAddress } from '../../../wire/line/packet-address.ts'
import { tcpServer } from '../../sim/packet-world.ts'
import { TestModem } from './test-modem.ts'

export const NEVER = new AbortController().signal
export const TARGET = parsePacketAddress('private.test/10.0.0.1:7000')
/** On the Internet of this world. */
export const CANARY: Endpoint = { host: '192.0.2.1', port: 443 }
/** As `ATS12=5` sets it, and a margin, milliseconds: escapes take no longer. */
const GUARD_MS = 150
const PUMP_MS = 2
const PROFILES = { simcom: 'sim7600', quectel: 'ec25' } as const
export type Dialect = keyof typeof PROFILES

/** The simulator's modem as a serial port: what it does not take yet waits. */
class SimPort implements ModemPort {
  readonly path = '/dev/sim'
  /** Command lines that were written, without what was data. */
  readonly written: string[] = []
  modem: Modem | undefined
  #queue = Buffer.alloc(0)
  #timer: NodeJS.Timeout | undefined
  #onData: (bytes: Uint8Array) => void = () => {}
  #onClose: () => void = () => {}

  open(onData: (bytes: Uint8Array) => void, onClose: () => void): void {
    this.#onData = onData
    this.#onClose = onClose
  }

  write(bytes: Uint8Array): void {
    const text = Buffer.from(bytes).toString('latin1')
    if (/^AT.*\r$/.test(text)) this.written.push(text.trim())
    this.#queue = Buffer.concat([this.#queue, bytes])
    // Never before the write has returned, as a serial port does it.
    queueMicrotask(() => this.#pump())
  }

  say(bytes: Uint8Array): void {
    this.#onData(bytes)
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer)
    this.#onClose()
  }

  #pump(): void {
    clearTimeout(this.#timer)
    const now = this.#queue.subarray(0, this.modem?.inputRoom() ?? 0)
    this.#queue = this.#queue.subarray(now.length)
    if (now.length > 0) this.modem?.input(now)
    if (this.#queue.length > 0) this.#timer = setTimeout(() => this.#pump(), PUMP_MS)
  }
}

/** A modem of the simulator in its private network, with one server at 10.0.0.1:7000, in real time. */
export async function packetModem(t: ExecutionContext, dialect: Dialect, apn: Partial<ApnOptions> = {}) {
  const { target: server, connection } = await tcpServer(t)
  const states: string[] = []
  const endpoints = { '10.0.0.1:7000': server }
  const network = new PacketNetwork([
    { ...NEW_APN, name: 'private.test', endpoints, rate: 20_000_000, latencyMs: 0, ...apn },
  ])
  let sockets = 0
  const hooks = { event: () => {}, tap: () => {} }
  const exchange = new Exchange(systemClock, { seed: 1, ringAfterMs: 20, ringForMs: 1000 }, hooks)
  const port = new SimPort()
  const ends = { write: (bytes: Uint8Array) => port.say(bytes), room: () => 65_536 }
  const modem = new Modem('+8131', { rate: 9600, latencyMs: 0 }, ends, exchange, systemClock, {
    profile: dialect,
    packet: {
      network,
      seed: 1,
      nextSocketId: () => ++sockets,
      socket: ({ state, reason, address }) => states.push([address, state, reason].filter(Boolean).join(' ')),
      context: ({ state, reason }) => states.push([state, reason].filter(Boolean).join(' ')),
      tap: () => {},
    },
  })
  port.modem = modem
  const access = new TestModem(port, systemClock, PROFILES[dialect], GUARD_MS)
  const bearer = new PacketModem(access, systemClock)
  t.teardown(async () => {
    bearer.close()
    await access.engine.close()
    modem.unplug()
  })
  await access.engine.command('ATE0S12=5', 1000)
  const open = (target: PacketAddress = TARGET, canary?: Endpoint): Promise<DialResult> =>
    bearer.open(target, canary, NEVER)
  return { modem, access, bearer, network, states, connection, open, port }
}

/** What a stream brings, collected; and how it ends. */
export function reader(stream: LineStream) {
  const pieces: Uint8Array[] = []
  let wake = (): void => {}
  let end: StreamEnd | undefined
  stream.open(
    (bytes) => {
      pieces.push(Uint8Array.from(bytes))
      wake()
    },
    (reason) => {
      end = reason
      wake()
    },
  )
  const until = async (done: () => boolean): Promise<void> => {
    while (!done()) {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }
  const bytes = (): Buffer => Buffer.concat(pieces)
  return {
    bytes,
    async length(length: number): Promise<Buffer> {
      await until(() => bytes().length >= length)
      return bytes()
    },
    async ended(): Promise<StreamEnd | undefined> {
      await until(() => end !== undefined)
      return end
    },
  }
}

/** @throws Error with what was said, when it is no connection */
export function connected(result: DialResult): LineStream {
  if (!result.ok) throw new Error(`expected a connection, got ${result.reason}: ${result.detail}`)
  return result.stream
}

export async function collect(socket: Socket, length: number): Promise<Buffer> {
  let all = Buffer.alloc(0)
  while (all.length < length) {
    const [piece] = (await once(socket, 'data')) as [Buffer]
    all = Buffer.concat([all, piece])
  }
  return all
}
