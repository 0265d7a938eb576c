import type { CallReport, LineState } from '../../wire/usb/methods.ts'
import type { OnProgress } from '../events.ts'
import type { Terminal } from '../terminal.ts'
import type { TerminalView } from './terminal-page.ts'

/** What a call may be made with. */
export type Caller = Pick<Terminal, 'pay' | 'status'>

export type OpenTerminal = (onProgress: OnProgress) => Promise<Caller & Pick<Terminal, 'close'>>

/** The card as the gateway uses it: opened for each use only, so that other programs may have it in between. */
export class CardDesk {
  readonly #open: OpenTerminal
  #line: LineState = 'idle'
  #card: TerminalView['card'] = { fault: 'not asked yet' }
  /** Calls that run now. */
  #calls = 0
  #look: Promise<void> | undefined
  #total = { calls: 0, lineUp: 0, lineDown: 0, lineSeconds: 0 }

  constructor(open: OpenTerminal) {
    this.#open = open
  }

  get line(): LineState {
    return this.#line
  }

  /** What it said of itself when it was last asked. */
  get card(): TerminalView['card'] {
    return this.#card
  }

  /** All calls so far. */
  get total(): Readonly<{ calls: number; lineUp: number; lineDown: number; lineSeconds: number }> {
    return this.#total
  }

  /** Something that calls; it follows the line. @param run is told what happens, and tells it on */
  async calling<T>(onProgress: OnProgress, run: (tell: OnProgress) => Promise<T>): Promise<T> {
    this.#calls++
    try {
      await this.#look // only one at a time has the card's port
      return await run((event) => {
        if (event.type === 'line') this.#line = event.state
        onProgress(event)
      })
    } finally {
      this.#calls--
      this.#line = 'idle'
    }
  }

  /** A call with the card opened here. */
  withCard<T>(onProgress: OnProgress, use: (card: Caller, tell: OnProgress) => Promise<T>): Promise<T> {
    return this.calling(onProgress, async (tell) => {
      const terminal = await this.#open(tell)
      try {
        return await use(terminal, tell)
      } finally {
        await terminal.close()
      }
    })
  }

  /** Asks the card how it is, unless a call runs: a greeting would end it. Never rejects. @param words of a fault */
  look(words: (error: unknown) => string): Promise<void> {
    if (this.#calls > 0) return Promise.resolve()
    this.#look ??= this.#ask(words).finally(() => {
      this.#look = undefined
    })
    return this.#look
  }

  count({ attempts, bytesUp, bytesDown, exchangeMs }: CallReport): void {
    const { calls, lineUp, lineDown, lineSeconds } = this.#total
    this.#total = {
      calls: calls + attempts,
      lineUp: lineUp + bytesUp,
      lineDown: lineDown + bytesDown,
      lineSeconds: lineSeconds + exchangeMs / 1000,
    }
  }

  async #ask(words: (error: unknown) => string): Promise<void> {
    try {
      const terminal = await this.#open(() => {})
      try {
        const { card, firmware } = await terminal.status()
        this.#card = { id: card.cardId, modem: card.modem, firmware, network: card.network }
      } finally {
        await terminal.close()
      }
    } catch (error) {
      this.#card = { fault: words(error) }
    }
  }
}
