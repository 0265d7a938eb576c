import type { PersonalData } from '../../wire/line/personal-data.ts'
import type { OnProgress } from '../events.ts'
import { type OpenShopAddress, type OpenWay, openFetch } from '../requests/open-agent.ts'
import { Shop, type Tag } from '../requests/shop-api.ts'
import type { Terminal } from '../terminal.ts'
import { type After, after } from '../timers.ts'
import { type Purchase, payAndLearn } from './settled.ts'

export interface EnterOptions extends OpenShopAddress {
  readonly userId: string
  readonly onProgress?: OnProgress
  readonly signal?: AbortSignal
}

/**
 * The second embodiment up to the personal data (S21–S28): an ordinary shop over HTTPS, with a certificate and without a session key.
 *
 *     const open = await OpenShop.enter({ shop: 'https://shop.example:8443', userId: 'alice' })
 *     await open.shop.setItem('L-100', 1)
 *     const tag = await open.finish()
 *     open.close()
 *     const purchase = await payOpen(terminal, { shop: 'https://shop.example:8443', tag, data })
 */
export class OpenShop {
  /** S23, S24. */
  readonly shop: Shop
  readonly #way: OpenWay
  readonly #onProgress: OnProgress
  #open = true

  private constructor(way: OpenWay, onProgress: OnProgress) {
    this.#way = way
    this.#onProgress = onProgress
    this.shop = new Shop(way.fetch, 2, onProgress)
  }

  /** S21, S22. @throws KeylineError INPUT_INVALID, CANCELLED, INTERNET_*, SERVER_PROTOCOL, and the server's codes */
  static async enter(options: EnterOptions): Promise<OpenShop> {
    const { userId, onProgress = () => {}, signal } = options
    const open = new OpenShop(openFetch(options), onProgress)
    try {
      const text = 'the user ID goes to the shop, over ordinary HTTPS'
      onProgress({ type: 'step', step: 'S21', path: 'internet', text })
      await open.shop.enter(userId, signal)
      return open
    } catch (error) {
      open.#way.close()
      throw error
    }
  }

  /** S25–S27. @throws KeylineError OUT_OF_STOCK and the server's other codes, INTERNET_* */
  async finish(signal?: AbortSignal): Promise<Tag> {
    const tag = await this.shop.finish(signal)
    this.#onProgress({ type: 'step', step: 'S27', path: 'here', text: 'the tag is kept' })
    return tag
  }

  /** S28: the Internet connection ends, before the personal data are typed. Harmless when repeated. */
  close(): void {
    if (!this.#open) return
    this.#open = false
    this.#way.close()
    this.#onProgress({ type: 'step', step: 'S28', path: 'internet', text: 'the Internet connection is ended' })
  }
}

export interface OpenPayment extends OpenShopAddress {
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
 * S29–S36, and afterwards, over a connection of its own, what the shop says of it.
 * @throws KeylineError as Terminal.pay; LINE_OUTCOME_UNKNOWN only when the shop could not be asked either
 */
export async function payOpen(terminal: Pick<Terminal, 'pay'>, payment: OpenPayment): Promise<Purchase> {
  const { tag, data, onProgress = () => {}, signal } = payment
  const { fetch, close } = openFetch(payment)
  const { amount, currency, userId } = tag
  const request = { userId, tag: tag.tag, expected: { amount, currency }, data, embodiment: 2 } as const
  const parts = { shop: new Shop(fetch, 2), embodiment: 2, after: payment.after ?? after, onProgress, signal } as const
  try {
    return await payAndLearn(parts, tag, () => terminal.pay({ ...request, ...(signal && { signal }) }))
  } finally {
    close()
  }
}
