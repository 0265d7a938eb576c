export type Level = 0 | 1
export type Bias = 'pull-up' | 'pull-down' | 'none'

/** The pins of a board, by their GPIO numbers. */
export interface Gpio {
  write(pin: number, level: Level): void
  /** @param onChange told the level now, and each change from then on */
  watch(pin: number, bias: Bias, onChange: (level: Level) => void): void
  /** Gives all pins back; what was written stays or not, as the board's kernel does it. */
  close(): void
}

/** Pins that are only remembered: for a board without lights, and for whoever plays the world around it. */
export class MemoryGpio implements Gpio {
  closed = false
  readonly #levels = new Map<number, Level>()
  readonly #watchers = new Map<number, (level: Level) => void>()
  readonly #onWrite: (pin: number, level: Level) => void

  constructor(onWrite: (pin: number, level: Level) => void = () => {}) {
    this.#onWrite = onWrite
  }

  write(pin: number, level: Level): void {
    this.#levels.set(pin, level)
    this.#onWrite(pin, level)
  }

  watch(pin: number, bias: Bias, onChange: (level: Level) => void): void {
    const level = this.#levels.get(pin) ?? (bias === 'pull-up' ? 1 : 0)
    this.#levels.set(pin, level)
    this.#watchers.set(pin, onChange)
    onChange(level)
  }

  close(): void {
    this.closed = true
    this.#watchers.clear()
  }

  /** What the world does to an input. */
  drive(pin: number, level: Level): void {
    if (this.#levels.get(pin) === level) return
    this.#levels.set(pin, level)
    this.#watchers.get(pin)?.(level)
  }

  level(pin: number): Level | undefined {
    return this.#levels.get(pin)
  }
}
