import type { Writable } from 'node:stream'
import type { Progress } from '../events.ts'
import { duration, printable, size } from '../printable.ts'

const REDRAW_MS = 100
const BAR = 24
const COLUMNS = 80

type Download = Extract<Progress, { type: 'download' }>

/** One line of a terminal that is drawn over and over: name, bar, speed, time to go. */
export class ProgressBar {
  readonly #stream: Writable & { readonly columns?: number }
  readonly #now: () => number
  #started: { readonly at: number; readonly received: number } | undefined
  #drawnAt = Number.NEGATIVE_INFINITY
  #shown = false

  /** @param now milliseconds of a clock that does not jump */
  constructor(stream: Writable & { readonly columns?: number }, now: () => number) {
    this.#stream = stream
    this.#now = now
  }

  show(event: Download): void {
    const now = this.#now()
    this.#started ??= { at: now, received: event.received }
    if (now - this.#drawnAt < REDRAW_MS && event.received < event.total) return
    this.#drawnAt = now
    this.#shown = true
    const width = this.#stream.columns ?? COLUMNS
    this.#stream.write(
      `\r${this.#text(event, now)
        .slice(0, width - 1)
        .padEnd(width - 1)}`,
    )
  }

  /** Leaves what was drawn, for the next line below it. */
  end(): void {
    if (this.#shown) this.#stream.write('\n')
    this.#shown = false
    this.#started = undefined
  }

  #text({ name, received, total }: Download, now: number): string {
    const share = total === 0 ? 1 : received / total
    const filled = Math.floor(share * BAR)
    const bar = `${'#'.repeat(filled)}${'.'.repeat(BAR - filled)}`
    const { at, received: before } = this.#started ?? { at: now, received }
    const perSecond = now > at ? ((received - before) * 1000) / (now - at) : 0
    const eta = perSecond > 0 && received < total ? ` ETA ${duration((total - received) / perSecond)}` : ''
    return `${printable(name)} [${bar}] ${Math.floor(share * 100)} % ${size(received)} ${size(perSecond)}/s${eta}`
  }
}
