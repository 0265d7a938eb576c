import type { Orders, ShopService } from '../../../server/app/shop-service.ts'
import type {
  Access,
  Basket,
  Goods,
  Photo,
  StoredOrder,
  StoredTag,
  TagItem,
  TagState,
} from '../../../server/store/shop-store.ts'

type Changeable<T> = { -readonly [key in keyof T]: T[key] }

export const PHOTO: Photo = { type: 'image/webp', bytes: Uint8Array.of(1, 2, 3) }

export function good(product: string, more: Partial<Goods> = {}): Goods {
  const usual = { name: `Name of ${product}`, specification: 'Plain.', price: 1000, currency: 'EUR', available: 5 }
  return { product, ...usual, withdrawn: false, ...more }
}

/** 22 characters, told apart by their number. */
export const idOf = (kind: 'b' | 't', n: number) => `${kind}${String(n).padStart(21, '0')}`

/** The shop in memory, with the rules that the pages can meet; what the real one promises is tested at the real one. */
export class FakeShop implements ShopService {
  readonly shelf: Changeable<Goods>[]
  readonly photos = new Map<string, Photo>()
  readonly baskets: Changeable<Basket>[] = []
  readonly tags: Changeable<StoredTag>[] = []
  readonly stored: StoredOrder[] = []
  lapsesAt = Number.MAX_SAFE_INTEGER

  constructor(goods: readonly Goods[]) {
    this.shelf = goods.map((one) => ({ ...one }))
  }

  readonly orders: Orders = {
    order: async (id) => this.stored.find(({ orderId }) => orderId === id),
    orders: async (userId, limit) => this.stored.filter((order) => order.userId === userId).slice(0, limit),
  }

  async goods(): Promise<readonly Goods[]> {
    return this.shelf.filter(({ withdrawn }) => !withdrawn)
  }

  async good(product: string): Promise<Changeable<Goods> | undefined> {
    return this.shelf.find((one) => one.product === product)
  }

  async photo(product: string): Promise<Photo | undefined> {
    return this.photos.get(product)
  }

  async enter(userId: string): Promise<Basket> {
    return this.#open(userId, 'open')
  }

  async basketById(basketId: string): Promise<Changeable<Basket> | undefined> {
    return this.baskets.find((basket) => basket.basketId === basketId)
  }

  async basketOf(userId: string): Promise<Basket> {
    const ended: readonly (TagState | undefined)[] = ['used', 'lapsed', 'cancelled']
    const current = this.baskets.findLast(
      (basket) =>
        basket.userId === userId && basket.access === 'session' && !ended.includes(this.#tagOf(basket)?.state),
    )
    return current ?? this.#open(userId, 'session')
  }

  async setItem(basketId: string, product: string, quantity: number): ReturnType<ShopService['setItem']> {
    const basket = await this.basketById(basketId)
    const one = await this.good(product)
    if (basket === undefined) return { ok: false, reason: 'BASKET_UNKNOWN' }
    if (one === undefined) return { ok: false, reason: 'GOODS_UNKNOWN' }
    const tag = this.#tagOf(basket)
    if (tag !== undefined && tag.state !== 'open') return { ok: false, reason: 'TAG_SEALED' }
    const before = basket.items.find((item) => item.product === product)?.quantity ?? 0
    if (tag === undefined ? quantity > one.available : quantity - before > one.available) {
      return { ok: false, reason: 'OUT_OF_STOCK' }
    }
    const items = basket.items.filter((item) => item.product !== product)
    if (quantity > 0) items.push({ product, quantity })
    if (tag !== undefined) {
      if (items.length === 0) return { ok: false, reason: 'TAG_EMPTY' }
      one.available -= quantity - before
      tag.items = items.map((item) => this.#priced(item))
      tag.amount = tag.items.reduce((sum, item) => sum + item.price * item.quantity, 0)
    }
    basket.items = items
    return { ok: true, basket }
  }

  async finish(basketId: string, cardId: string | undefined): ReturnType<ShopService['finish']> {
    const basket = await this.basketById(basketId)
    if (basket === undefined) return { ok: false, reason: 'BASKET_UNKNOWN' }
    if (basket.tag !== undefined) return { ok: false, reason: 'BASKET_FINISHED' }
    if (basket.items.length === 0) return { ok: false, reason: 'BASKET_EMPTY' }
    const gone = basket.items.filter(({ product, quantity }) => {
      const one = this.shelf.find((it) => it.product === product)
      return one === undefined || one.available < quantity
    })
    if (gone.length > 0) return { ok: false, reason: 'OUT_OF_STOCK', products: gone.map(({ product }) => product) }
    const items = basket.items.map((item) => this.#priced(item))
    for (const { product, quantity } of items) {
      const one = await this.good(product)
      if (one !== undefined) one.available -= quantity
    }
    const tag: StoredTag = {
      tag: idOf('t', this.tags.length + 1),
      basketId,
      basketNumber: basket.number,
      userId: basket.userId,
      access: basket.access,
      cardId,
      state: 'open',
      amount: items.reduce((sum, { price, quantity }) => sum + price * quantity, 0),
      currency: this.shelf[0]?.currency ?? 'EUR',
      items,
      issuedAt: 1_700_000_000_000,
      lapsesAt: this.lapsesAt,
      orderId: undefined,
    }
    this.tags.push(tag)
    basket.tag = tag.tag
    return { ok: true, tag }
  }

  async tag(tag: string): Promise<Changeable<StoredTag> | undefined> {
    return this.tags.find((one) => one.tag === tag)
  }

  async cancel(text: string): Promise<boolean> {
    const tag = await this.tag(text)
    if (tag?.state !== 'open') return false
    tag.state = 'cancelled'
    for (const { product, quantity } of tag.items) {
      const one = await this.good(product)
      if (one !== undefined) one.available += quantity
    }
    return true
  }

  #open(userId: string, access: Access): Basket {
    const number = this.baskets.filter((basket) => basket.userId === userId).length + 1
    const basketId = idOf('b', this.baskets.length + 1)
    const basket: Basket = { basketId, number, userId, access, items: [], tag: undefined }
    this.baskets.push(basket)
    return basket
  }

  #tagOf({ tag }: Basket): Changeable<StoredTag> | undefined {
    return this.tags.find((one) => one.tag === tag)
  }

  #priced({ product, quantity }: { readonly product: string; readonly quantity: number }): TagItem {
    return { product, quantity, price: this.shelf.find((one) => one.product === product)?.price ?? 0 }
  }
}
