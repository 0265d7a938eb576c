import type { MethodName, Params, Result } from '../../wire/usb/methods.ts'
import { fault, KeylineError } from '../errors.ts'
import type { After } from '../timers.ts'
import type { CardClient } from './card-client.ts'

/** What asks a card. */
export interface CardCalls extends Pick<CardClient, 'call'> {
  /**
   * The connection that there is now, or the next one. What goes over it is never repeated on another: who gives up while the card is away
   * is sure that nothing is sent when it comes back.
   * @throws KeylineError CANCELLED, or why there is none; nothing was sent then
   */
  live(signal?: AbortSignal): Promise<CardClient>
}

/** A card that was unplugged is waited for so long, milliseconds: a board that lost its power starts anew meanwhile. */
const BACK_MS = 60_000
/** Between two looks whether it is back, milliseconds. */
export const LOOK_MS = 500
/** While a port comes back: it is there before its rights are, or somebody probes it. */
const PASSING: ReadonlySet<string> = new Set([
  'CARD_GONE',
  'CARD_NOT_FOUND',
  'CARD_FORBIDDEN',
  'CARD_IN_USE',
  'CARD_SILENT',
])
/** Asked once more by itself: nothing changes by them. */
const REPEATED: ReadonlySet<MethodName> = new Set([
  'card.status',
  'card.doctor',
  'card.paired',
  'card.files.list',
  'card.files.read',
  'card.update.status',
])
/** What else is known of a request that was under way. Of a payment nothing is: flows/pay.ts. */
const UNKNOWN: Partial<Record<MethodName, string>> = {
  'card.enrol': 'while it enrolled; the same ticket may be given again',
  'line.login': 'while it called; no session was opened here, and the next login settles what was begun',
  'card.files.begin': 'while a file was written; the card has it as it was before',
  'card.files.write': 'while a file was written; the card has it whole or as it was before',
  'card.files.remove': 'while a file was removed; keyline card files ls tells',
  'card.files.prune': 'while damaged files were removed; keyline card files ls tells',
  'card.unpair': 'while it forgot a computer; keyline card paired tells',
  'card.pin.set': 'while its PIN was changed: the old one or the new one holds',
  'card.update.finish': 'while it took the update; keyline card update --status tells',
}

export interface CardLinkOptions {
  readonly client: CardClient
  /** Opens the same card again, greeted and proved; undefined for a stream that comes once. */
  readonly connect: (() => Promise<CardClient>) | undefined
  readonly after: After
  readonly now?: () => number
}

/** A card that may be unplugged and plugged in again: what is under way is told what became of it, and the next request finds the card. */
export class CardLink implements CardCalls {
  readonly #options: CardLinkOptions
  #client: CardClient
  #connecting: Promise<CardClient> | undefined
  #closed = false

  constructor(options: CardLinkOptions) {
    this.#options = options
    this.#client = options.client
  }

  /** Whether it is there now. */
  get usable(): boolean {
    return this.#client.usable
  }

  /** @throws KeylineError as CardClient.call; CARD_GONE says what is known of a request that was under way */
  async call<M extends MethodName>(method: M, params: Params<M>): Promise<Result<M>> {
    const client = await this.live()
    try {
      return await client.call(method, params)
    } catch (error) {
      const isOver = this.#closed || this.#options.connect === undefined
      if (!isGone(error) || isOver || !REPEATED.has(method)) throw underWay(method, error)
      return await (await this.live()).call(method, params)
    }
  }

  async live(signal?: AbortSignal): Promise<CardClient> {
    if (signal?.aborted) throw fault('CANCELLED')
    const { connect } = this.#options
    if (this.#closed) throw fault('TERMINAL_CLOSED')
    if (this.#client.usable || connect === undefined) return this.#client.live()
    this.#connecting ??= this.#again(connect).finally(() => {
      this.#connecting = undefined
    })
    const connecting = this.#connecting
    if (signal === undefined) return connecting
    connecting.catch(() => {}) // who gave up does not hear of it
    return await unlessAborted(connecting, signal)
  }

  async close(): Promise<void> {
    this.#closed = true
    const late = this.#connecting
    await this.#client.close()
    await late?.then(
      (client) => client.close(),
      () => {},
    )
  }

  async #again(connect: () => Promise<CardClient>): Promise<CardClient> {
    const { after, now = performance.now.bind(performance) } = this.#options
    await this.#client.close().catch(() => {})
    const until = now() + BACK_MS
    for (;;) {
      try {
        this.#client = await connect()
        return this.#client
      } catch (error) {
        if (this.#closed) throw fault('TERMINAL_CLOSED', { cause: error })
        if (!isPassing(error)) throw error
        if (now() > until) throw waitedInVain(error)
        await new Promise<void>((resolve) => after(LOOK_MS, resolve))
      }
    }
  }
}

/** What the caller is told of a request that was under way when the card went. */
export function underWay(method: MethodName, error: unknown): unknown {
  const known = UNKNOWN[method]
  if (!isGone(error) || known === undefined) return error
  return fault('CARD_GONE', { what: `${error.what} ${known}`, cause: error })
}

/** A card that is away, or on its way back. */
export function isPassing(error: unknown): error is KeylineError {
  return error instanceof KeylineError && PASSING.has(error.code)
}

function isGone(error: unknown): error is KeylineError {
  return error instanceof KeylineError && error.code === 'CARD_GONE' && error.origin !== 'card'
}

function waitedInVain(error: KeylineError): KeylineError {
  const { code, cure, origin } = error
  const what = `${error.what}; it was waited for ${BACK_MS / 1000} s, and nothing was sent`
  return new KeylineError({ code, what, cure, origin }, error)
}

/** @throws KeylineError CANCELLED as soon as `signal` says so */
async function unlessAborted<T>(waiting: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop = (): void => {}
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(fault('CANCELLED'))
    signal.addEventListener('abort', stop, { once: true })
  })
  try {
    return await Promise.race([waiting, aborted])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
