import type { Clock } from '../clock.ts'
import { DataMode, type DataRules } from './data-mode.ts'
import { type AtCommand, type AtEffect, type AtEvent, type AtResult, type AtState, step } from './machine.ts'
import type { ModemPort } from './port.ts'
import { AtSplitter, type AtToken } from './splitter.ts'
import { type PairedLine, UrcPairs } from './urc-pairs.ts'

export interface EngineEvents {
  /** Anything the modem says by itself, at any moment; +CMT and its like with their second line behind an LF. */
  urc(text: string): void
  /** Bytes of a call; valid until the next ones. */
  data(bytes: Uint8Array): void
  /**
   * Data mode is over: the call ended (`carrier`), or commands are possible again with the call kept (`escaped`).
   * @param spoilt bytes of the call may have changed the modem's settings
   */
  left(end: 'carrier' | 'escaped', spoilt: boolean): void
  /** The modem lost all settings and calls (`reset`), answers nothing any more (`dead`), or its port vanished (`gone`). */
  fault(kind: 'reset' | 'dead' | 'gone'): void
}

/** Commands waiting for their turn; more is a fault of the program. */
const QUEUE_MAX = 32

/** The effects of the AT machine on a real port: one command at a time, URCs at any moment, exact switch to data and back. */
export class AtEngine {
  readonly #port: ModemPort
  readonly #clock: Clock
  readonly #events: EngineEvents
  readonly #splitter: AtSplitter
  readonly #pairs = new UrcPairs()
  readonly #queue: { readonly command: AtCommand; readonly settle: (result: AtResult) => void }[] = []
  #state: AtState = { type: 'idle' }
  #settle: ((result: AtResult) => void) | undefined
  #cancelTimer = (): void => {}
  #dataMode: DataMode | undefined
  /** Of the command that runs. */
  #rules: DataRules | undefined
  #gone = false

  constructor(port: ModemPort, clock: Clock, events: EngineEvents) {
    this.#port = port
    this.#clock = clock
    this.#events = events
    this.#splitter = new AtSplitter((token) => this.#token(token))
    port.open(
      (bytes) => {
        // A prompt while it is being closed must not send the body any more.
        if (!this.#gone) this.#splitter.push(bytes)
      },
      () => this.#vanish(),
    )
  }

  get path(): string {
    return this.#port.path
  }

  get usable(): boolean {
    return !this.#gone && this.#state.type !== 'dead'
  }

  get inData(): boolean {
    return this.#state.type === 'data'
  }

  /**
   * @param text without CR, made by this project only: a PC's text never reaches an AT line
   * @param prefixes of information lines that belong to the answer
   * @param timeoutMs after which the engine resynchronises before the next command
   * @param data where it opens a connection of the modem's own
   */
  command(text: string, timeoutMs: number, prefixes: readonly string[] = [], data?: DataRules): Promise<AtResult> {
    return this.#queued({ text, prefixes, timeoutMs, ...(data && { data }) })
  }

  /**
   * A command that is answered with a prompt (TS 27.005 §3.5.1). After a time-out nobody knows whether the body was taken.
   * @param body hexadecimal digits
   */
  send(text: string, body: string, timeoutMs: number, prefixes: readonly string[]): Promise<AtResult> {
    return this.#queued({ text, prefixes, timeoutMs, body })
  }

  #queued(command: AtCommand): Promise<AtResult> {
    if (this.#queue.length >= QUEUE_MAX) throw new RangeError(`expected at most ${QUEUE_MAX} waiting commands`)
    if (!this.usable) return Promise.resolve({ final: { type: 'reset' }, lines: [] })
    return new Promise((settle) => {
      this.#queue.push({ command, settle })
      this.#next()
    })
  }

  /**
   * Any byte aborts a dialling that is under way (V.250 §6.3.1); the command then ends by itself.
   * @param withinMs milliseconds that are left to it: a modem that hangs does not hear it
   */
  abort(withinMs?: number): void {
    if (this.#state.type !== 'waiting') return
    this.#port.write(Buffer.from('\r'))
    if (withinMs !== undefined) this.#run({ type: 'timer', ms: withinMs })
  }

  /** Bytes of a call; thrown away when there is none. */
  write(bytes: Uint8Array): void {
    this.#dataMode?.write(bytes)
  }

  /** @returns false when the modem stays in data mode */
  escape(guardMs: number): Promise<boolean> {
    return this.#dataMode?.escape(guardMs) ?? Promise.resolve(true)
  }

  /** Closing drops DTR: a modem told so by &D2 hangs up (V.250 §6.2.9). */
  async close(): Promise<void> {
    this.#vanish()
    await this.#port.close()
  }

  #token(token: AtToken): void {
    if (token.type === 'line') this.#lines(this.#pairs.push(token.text))
    else if (token.type === 'prompt') this.#step({ type: 'prompt' })
    else if (token.type === 'data') this.#dataMode?.push(token.bytes)
  }

  #lines(lines: readonly PairedLine[]): void {
    for (const it of lines) {
      if (it.type === 'line') this.#step({ type: 'line', text: it.text })
      else this.#events.urc(it.type === 'pair' ? `${it.head}\n${it.data}` : it.head)
    }
  }

