import type { Clock } from '../../line/clock.ts'

/** So long a button is held to end a call, milliseconds: longer than one that is touched in passing. */
export const LONG_PRESS_MS = 2000

/** Tells once when the button was held for `LONG_PRESS_MS`. It goes by press and release and its own clock. */
export class LongPress {
  readonly #clock: Clock
  readonly #onLongPress: () => void
  #cancel: (() => void) | undefined

  constructor(clock: Clock, onLongPress: () => void) {
    this.#clock = clock
    this.#onLongPress = onLongPress
  }

  press(): void {
    this.#cancel ??= this.#clock.after(LONG_PRESS_MS, () => this.#onLongPress())
  }

  release(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }
}
