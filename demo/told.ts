import type { Progress } from '../host-driver/index.ts'
import type { ChildEvent } from './child.ts'
import type { Embodiment } from './report.ts'
import type { Show } from './show.ts'

/** First and last steps that a play tells; what other people do meanwhile is none of it. */
const OWN: Readonly<Record<Embodiment, readonly (readonly [first: number, last: number])[]>> = {
  1: [[1, 18]],
  2: [[21, 36]],
  3: [
    [1, 18],
    [41, 70],
  ],
}

/** Both ends tell of some steps: each is shown once a scene, by whoever sees it first. */
export class Told {
  #steps: string[] = []
  #own = OWN[1]
  readonly #show: Show
  #scene = new Set<string>()
  #aside = false

  constructor(show: Show) {
    this.#show = show
  }

  /** The steps of this play so far, in their order. */
  get steps(): readonly string[] {
    return this.#steps
  }

  /** From here on this play is told. */
  play(embodiment: Embodiment): void {
    this.#steps = []
    this.#own = OWN[embodiment]
  }

  /** @param how `aside`: its steps are shown, but come again in their place later */
  scene(title: string, how: 'aside' | 'counts' = 'counts'): void {
    this.#scene = new Set()
    this.#aside = how === 'aside'
    this.#show.scene(title)
  }

  readonly progress = (event: Progress): void => {
    if (event.type === 'step') this.step(event.step, event.path, event.text)
  }

  readonly server = ({ event, step, path }: ChildEvent): void => {
    if (typeof step === 'string') this.step(step, String(path ?? 'here'), `server: ${event}`)
  }

  step(name: string, path: string, text: string): void {
    const number = Number.parseInt(name.slice(1), 10)
    if (!this.#own.some(([first, last]) => number >= first && number <= last)) return
    if (!this.#aside && !this.#steps.includes(name)) this.#steps.push(name)
    if (this.#scene.has(name)) return
    this.#scene.add(name)
    this.#show.step(name, path, text)
  }

  line(text: string): void {
    this.#show.line(text)
  }
}
