import { existsSync, readFileSync, renameSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import type { Clock } from '../../line/clock.ts'
import { TICKET_TEXT_MAX } from '../../wire/line/ticket.ts'
import { PIN_MAX, PIN_MIN } from '../../wire/usb/pin.ts'
import type { CardPin } from './card-pin.ts'
import { filesIn } from './disk.ts'
import { type CardErrorCode, type CardProblem, problem } from './errors.ts'
import type { LineJobs } from './jobs.ts'
import { discardFile } from './replace.ts'

/** Pauses between two calls with a ticket, milliseconds; the last one repeats. A modem may take minutes to its network. */
const PAUSES_MS = [15_000, 60_000, 300_000, 900_000] as const
/** After these another call cannot help. */
const FINAL: ReadonlySet<CardErrorCode> = new Set([
  'TICKET_INVALID',
  'TICKET_EXPIRED',
  'TICKET_USED',
  'TICKET_REVOKED',
  'LINE_NO_ADDRESS',
])

export interface ProvisionOptions {
  /** Files that its owner put there; they are removed once they were used. */
  readonly ticket: string | undefined
  readonly pin: string | undefined
  readonly jobs: LineJobs
  readonly cardPin: CardPin
  readonly clock: Clock
  readonly onPin: () => void
  readonly onPinRefused: (problem: CardProblem) => void
  readonly onEnrolled: (cardId: string) => void
  readonly onRefused: (problem: CardProblem) => void
}

/** What a card does by itself with what was put on it: PIN first, then the enrolment, by its own line. */
export class Provision {
  readonly #options: ProvisionOptions
  #cancel = (): void => {}
  #tries = 0
  #closed = false

  constructor(options: ProvisionOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    await this.#pin()
    await this.#enrol()
  }

  close(): void {
    this.#closed = true
    this.#cancel()
  }

  /** Whatever comes of it, the PIN does not stay in a file: also not where the power went between taking and removing it. */
  async #pin(): Promise<void> {
    const { pin: file, cardPin, onPin, onPinRefused } = this.#options
    if (file === undefined || !existsSync(file)) return
    const pin = textOf(file, PIN_MAX * 4) ?? ''
    const fits = pin.length >= PIN_MIN && pin.length <= PIN_MAX
    let refused: CardProblem | undefined
    if (cardPin.state !== 'none') refused = problem('CARD_PIN_NEEDED')
    else if (!fits) refused = problem('PARAMS_INVALID', `expected a PIN of ${PIN_MIN} to ${PIN_MAX} characters`)
    else {
      const set = await cardPin.change('', pin)
      // The store could not be written: the next start tries again.
      if (!set.ok) return onPinRefused(set.problem)
    }
    erase(file)
    if (refused === undefined) onPin()
    else onPinRefused(refused)
  }

  async #enrol(): Promise<void> {
    const { ticket: file, jobs, clock, onEnrolled, onRefused } = this.#options
    const ticket = file === undefined ? undefined : textOf(file, TICKET_TEXT_MAX)
    if (this.#closed || file === undefined || ticket === undefined) return
    const outcome = await jobs.enrol({ ticket })
    if (outcome.ok) {
      erase(file)
      onEnrolled(outcome.result.cardId)
    } else if (FINAL.has(outcome.problem.code)) {
      renameSync(file, `${file}.refused`)
      onRefused(outcome.problem)
    } else if (!this.#closed) {
      const pause = PAUSES_MS[Math.min(this.#tries++, PAUSES_MS.length - 1)] ?? PAUSES_MS[0]
      this.#cancel = clock.after(pause, () => {
        this.#enrol().catch(() => {})
      })
    }
  }
}

function textOf(file: string, max: number): string | undefined {
  if (!existsSync(file)) return undefined
  const text = readFileSync(file, 'utf8').trim()
  return text === '' || text.length > max ? undefined : text
}

function erase(file: string): void {
  discardFile(filesIn(dirname(file)), basename(file))
}
