import { randomBytes } from 'node:crypto'
import { TAG_BYTES } from '../../wire/limits.ts'
import { QUANTITY_MAX } from '../../wire/line/receipt.ts'
import type { Log, Step } from '../events.ts'
import type { Access, Basket, BasketStore, Goods, GoodsStore, Photo, StoredTag } from '../store/shop-store.ts'

const BASKET_BYTES = 16
/** Tags that one user may have at once in the open shop, and as many in sessions: what they hold nobody else can buy. */
const TAGS_MAX = 4
/** A basket without a tag that nobody touched for so long is forgotten, milliseconds. */
const BASKET_MS = 7 * 86_400_000

export interface ShopOptions {
  readonly store: GoodsStore & BasketStore
  /** Unix milliseconds. */
  readonly now: () => number
  readonly log: Log
  /** How long a tag holds its goods, milliseconds. */
  readonly tagLifetimeMs: number
}

type Changed = Awaited<ReturnType<BasketStore['setItem']>>
type Finished = Awaited<ReturnType<BasketStore['finishBasket']>>

/** Steps of the second embodiment (open shop) and of the third (under a session key). */
const STEPS: Readonly<Record<Access, Readonly<Record<'basket' | 'picked' | 'tag', Step>>>> = {
  open: { basket: 'S22', picked: 'S24', tag: 'S25' },
  session: { basket: 'S56', picked: 'S58', tag: 'S59' },
}

/** The shop up to the purchase tag (S21–S27, S56–S61). Money is `Purchases`. */
export class Shop {
  readonly #options: ShopOptions

  constructor(options: ShopOptions) {
    this.#options = options
  }

  goods(): Promise<readonly Goods[]> {
    return this.#options.store.goods()
  }

  good(product: string): Promise<Goods | undefined> {
    return this.#options.store.good(product)
  }

  photo(product: string): Promise<Photo | undefined> {
    return this.#options.store.photo(product)
  }

  /** S21, S22: a new basket of the open shop. Whether there is such a user is not told there: the line finds out. */
  enter(userId: string): Promise<Basket> {
    return this.#open(userId, 'open')
  }

  /** Who knows a basket's id has it: only in the open shop. */
  async basketById(basketId: string): Promise<Basket | undefined> {
    const basket = await this.#options.store.basket(basketId)
    return basket?.access === 'open' ? basket : undefined
  }

  /** S56: the basket in use, or a new one. */
  async basketOf(userId: string): Promise<Basket> {
    return (await this.#options.store.currentBasket(userId)) ?? (await this.#open(userId, 'session'))
  }

  /** S24, S58, and D-3 under an open tag. @param quantity 0 takes the product out */
  async setItem(basketId: string, product: string, quantity: number): Promise<Changed> {
    if (!Number.isInteger(quantity) || quantity < 0 || quantity > QUANTITY_MAX) {
      return { ok: false, reason: 'OUT_OF_STOCK' }
    }
    const { store, now } = this.#options
    const changed = await store.setItem({ basketId, product, quantity, at: now() })
    if (changed.ok) this.#step('picked', 'goods.picked', changed.basket, { product, quantity })
    return changed
  }

  /** S25, S59: selection finished. @param cardId whose session it is; the tag is good for this card only */
  async finish(basketId: string, cardId: string | undefined): Promise<Finished> {
    const { store, now, tagLifetimeMs } = this.#options
    const at = now()
    const tag = randomBytes(TAG_BYTES).toString('base64url')
    const finish = { basketId, tag, cardId, at, lapsesAt: at + tagLifetimeMs, tagsMax: TAGS_MAX }
    const finished = await store.finishBasket(finish)
    if (finished.ok) {
      const { access, basketNumber: number, items } = finished.tag
      this.#step('tag', 'tag.issued', { access, number }, { products: items.length })
    }
    return finished
  }

  tag(tag: string): Promise<StoredTag | undefined> {
    return this.#options.store.tag(tag)
  }

  /** @returns false when it is not open */
  async cancel(tag: string): Promise<boolean> {
    const { store, now, log } = this.#options
    const cancelled = await store.cancelTag(tag, now())
    if (cancelled) log({ event: 'tag.cancelled', path: 'internet' })
    return cancelled
  }

  /** Gives back what lapsed tags hold, and forgets old baskets. */
  async sweep(): Promise<void> {
    const { store, now, log } = this.#options
    const at = now()
    const tags = await store.lapseTags(at)
    if (tags > 0) log({ event: 'tag.lapsed', tags })
    await store.pruneBaskets(at - BASKET_MS)
  }

  async #open(userId: string, access: Access): Promise<Basket> {
    const { store, now } = this.#options
    const basketId = randomBytes(BASKET_BYTES).toString('base64url')
    const basket = await store.openBasket({ basketId, userId, access, at: now() })
    this.#step('basket', 'basket.assigned', basket)
    return basket
  }

  #step(
    step: 'basket' | 'picked' | 'tag',
    event: string,
    { access, number }: Pick<Basket, 'access' | 'number'>,
    more = {},
  ): void {
    this.#options.log({ event, step: STEPS[access][step], path: 'internet', basket: `B${number}`, ...more })
  }
}
