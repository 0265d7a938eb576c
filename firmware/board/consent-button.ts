import type { Clock } from '../../line/clock.ts'
import type { ConsentAnswer, ConsentAsker, ConsentWish } from '../card/consent.ts'
import { LongPress } from './long-press.ts'

/** So long the button is held to allow a call, milliseconds. */
export const CALL_HOLD_MS = 1000
/** So long to allow a call and the personal data in it, milliseconds. */
export const DATA_HOLD_MS = 3000
/** Nobody holds a button this long, milliseconds: it is stuck, or wired to ground. */
export const STUCK_MS = 15_000

/** What the light shows: hold for the call, hold on for the personal data, nothing is wanted. */
export type ConsentPhase = 'call' | 'data' | 'off'

export interface ConsentButtonOptions {
  readonly clock: Clock
  /** Held long while nothing is asked: the user wants the call to end. */
  readonly onLongPress: () => void
  readonly onPhase: (phase: ConsentPhase) => void
  /** Down for longer than anybody holds it; told once until it is released. */
  readonly onStuck: () => void
}

interface Asked {
  readonly wish: ConsentWish
  readonly answer: (it: ConsentAnswer) => void
  /** The press under way began after the question. */
  held: 'no' | 'down' | 'call'
  cancel: () => void
}

/**
 * The button, by press and release and our own clock. A press that began before the question says nothing about it, and the press
 * that answered it never ends the call that it allowed: each press has one meaning, from its beginning to its end.
 */
export class ConsentButton implements ConsentAsker {
  readonly #options: ConsentButtonOptions
  readonly #longPress: LongPress
  #down = false
  #stuck = false
  #cancelStuck: () => void = () => {}
  #asked: Asked | undefined

  constructor(options: ConsentButtonOptions) {
    this.#options = options
    this.#longPress = new LongPress(options.clock, options.onLongPress)
  }

  /** Harmless when repeated, as some buttons repeat it while they are held. */
  press(): void {
    if (this.#down) return
    this.#down = true
    this.#cancelStuck = this.#options.clock.after(STUCK_MS, () => this.#isStuck())
    const asked = this.#asked
    if (asked === undefined) return this.#longPress.press()
    asked.held = 'down'
    asked.cancel = this.#options.clock.after(CALL_HOLD_MS, () => this.#heldForCall(asked))
  }

  release(): void {
    this.#down = false
    this.#stuck = false
    this.#cancelStuck()
    this.#longPress.release()
    const held = this.#asked?.held
    if (held === 'down') this.#settle('refused')
    if (held === 'call') this.#settle('data-refused')
  }

  ask(wish: ConsentWish, signal: AbortSignal): Promise<ConsentAnswer> {
    const { promise, resolve } = Promise.withResolvers<ConsentAnswer>()
    if (signal.aborted) return promise
    if (this.#stuck) return Promise.resolve('stuck')
    // A press that is under way was meant for something else: neither yes, nor the end of what is asked now.
    this.#longPress.release()
    const asked: Asked = { wish, answer: resolve, held: 'no', cancel: () => {} }
    this.#asked = asked
    this.#options.onPhase('call')
    signal.addEventListener('abort', () => this.#end(asked), { once: true })
    return promise
  }

  /** No timer is left. */
  close(): void {
    this.release()
    if (this.#asked !== undefined) this.#end(this.#asked)
  }

  #heldForCall(asked: Asked): void {
    if (asked.wish === 'call') return this.#settle('granted')
    asked.held = 'call'
    asked.cancel = this.#options.clock.after(DATA_HOLD_MS - CALL_HOLD_MS, () => this.#settle('granted'))
    this.#options.onPhase('data')
  }

  #isStuck(): void {
    this.#stuck = true
    this.#options.onStuck()
    this.#settle('stuck')
  }

  #settle(answer: ConsentAnswer): void {
    const asked = this.#asked
    if (asked === undefined) return
    this.#end(asked)
    asked.answer(answer)
  }

  #end(asked: Asked): void {
    asked.cancel()
    if (this.#asked !== asked) return
    this.#asked = undefined
    this.#options.onPhase('off')
  }
}
