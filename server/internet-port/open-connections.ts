import type { Socket } from 'node:net'
import type { Clock } from '../../line/clock.ts'
import { FIRST_REQUEST_MS, NEXT_REQUEST_MS } from './connections.ts'

interface Entry {
  readonly socket: Socket
  readonly address: string
  /** Requests that are being answered. */
  requests: number
  cancelDeadline: () => void
}

export interface OpenConnectionsOptions {
  readonly clock: Clock
  readonly totalMax: number
  readonly perAddressMax: number
}

/**
 * Connections of the open shop. Nobody proved anything, so beyond the bounds the one that has been idle longest makes room; one that is being
 * answered never does. They are counted apart from sessions: however many there are, who has a key gets through.
 */
export class OpenConnections {
  readonly #options: OpenConnectionsOptions
  /** Longest idle first: an entry moves to the end when it becomes idle again. */
  readonly #entries = new Map<Socket, Entry>()

  constructor(options: OpenConnectionsOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#entries.size
  }

  has(socket: Socket): boolean {
    return this.#entries.has(socket)
  }

  /** @returns false, and destroys the socket, when there is no room */
  add(socket: Socket): boolean {
    const { clock } = this.#options
    const address = socket.remoteAddress
    if (socket.destroyed || address === undefined || !this.#makeRoom(address)) {
      socket.destroy()
      return false
    }
    const cancelDeadline = clock.after(FIRST_REQUEST_MS, () => void socket.destroy())
    this.#entries.set(socket, { socket, address, requests: 0, cancelDeadline })
    socket.once('close', () => {
      this.#entries.get(socket)?.cancelDeadline()
      this.#entries.delete(socket)
    })
    return true
  }

  /** The headers of a request are here. */
  begin(socket: Socket): void {
    const entry = this.#entries.get(socket)
    if (entry === undefined) return
    entry.requests++
    entry.cancelDeadline()
  }

  /** Its answer is out, or was given up. */
  end(socket: Socket): void {
    const entry = this.#entries.get(socket)
    if (entry === undefined || --entry.requests > 0) return
    entry.cancelDeadline()
    entry.cancelDeadline = this.#options.clock.after(NEXT_REQUEST_MS, () => void socket.destroy())
    this.#entries.delete(socket)
    this.#entries.set(socket, entry)
  }

  destroyAll(): void {
    for (const socket of [...this.#entries.keys()]) socket.destroy()
  }

  #makeRoom(address: string): boolean {
    const { totalMax, perAddressMax } = this.#options
    const all = [...this.#entries.values()]
    const same = all.filter((entry) => entry.address === address)
    const full = same.length >= perAddressMax ? same : all.length >= totalMax ? all : undefined
    if (full === undefined) return true
    const idle = full.find(({ requests }) => requests === 0)
    if (idle === undefined) return false
    idle.cancelDeadline()
    this.#entries.delete(idle.socket)
    idle.socket.destroy()
    return true
  }
}