  #step(event: AtEvent): void {
    const { state, effects } = step(this.#state, event)
    this.#state = state
    for (const effect of effects) this.#run(effect)
    // Not at the answer already: after a time-out a late prompt must still be seen, and left.
    if (this.#state.type === 'idle' || this.#state.type === 'data') this.#splitter.cancelPrompt()
    this.#next()
  }

  #run(effect: AtEffect): void {
    switch (effect.type) {
      case 'write':
        this.#port.write(Buffer.from(effect.text, 'latin1'))
        break
      case 'settle': {
        const settle = this.#settle
        this.#settle = undefined
        settle?.(effect.result)
        break
      }
      case 'urc':
        if (effect.text === 'RDY') this.#events.fault('reset')
        else this.#events.urc(effect.text)
        break
      case 'timer':
        this.#cancelTimer()
        if (effect.ms !== undefined)
          this.#cancelTimer = this.#clock.after(effect.ms, () => this.#step({ type: 'timer' }))
        break
      case 'enter-data':
        this.#enterData()
        break
      case 'dead':
        this.#drain()
        this.#events.fault('dead')
    }
  }

  #enterData(): void {
    this.#lines(this.#pairs.reset())
    this.#splitter.enterData()
    this.#dataMode = new DataMode(
      this.#clock,
      (bytes) => this.#port.write(bytes),
      (bytes) => this.#events.data(bytes),
      (end, after, spoilt) => {
        this.#dataMode = undefined
        this.#splitter.enterLines()
        this.#events.left(end, spoilt)
        // Before the next command is sent: an OK in it is not that one's answer.
        this.#splitter.push(after)
        this.#step({ type: 'lines' })
      },
      this.#rules?.closedWord,
    )
  }

  #next(): void {
    if (this.#state.type !== 'idle' || this.#gone) return
    const next = this.#queue.shift()
    if (next === undefined) return
    this.#settle = next.settle
    this.#rules = next.command.data
    if (next.command.body !== undefined) this.#splitter.expectPrompt()
    this.#step({ type: 'command', command: next.command })
  }

  #vanish(): void {
    if (this.#gone) return
    this.#gone = true
    this.#cancelTimer()
    this.#dataMode?.stop()
    this.#dataMode = undefined
    this.#drain()
    this.#events.fault('gone')
  }

  #drain(): void {
    const waiting = this.#queue.splice(0).map(({ settle }) => settle)
    if (this.#settle !== undefined) waiting.unshift(this.#settle)
    this.#settle = undefined
    for (const settle of waiting) settle({ final: { type: 'reset' }, lines: [] })
  }
}
