import type { Writable } from 'node:stream'
import type { FaultReport } from '../errors.ts'
import type { Progress } from '../events.ts'
import { printable } from '../printable.ts'
import { ProgressBar } from './progress-bar.ts'

export interface OutputStreams {
  /** Results. */
  readonly out: Writable & { readonly isTTY?: boolean }
  /** Progress and errors. */
  readonly err: Writable & { readonly isTTY?: boolean; readonly columns?: number }
}

/** All that the command line writes: for people, or with `--json` one JSON object a line on standard output. */
export class Output {
  readonly json: boolean
  readonly #streams: OutputStreams
  readonly #bar: ProgressBar | undefined
  readonly #now: () => number
  #toldAt = Number.NEGATIVE_INFINITY

  constructor(streams: OutputStreams, json: boolean, now: () => number = performance.now.bind(performance)) {
    this.#streams = streams
    this.json = json
    this.#now = now
    const { err } = streams
    this.#bar = !json && err.isTTY === true ? new ProgressBar(err, now) : undefined
  }

  readonly progress = (event: Progress): void => {
    if (this.json) return this.#event(event)
    if (event.type === 'download') return this.#bar?.show(event)
    // Whoever must do something at the card is told at once.
    if (event.type === 'line' && event.text !== undefined) this.note(`card ${PATHS.here} ${event.text}`)
    // The line's other states say the same as its steps, in less.
    if (event.type === 'step') this.note(`${event.step.padEnd(4)} ${PATHS[event.path]} ${event.text}`)
  }

  /** Bytes come in thousands of pieces: of a download the last count is told, and one every so often. */
  #event(event: Progress): void {
    if (event.type === 'download') {
      const now = this.#now()
      if (now - this.#toldAt < EVENT_MS && event.received < event.total) return
      this.#toldAt = now
    }
    this.#line(this.#streams.out, JSON.stringify(event))
  }

  /** A line of the result for people; `--json` has the fields of `done` instead. */
  say(text: string): void {
    this.#bar?.end()
    if (!this.json) this.#line(this.#streams.out, text)
  }

  /** Our own text of several lines. */
  help(text: string): void {
    if (!this.json) this.#streams.out.write(`${text}\n`)
  }

  /** What happens while a command runs on; people are told by `say`. */
  event(fields: Readonly<Record<string, unknown>>): void {
    if (this.json) this.#line(this.#streams.out, JSON.stringify(fields))
  }

  /** A remark beside the result. */
  note(text: string): void {
    this.#bar?.end()
    if (!this.json) this.#line(this.#streams.err, text)
  }

  done(fields: Readonly<Record<string, unknown>>): void {
    this.#bar?.end()
    if (this.json) this.#line(this.#streams.out, JSON.stringify({ ok: true, ...fields }))
  }

  failed({ code, what, cure }: FaultReport): void {
    this.#bar?.end()
    if (this.json) this.#line(this.#streams.out, JSON.stringify({ ok: false, error: { code, what, cure } }))
    else this.#line(this.#streams.err, `keyline: ${what} (${code}); ${cure}.`)
  }

  /** Texts come from card and server too: no control characters of theirs reach the terminal. */
  #line(stream: Writable, text: string): void {
    stream.write(`${printable(text)}\n`)
  }
}

/** Between two counts of a download in JSON, milliseconds. */
const EVENT_MS = 200

const PATHS = { here: 'here    ', line: 'line    ', internet: 'Internet' } as const
