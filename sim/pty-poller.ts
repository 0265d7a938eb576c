import type { Clock } from './clock.ts'
import { pollAll } from './pty-native.ts'

/** Between two looks at the ports, milliseconds: while bytes pass, while anybody has one open, and while nobody has. */
const BUSY_MS = 2
const OPEN_MS = 10
const IDLE_MS = 20
/** Bytes pass until so long after the last one, milliseconds. */
const BUSY_FOR_MS = 1000

/** A port that wants to be looked after. */
export interface Polled {
  readonly fd: number
  readonly isOpen: boolean
  /** When bytes passed last, milliseconds. */
  readonly activeAt: number
  /** Events of poll(2) that it waits for now. */
  wanted(): number
  /** @param events those there are, of poll(2) */
  service(events: number): void
}

/**
 * Looks at all ports together, by the clock. A watcher of the event loop would be of no use: it reports a port that nobody
 * has open without a pause, and the moment it is opened again not at all.
 */
export class PtyPoller {
  readonly #clock: Clock
  readonly #ports = new Set<Polled>()
  #cancel: (() => void) | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(port: Polled): void {
    this.#ports.add(port)
    this.#cancel ??= this.#clock.after(0, () => this.#tick())
  }

  remove(port: Polled): void {
    this.#ports.delete(port)
    if (this.#ports.size > 0) return
    this.#cancel?.()
    this.#cancel = undefined
  }

  #tick(): void {
    const ports = [...this.#ports]
    const events = pollAll(ports.map((port) => ({ fd: port.fd, events: port.wanted() })))
    for (const [index, port] of ports.entries()) {
      // Serving one may remove another.
      if (this.#ports.has(port)) port.service(events[index] ?? 0)
    }
    if (this.#ports.size === 0) return
    this.#cancel = this.#clock.after(this.#pause(ports), () => this.#tick())
  }

  #pause(ports: readonly Polled[]): number {
    if (!ports.some((port) => port.isOpen)) return IDLE_MS
    const busySince = this.#clock.now() - BUSY_FOR_MS
    return ports.some(({ activeAt }) => activeAt > busySince) ? BUSY_MS : OPEN_MS
  }
}
