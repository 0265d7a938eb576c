import type { MethodName, Params, Result } from '../../wire/usb/methods.ts'
import { fault, KeylineError } from '../errors.ts'
import type { After } from '../timers.ts'
import type { CardClient } from './card-client.ts'

/** What asks a card. */
export type CardCalls = Pick<CardClient, 'call' | 'usable'>

/** A card that was unplugged is waited for so long, milliseconds: a board that lost its power starts anew meanwhile. */
const BACK_MS = 60_000
const LOOK_MS = 500
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
  'card.paired',
  'card.files.list',
  'card.files.read',
  'card.update.status',
])
/** What the caller is told where nobody knows what became of it. */
const UNKNOWN: Partial<Record<MethodName, string>> = {
  'card.enrol': 'the card was unplugged while it enrolled; the same ticket may be given again',
  'line.login':
    'the card was unplugged while it called; no session was opened here, and the next login settles what was begun',
  'line.pay': 'the card was unplugged while it paid: look at the order before you pay again, it may be paid already',
  'card.files.write': 'the card was unplugged while a file was written; the card has it whole or as it was before',
  'card.pin.set': 'the card was unplugged while its PIN was changed: the old one or the new one holds',
  'card.update.finish': 'the card was unplugged while it took the update; keyline card update --status tells',
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
    const client = await this.#live()
    try {
      return await client.call(method, params)
    } catch (error) {
      if (!isGone(error) || this.#closed || this.#options.connect === undefined) throw error
      if (REPEATED.has(method)) return await (await this.#live()).call(method, params)
      const what = UNKNOWN[method]
      throw what === undefined ? error : fault('CARD_GONE', { what, cause: error })
    }
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

  async #live(): Promise<CardClient> {
    const { connect } = this.#options
    if (this.#client.usable || this.#closed || connect === undefined) return this.#client
    this.#connecting ??= this.#again(connect).finally(() => {
      this.#connecting = undefined
    })
    return this.#connecting
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
        const passing = error instanceof KeylineError && PASSING.has(error.code)
        if (!passing || this.#closed || now() > until) throw error
        await new Promise<void>((resolve) => after(LOOK_MS, resolve))
      }
    }
  }
}

function isGone(error: unknown): boolean {
  return error instanceof KeylineError && error.code === 'CARD_GONE' && error.origin !== 'card'
}
