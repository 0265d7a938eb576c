import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { Transform } from 'node:stream'
import { type Chance, chanceOf, flipBits } from './chance.ts'
import type { RelayEvent } from './events.ts'
import type { Tap } from './recorder.ts'

/** Connections at a time; further ones are refused. */
const CONNECTIONS_MAX = 64

export interface RelayTarget {
  readonly host: string
  readonly port: number
}

export interface RelayHooks {
  event(event: Omit<RelayEvent, 'event' | 'atMs'>): void
  /** @param connection its number @param direction up is to the target */
  tap(connection: number, direction: 'up' | 'down'): Tap
}

/** The Internet: a TCP port that passes all bytes on to another one, and whose owner listens and may alter them. */
export class Relay {
  readonly name: string
  readonly #seed: number
  readonly #hooks: RelayHooks
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #target: RelayTarget | undefined
  #tamper = 0
  #refuse = false
  #connections = 0
  #running = 0

  constructor(name: string, target: RelayTarget | undefined, seed: number, hooks: RelayHooks) {
    this.name = name
    this.#target = target
    this.#seed = seed
    this.#hooks = hooks
    // Half-open: who has finished sending may still be answered.
    this.#server = createServer({ allowHalfOpen: true }, (client) => this.#accept(client))
  }

  /** @returns the port on 127.0.0.1 */
  async listen(): Promise<number> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    // A listening TCP server always has such an address.
    return (this.#server.address() as AddressInfo).port
  }

  /** For connections from now on; `tamper`, the probability per byte of one wrong bit, at once. */
  set(change: { readonly target?: RelayTarget; readonly tamper?: number; readonly refuse?: boolean }): void {
    this.#target = change.target ?? this.#target
    this.#tamper = change.tamper ?? this.#tamper
    this.#refuse = change.refuse ?? this.#refuse
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return
    const closed = once(this.#server, 'close')
    this.#server.close()
    for (const socket of [...this.#sockets]) socket.destroy()
    await closed
  }

  #accept(client: Socket): void {
    const connection = ++this.#connections
    const target = this.#target
    if (this.#refuse || target === undefined || this.#running >= CONNECTIONS_MAX) {
      client.on('error', () => {})
      client.resetAndDestroy()
      this.#hooks.event({ name: this.name, connection, state: 'refused' })
      return
    }
    this.#running++
    const server = connect({ ...target, allowHalfOpen: true })
    const up = this.#tapped(connection, 'up')
    const down = this.#tapped(connection, 'down')
    this.#hooks.event({ name: this.name, connection, state: 'open' })
    client.pipe(up.stream).pipe(server)
    server.pipe(down.stream).pipe(client)
    let open = 2
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(socket)
      socket.setNoDelay(true)
      // Trouble on one side is a reset on the other, so that nobody takes a cut for an orderly end.
      socket.on('error', () => other.resetAndDestroy())
      socket.once('close', (failed) => {
        this.#sockets.delete(socket)
        if (!failed && !socket.readableEnded) other.destroy()
        if (--open > 0) return
        this.#running--
        up.tap.close()
        down.tap.close()
        const bytes = { bytesUp: up.bytes(), bytesDown: down.bytes() }
        this.#hooks.event({ name: this.name, connection, state: 'closed', ...bytes })
      })
    }
  }

  #tapped(connection: number, direction: 'up' | 'down') {
    const tap = this.#hooks.tap(connection, direction)
    const chance: Chance = chanceOf(this.#seed, `relay-${this.name}-${connection}-${direction}`)
    let bytes = 0
    const stream = new Transform({
      transform: (chunk: Uint8Array, _, done) => {
        const passed = flipBits(chunk, this.#tamper, chance)
        bytes += passed.length
        tap.write(passed)
        done(null, passed)
      },
    })
    return { stream, tap, bytes: () => bytes }
  }
}
