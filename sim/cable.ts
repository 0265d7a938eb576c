import type { Clock } from './clock.ts'
import type { CablePaths } from './events.ts'
import { Pty } from './pty.ts'
import type { PtyPoller } from './pty-poller.ts'
import type { Tap } from './recorder.ts'

/** A USB-serial cable between card and PC: two ports, and what goes into one comes out of the other at full speed. */
export class Cable {
  readonly name: string
  readonly #poller: PtyPoller
  readonly #clock: Clock
  readonly #taps: { readonly card: Tap; readonly pc: Tap }
  #ends: { readonly card: Pty; readonly pc: Pty } | undefined
  #plugged = false

  /** @param taps what comes from the card, and what comes from the PC */
  constructor(name: string, poller: PtyPoller, clock: Clock, taps: { readonly card: Tap; readonly pc: Tap }) {
    this.name = name
    this.#poller = poller
    this.#clock = clock
    this.#taps = taps
  }

  get plugged(): boolean {
    return this.#plugged
  }

  /** @returns the ports, new ones at each plugging @throws SimError NO_PTY */
  plug(): CablePaths {
    this.close()
    const card: Pty = this.#end(() => pc, this.#taps.card)
    const pc: Pty = this.#end(() => card, this.#taps.pc)
    this.#ends = { card, pc }
    this.#plugged = true
    return { name: this.name, card: card.path, pc: pc.path }
  }

  unplug(): void {
    this.#plugged = false
    this.#ends?.card.unplug()
    this.#ends?.pc.unplug()
  }

  /** Unplugged for good, or until it is plugged in anew. */
  close(): void {
    this.#plugged = false
    this.#ends?.card.close()
    this.#ends?.pc.close()
  }

  #end(other: () => Pty, tap: Tap): Pty {
    return new Pty(this.#poller, this.#clock, {
      room: () => other().room(),
      data: (bytes) => {
        tap.write(bytes)
        other().write(bytes)
      },
      dtrDropped: () => {},
    })
  }
}
