import type { Duplex } from 'node:stream'
import type { Chance } from './chance.ts'
import type { Clock } from './clock.ts'
import type { SocketEnd } from './events.ts'
import { HEALTHY, type LineSpeed, Wire } from './wire.ts'

/** What the far side of the radio holds for a modem that does not read, bytes. */
const BACKLOG = 65_536
/** How long bytes already written may take to arrive after a close, milliseconds. */
const DRAIN_MS = 20_000
/** How often it is seen whether the modem takes more, milliseconds. */
const PUMP_EVERY_MS = 10

/** The modem's side of a connection in transparent mode. */
export interface SocketUser {
  /** Bytes that it takes now. */
  room(): number
  deliver(bytes: Uint8Array): void
  /** After the last byte; not when the modem closed it itself. */
  closed(reason: SocketEnd): void
}

export interface SocketHooks {
  readonly clock: Clock
  readonly speed: () => LineSpeed
  readonly chance: (name: string) => Chance
  /** Nothing passes just now. */
  readonly stalled: () => boolean
  tap(direction: 'up' | 'down', bytes: Uint8Array): void
  ended(reason: SocketEnd, bytesUp: number, bytesDown: number): void
}

/** A TCP connection through the modem: bytes take the time of the radio in both directions, and none is lost. */
export class PacketSocket {
  readonly #socket: Duplex
  readonly #user: SocketUser
  readonly #hooks: SocketHooks
  readonly #up: Wire
  readonly #down: Wire
  #waiting: Uint8Array[] = []
  #held = 0
  #state: 'open' | 'leaving' | 'ended' = 'open'
  #remoteEnded = false
  #cancelPump = (): void => {}

  constructor(socket: Duplex, user: SocketUser, hooks: SocketHooks) {
    this.#socket = socket
    this.#user = user
    this.#hooks = hooks
    this.#up = this.#wire(
      'up',
      () => (socket.writableNeedDrain ? 0 : BACKLOG),
      (bytes) => socket.write(bytes),
    )
    this.#down = this.#wire(
      'down',
      () => user.room(),
      (bytes) => user.deliver(bytes),
    )
    socket.on('data', (bytes: Uint8Array) => this.#arrived(bytes))
    socket.once('end', () => this.#remote())
    socket.once('close', () => this.#remote())
  }

  /** Bytes that the terminal may write now. */
  room(): number {
    return this.#state === 'open' ? this.#up.room() : BACKLOG
  }

  write(bytes: Uint8Array): void {
    if (this.#state === 'open') this.#up.write(bytes)
  }

  /** The terminal closes it: what was written still arrives. */
  hangUp(): void {
    if (this.#state !== 'open') return
    this.#state = 'leaving'
    this.#cancelPump()
    this.#down.close()
    const gone = (): void => {
      this.#socket.end()
      this.#end('closed-here')
    }
    this.#cancelPump = this.#hooks.clock.after(DRAIN_MS, gone)
    this.#up.finish(gone)
  }

  /** Radio, context or modem are gone: nothing more arrives on either side. */
  vanish(reason: SocketEnd): void {
    if (this.#state === 'ended') return
    const told = this.#state === 'open'
    this.#socket.destroy()
    this.#end(reason)
    if (told) this.#user.closed(reason)
  }

  #wire(direction: 'up' | 'down', room: () => number, deliver: (bytes: Uint8Array) => void): Wire {
    const { clock, speed, chance, stalled, tap } = this.#hooks
    const end = {
      room: () => (stalled() ? 0 : room()),
      deliver: (bytes: Uint8Array) => {
        tap(direction, bytes)
        deliver(bytes)
      },
      cut: () => {},
    }
    return new Wire(clock, speed(), end, () => HEALTHY, chance(direction))
  }

  #arrived(bytes: Uint8Array): void {
    if (this.#state !== 'open') return
    this.#waiting.push(bytes)
    this.#held += bytes.length
    if (this.#held >= BACKLOG) this.#socket.pause()
    this.#pump()
  }

  /** Into the radio what it takes; the rest waits here, and then with the server. */
  #pump(): void {
    this.#cancelPump()
    for (let head = this.#waiting[0]; head !== undefined; head = this.#waiting[0]) {
      const now = head.subarray(0, this.#down.room())
      if (now.length === 0) break
      this.#down.write(now)
      this.#held -= now.length
      if (now.length === head.length) this.#waiting.shift()
      else this.#waiting[0] = head.subarray(now.length)
    }
    if (this.#held < BACKLOG && this.#socket.isPaused()) this.#socket.resume()
    if (this.#waiting.length > 0) this.#cancelPump = this.#hooks.clock.after(PUMP_EVERY_MS, () => this.#pump())
    else if (this.#remoteEnded) this.#down.finish(() => this.#over('closed-there'))
  }

  #remote(): void {
    if (this.#remoteEnded || this.#state !== 'open') return
    this.#remoteEnded = true
    this.#pump()
  }

  #over(reason: SocketEnd): void {
    if (this.#state !== 'open') return
    this.#socket.destroy()
    this.#end(reason)
    this.#user.closed(reason)
  }

  #end(reason: SocketEnd): void {
    if (this.#state === 'ended') return
    this.#state = 'ended'
    this.#cancelPump()
    this.#waiting = []
    this.#up.close()
    this.#down.close()
    this.#hooks.ended(reason, this.#up.passed, this.#down.passed)
  }
}
