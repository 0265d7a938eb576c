import type { PersonalData } from '../../wire/line/personal-data.ts'
import type { OnProgress } from '../events.ts'
import { Shop, type Tag } from '../requests/shop-api.ts'
import type { Session } from '../session.ts'
import type { Terminal } from '../terminal.ts'
import { type After, after } from '../timers.ts'
import { type Purchase, payAndLearn } from './settled.ts'

export interface EnterSessionOptions {
  readonly session: Pick<Session, 'fetch' | 'disconnect'>
  readonly onProgress?: OnProgress
  readonly signal?: AbortSignal
}

/**
 * The third embodiment from the basket to the personal data (S56–S62); S41–S55 are the login of the first. The shop is inside the session,
 * so that nobody sees the tag and buys the same single item first.
 *
 *     const keyed = await SessionShop.enter({ session })
 *     await keyed.shop.setItem('L-100', 1)
 *     const tag = await keyed.finish()
 *     keyed.close()
 *     const purchase = await payInSession(terminal, { session, tag, data })
 */
export class SessionShop {
  /** S57, S58. */
  readonly shop: Shop
  readonly #session: EnterSessionOptions['session']
  readonly #onProgress: OnProgress
  #open = true

  private constructor({ session, onProgress = () => {} }: EnterSessionOptions) {
    this.#session = session
    this.#onProgress = onProgress
    this.shop = new Shop(session.fetch, 3, onProgress)
  }

  /** S56. @throws KeylineError SESSION_*, INTERNET_*, SERVER_PROTOCOL */
  static async enter(options: EnterSessionOptions): Promise<SessionShop> {
    const keyed = new SessionShop(options)
    const { basket } = await keyed.shop.basket(options.signal)
    keyed.#onProgress({ type: 'step', step: 'S56', path: 'internet', text: `basket ${basket ?? 'none'}` })
    return keyed
  }

  /** S59–S61. @throws KeylineError OUT_OF_STOCK and the server's other codes, SESSION_*, INTERNET_* */
  async finish(signal?: AbortSignal): Promise<Tag> {
    const tag = await this.shop.finish(signal)
    this.#onProgress({ type: 'step', step: 'S61', path: 'here', text: 'the tag is kept' })
    return tag
  }

  /** S62: the Internet connection ends, before the personal data are typed. The session stays: its keys wait. Harmless when repeated. */
  close(): void {
    if (!this.#open) return
    this.#open = false
    this.#session.disconnect()
    this.#onProgress({ type: 'step', step: 'S62', path: 'internet', text: 'the Internet connection is ended' })
  }
}

export interface SessionPayment {
  readonly session: Pick<Session, 'fetch' | 'userId'>
  /** As the user saw it. */
  readonly tag: Tag
  /** Goes over the line only. */
  readonly data: PersonalData
  readonly onProgress?: OnProgress
  readonly signal?: AbortSignal
  /** Tests hold the pauses in their hands. */
  readonly after?: After
}

/**
 * S63–S70, and afterwards, over the session, what the shop says of it.
 * @throws KeylineError as Terminal.pay; LINE_OUTCOME_UNKNOWN only when the shop could not be asked either
 */
export function payInSession(terminal: Pick<Terminal, 'pay'>, payment: SessionPayment): Promise<Purchase> {
  const { session, tag, data, onProgress = () => {}, signal } = payment
  const { amount, currency } = tag
  const { userId, fetch } = session
  const request = { userId, tag: tag.tag, expected: { amount, currency }, data, embodiment: 3 } as const
  const parts = { shop: new Shop(fetch, 3), embodiment: 3, after: payment.after ?? after, onProgress, signal } as const
  return payAndLearn(parts, tag, () => terminal.pay({ ...request, ...(signal && { signal }) }))
}
