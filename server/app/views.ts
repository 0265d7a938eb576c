import { orderNumber } from '../shop/order-number.ts'
import type { Basket, Goods, StoredOrder, StoredTag, TagState } from '../store/shop-store.ts'
import type { Orders, ShopService } from './shop-service.ts'

/*
 * What the shop tells about itself, as JSON, and what its pages are made of. Address and contact of an order are in none of them: they came by
 * telephone and do not go over the Internet.
 */
export interface GoodsView extends Omit<Goods, 'withdrawn'> {
  /** Path of the photo. */
  readonly photo: string | null
}

export interface ItemView {
  readonly product: string
  readonly name: string
  readonly quantity: number
  /** Of one, minor units. */
  readonly price: number
}

export interface BasketView {
  /** B1 … Bn; null before the first one. */
  readonly basket: string | null
  readonly items: readonly (ItemView & { readonly currency: string })[]
  readonly amount: number
  readonly currency: string | null
  readonly tag: { readonly tag: string; readonly state: TagState; readonly lapsesAt: string } | null
}

export interface TagView {
  readonly tag: string
  readonly basket: string
  readonly userId: string
  readonly state: TagState
  readonly amount: number
  readonly currency: string
  readonly items: readonly ItemView[]
  readonly issuedAt: string
  readonly lapsesAt: string
  readonly order: string | null
  readonly orderState: string | null
  /** wire/line/receipt.ts as base64url, to be compared with the one that came over the line. */
  readonly receipt: string | null
}

export interface OrderView {
  readonly order: string
  readonly tag: string
  readonly state: StoredOrder['state']
  readonly amount: number
  readonly currency: string
  readonly brand: string
  readonly lastFour: string
  readonly createdAt: string
  readonly paidAt: string | null
  readonly shipment: StoredOrder['shipment']
  readonly refusal: string
  readonly items: readonly ItemView[]
  readonly receipt: string | null
}

/** Goods whose photo, or its absence, is remembered; and for how long, milliseconds. */
const PHOTOS_MAX = 2000
const PHOTOS_MS = 30_000
const NO_BASKET: BasketView = { basket: null, items: [], amount: 0, currency: null, tag: null }

export interface ViewsOptions {
  readonly shop: ShopService
  readonly orders: Orders
  /** Unix milliseconds. */
  readonly now: () => number
}

export class Views {
  readonly #options: ViewsOptions
  readonly #photos = new Map<string, { readonly has: boolean; readonly until: number }>()

  constructor(options: ViewsOptions) {
    this.#options = options
  }

  /** `available` is what nobody holds under a tag. */
  async goods(goods: Goods): Promise<GoodsView> {
    const { product, name, specification, price, currency, available } = goods
    const photo = (await this.#hasPhoto(product)) ? `/shop/photo/${product}` : null
    return { product, name, specification, price, currency, available, photo }
  }

  async basket(basket: Basket | undefined): Promise<BasketView> {
    if (basket === undefined) return NO_BASKET
    const { shop } = this.#options
    const tag = basket.tag === undefined ? undefined : await shop.tag(basket.tag)
    const items = []
    for (const { product, quantity } of basket.items) {
      const good = await shop.good(product)
      const held = tag?.items.find((item) => item.product === product)
      const price = held?.price ?? good?.price ?? 0
      const currency = tag?.currency ?? good?.currency ?? ''
      items.push({ product, name: good?.name ?? product, quantity, price, currency })
    }
    return {
      basket: `B${basket.number}`,
      items,
      amount: tag?.amount ?? items.reduce((sum, { price, quantity }) => sum + price * quantity, 0),
      currency: tag?.currency ?? items[0]?.currency ?? null,
      tag: tag === undefined ? null : { tag: tag.tag, state: this.stateOf(tag), lapsesAt: iso(tag.lapsesAt) },
    }
  }

  async tag(tag: StoredTag): Promise<TagView> {
    const order = tag.orderId === undefined ? undefined : await this.#options.orders.order(tag.orderId)
    return {
      tag: tag.tag,
      basket: `B${tag.basketNumber}`,
      userId: tag.userId,
      state: this.stateOf(tag),
      amount: tag.amount,
      currency: tag.currency,
      items: await this.#items(tag.items),
      issuedAt: iso(tag.issuedAt),
      lapsesAt: iso(tag.lapsesAt),
      order: order === undefined ? null : orderNumber(order.orderId),
      orderState: order?.state ?? null,
      receipt: order === undefined ? null : base64url(order.receipt),
    }
  }

  async order(order: StoredOrder): Promise<OrderView> {
    const { orderId, tag, state, amount, currency, brand, lastFour, createdAt, paidAt, shipment, refusal } = order
    return {
      order: orderNumber(orderId),
      tag,
      state,
      amount,
      currency,
      brand,
      lastFour,
      createdAt: iso(createdAt),
      paidAt: paidAt === undefined ? null : iso(paidAt),
      shipment,
      refusal,
      items: await this.#items(order.items),
      receipt: base64url(order.receipt),
    }
  }

  /** Nobody may have looked since its time was over. */
  stateOf({ state, lapsesAt }: StoredTag): TagState {
    return state === 'open' && lapsesAt <= this.#options.now() ? 'lapsed' : state
  }

  /** Remembered for a while: the store can tell it only by reading the photo. */
  async #hasPhoto(product: string): Promise<boolean> {
    const { shop, now } = this.#options
    const known = this.#photos.get(product)
    if (known !== undefined && known.until > now()) return known.has
    const has = (await shop.photo(product)) !== undefined
    if (this.#photos.size >= PHOTOS_MAX) this.#photos.clear()
    this.#photos.set(product, { has, until: now() + PHOTOS_MS })
    return has
  }

  async #items(items: StoredTag['items']): Promise<ItemView[]> {
    const named: ItemView[] = []
    for (const { product, quantity, price } of items) {
      const name = (await this.#options.shop.good(product))?.name ?? product
      named.push({ product, name, quantity, price })
    }
    return named
  }
}

function iso(at: number): string {
  return new Date(at).toISOString()
}

function base64url(bytes: Uint8Array | undefined): string | null {
  return bytes === undefined ? null : Buffer.from(bytes).toString('base64url')
}
