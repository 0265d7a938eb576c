import type { Clock } from '../clock.ts'
import type { ModemAccess } from '../modem/access.ts'
import { explainModemError } from '../modem/explain-error.ts'
import type { AtResult } from '../modem/machine.ts'
import { CURES, type ModemErrorText } from '../modem/modem-error.ts'
import type { AtLine } from '../modem/profiles/profile.ts'
import type { DialFailure } from '../stream.ts'

/** Of what is not to be interrupted. */
export const NEVER = new AbortController().signal

/** What a modem says by itself during one command and is looked at for a cause. */
const HEARD_MAX = 16

/** Why a command did not do what it should. `cause` where the modem's words are known. */
export interface Refusal {
  readonly ok: false
  readonly why: 'refused' | 'timeout' | 'lost' | 'cancelled'
  readonly cause: ModemErrorText | undefined
  /** For people: the command without its parameters, as there may be a password in them, and what was said. */
  readonly detail: string
}

export type LineEnd = { readonly ok: true } | Refusal

/** Does one command of a list, to where it is known how it went. @returns at once when `signal` says so, if the modem obeys */
export async function runLine(modem: ModemAccess, clock: Clock, line: AtLine, signal: AbortSignal): Promise<LineEnd> {
  if (signal.aborted) return cancelled(modem)
  const heard = new Heard(line.outcome)
  const stop = modem.onUrc((text) => heard.add(text))
  try {
    const result = await abortable(modem, signal, () => modem.engine.command(line.text, line.timeoutMs, line.prefixes))
    if (result.final.type !== 'ok') return refusalOf(modem, line, result, heard.lines)
    if (line.outcome === undefined) return { ok: true }
    const { outcome, timeoutMs } = line
    const said = result.lines.find((text) => text.startsWith(outcome)) ?? (await heard.wait(clock, timeoutMs, signal))
    if (said === 'cancelled') return cancelled(modem)
    if (said === 'lost') return lost(modem)
    if (said === undefined) return silent(modem, line)
    const cause = explainModemError(said)
    return cause === undefined ? { ok: true } : refusal(modem, line, 'refused', cause, said)
  } finally {
    stop()
  }
}

/** Any byte gives up an activation or a connection that is under way, on modems that can be told (V.250 §5.6.1). */
export async function abortable<T>(modem: ModemAccess, signal: AbortSignal, run: () => Promise<T>): Promise<T> {
  const abort = (): void => modem.engine.abort()
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await run()
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

/** @param heard what the modem said by itself meanwhile: some say the cause so */
export function refusalOf(
  modem: ModemAccess,
  line: AtLine,
  { final, lines }: AtResult,
  heard: readonly string[] = [],
): Refusal {
  if (final.type === 'reset') return lost(modem)
  if (final.type === 'timeout') return silent(modem, line)
  const words = final.type === 'error' ? final.text : final.type.replaceAll('-', ' ').toUpperCase()
  const said = [...lines, ...heard, words]
  const known = said.map((text) => explainModemError(text)).filter((it) => it !== undefined)
  const cause = known.find(({ cure }) => cure !== CURES.none) ?? known[0]
  return refusal(modem, line, 'refused', cause, words)
}

export function cancelled({ path }: ModemAccess): Refusal {
  return { ok: false, why: 'cancelled', cause: undefined, detail: `${path}: cancelled` }
}

/** A refusal as the policy of the bearers hears it. @param far reason when the other end is what is not reached */
export function dialFailure(
  { why, cause, detail }: Refusal,
  far: DialFailure,
): { readonly ok: false; readonly reason: DialFailure; readonly detail: string } {
  const reasons = { refused: cause?.cure === CURES.far ? far : 'no-carrier', timeout: 'modem-fault' } as const
  const reason = why === 'cancelled' ? why : why === 'lost' ? 'modem-absent' : reasons[why]
  return { ok: false, reason, detail }
}

function silent(modem: ModemAccess, line: AtLine): Refusal {
  return refusal(modem, line, 'timeout', undefined, 'no answer')
}

function lost({ path }: ModemAccess): Refusal {
  return { ok: false, why: 'lost', cause: undefined, detail: `${path}: the modem reset or vanished` }
}

function refusal(
  { path }: ModemAccess,
  { text }: AtLine,
  why: Refusal['why'],
  cause: ModemErrorText | undefined,
  words: string,
): Refusal {
  const [command] = text.split('=')
  return { ok: false, why, cause, detail: `${path}: ${command}: ${cause?.what ?? words} (${cause?.name ?? why})` }
}

/** What the modem says by itself while a command runs and behind it. */
class Heard {
  readonly lines: string[] = []
  readonly #prefix: string | undefined
  #wake = (_said: string | undefined): void => {}

  constructor(prefix: string | undefined) {
    this.#prefix = prefix
  }

  add(text: string): void {
    if (this.lines.length < HEARD_MAX) this.lines.push(text)
    if (text === 'RDY') this.#wake('lost')
    else if (this.#prefix !== undefined && text.startsWith(this.#prefix)) this.#wake(text)
  }

  /** The line that says how it went. */
  wait(clock: Clock, ms: number, signal: AbortSignal): Promise<string | undefined> {
    const prefix = this.#prefix ?? ''
    const said = this.lines.find((text) => text.startsWith(prefix))
    if (said !== undefined || signal.aborted) return Promise.resolve(said ?? 'cancelled')
    return new Promise((resolve) => {
      const abort = (): void => this.#wake('cancelled')
      const stop = clock.after(ms, () => this.#wake(undefined))
      signal.addEventListener('abort', abort, { once: true })
      this.#wake = (it) => {
        stop()
        signal.removeEventListener('abort', abort)
        resolve(it)
      }
    })
  }
}
