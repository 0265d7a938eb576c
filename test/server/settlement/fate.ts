/** How a process of the model ends, or does not. */
export type Blow = 'dies-before' | 'dies-after' | 'sleeps-before' | 'sleeps-after'
export const BLOWS: readonly Blow[] = ['dies-before', 'dies-after', 'sleeps-before', 'sleeps-after']

const NEVER = new Promise<never>(() => {})

/**
 * The life of a process: after so many calls to store or acquirer it is struck, before the call has its effect or after. What died never goes
 * on; what sleeps goes on when it is woken, believing that no time has passed.
 */
export class Fate {
  readonly blow: Blow
  #left: number
  #dead = false
  #awake: Promise<void> = Promise.resolve()
  #wake = (): void => {}

  constructor(calls: number, blow: Blow) {
    this.#left = calls
    this.blow = blow
  }

  wake(): void {
    this.#wake()
  }

  /** The same object, each call of which is a step of this life. */
  of<T extends object>(target: T): T {
    return new Proxy(target, {
      get: (_, name) => {
        const value: unknown = Reflect.get(target, name)
        if (typeof value !== 'function') return value
        return (...args: readonly unknown[]) => this.#step(async () => value.apply(target, args))
      },
    })
  }

  async #step(call: () => Promise<unknown>): Promise<unknown> {
    await this.#awake
    if (this.#dead) return NEVER
    const struck = --this.#left === 0
    if (struck && this.blow === 'dies-before') return this.#die()
    if (struck && this.blow === 'sleeps-before') await this.#sleep()
    const result = call()
    // Whoever is not there any more does not hear of its failure either.
    result.catch(() => {})
    if (struck && this.blow === 'dies-after') return this.#die()
    if (struck && this.blow === 'sleeps-after') await this.#sleep()
    const value = await result
    await this.#awake
    return this.#dead ? NEVER : value
  }

  #die(): Promise<never> {
    this.#dead = true
    return NEVER
  }

  #sleep(): Promise<void> {
    this.#awake = new Promise((resolve) => {
      this.#wake = resolve
    })
    return this.#awake
  }
}
