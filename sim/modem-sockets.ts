import type { Settings } from './at-settings.ts'
import type { ContextEvent } from './events.ts'
import type { ModemData } from './modem-data.ts'
import type { ModemOutput } from './modem-output.ts'
import { contextLost, socketClosed } from './modem-results.ts'
import type { SocketUser } from './packet-socket.ts'
import type { PacketUnit } from './packet-unit.ts'
import type { Profile } from './profile.ts'

export interface SocketsHost {
  readonly output: ModemOutput
  readonly data: ModemData
  readonly profile: Profile
  packet(): PacketUnit
  settings(): Settings
}

/** The terminal's side of packet data: what it sees of its socket and its contexts. */
export class ModemSockets {
  readonly #host: SocketsHost

  constructor(host: SocketsHost) {
    this.#host = host
  }

  /** Where the bytes of a socket go. */
  get user(): SocketUser {
    const { output, data } = this.#host
    return { room: () => data.room(), deliver: (bytes) => output.raw(bytes), closed: () => this.#closed() }
  }

  /** The terminal closes it. */
  close(): void {
    const { socket } = this.#host.packet()
    if (socket === undefined) return
    this.#host.data.release()
    socket.hangUp()
  }

  /** It becomes what the terminal talks to. @param rate that CONNECT names, bit/s */
  connect(rate: number | undefined): void {
    const { socket } = this.#host.packet()
    if (socket === undefined) this.#host.output.result('no-carrier')
    else this.#host.data.online(socket, rate)
  }

  /** The network takes all contexts away. */
  drop(reason: ContextEvent['reason']): void {
    const { output, profile, settings, packet } = this.#host
    for (const { cid, address } of packet().dropAll(reason)) {
      for (const line of contextLost(cid, address, profile, settings())) output.urc(line)
    }
  }

  /** The far end or the network has closed it. */
  #closed(): void {
    const { output, data, profile } = this.#host
    const held = data.mode === 'held'
    data.release()
    output.unasked(socketClosed(held, profile))
    output.flush()
  }
}
