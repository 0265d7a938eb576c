/*
 * The shop's part of the store: goods, baskets, purchase tags, orders. As in store.ts: times are Unix milliseconds, amounts are minor
 * units, whatever belongs together is one call and one transaction, and expected refusals are values.
 *
 * Stock is counted where it can be constrained: `available` in the goods' row is never negative. A tag takes what it holds out of it, a tag
 * that lapses or is cancelled gives it back, one that is paid for never does. At any moment, for each product:
 * delivered by the operator = available + held by open or paying tags + sold.
 */

/** Different products of one basket, and under one tag. */
export const PRODUCTS_MAX = 20

export interface Goods {
  /** Product number, `[A-Z0-9-]`. */
  readonly product: string
  readonly name: string
  readonly specification: string
  /** Minor units. */
  readonly price: number
  /** ISO 4217. */
  readonly currency: string
  readonly available: number
  /** No longer offered; tags that hold it stay good. */
  readonly withdrawn: boolean
}

export interface Photo {
  readonly type: 'image/jpeg' | 'image/png' | 'image/webp'
  readonly bytes: Uint8Array
}

export interface NewGoods {
  readonly product: string
  readonly name: string
  readonly specification: string
  readonly price: number
  readonly currency: string
  /** What is in stock at the first time; later calls leave the count alone. */
  readonly stock: number
  readonly photo: Photo | undefined
}

export interface BasketItem {
  readonly product: string
  readonly quantity: number
}

export type Access = 'open' | 'session'

export interface Basket {
  /** 16 random bytes as base64url: who knows it owns it in the open shop. */
  readonly basketId: string
  /** B1 … Bn of its user (S22, S56). */
  readonly number: number
  readonly userId: string
  readonly access: Access
  readonly items: readonly BasketItem[]
  /** The tag that was issued for it, as base64url; then the items are the tag's. */
  readonly tag: string | undefined
}

export type TagState = 'open' | 'paying' | 'used' | 'lapsed' | 'cancelled'

export interface TagItem extends BasketItem {
  /** Of one, as it was when it came under the tag. */
  readonly price: number
}

export interface StoredTag {
  /** TAG_BYTES random bytes as base64url. */
  readonly tag: string
  readonly basketId: string
  readonly basketNumber: number
  readonly userId: string
  readonly access: Access
  /** The card whose session it was issued in; undefined in the open shop. */
  readonly cardId: string | undefined
  readonly state: TagState
  readonly amount: number
  readonly currency: string
  readonly items: readonly TagItem[]
  readonly issuedAt: number
  readonly lapsesAt: number
  /** Of the order that paid or is paying for it. */
  readonly orderId: number | undefined
}

export type FinishRefusal =
  | { readonly reason: 'BASKET_UNKNOWN' | 'BASKET_EMPTY' | 'BASKET_FINISHED' | 'TOO_MANY_TAGS' | 'CURRENCIES_MIXED' }
  /** One of these is not there any more in the quantity that was asked for. */
  | { readonly reason: 'OUT_OF_STOCK'; readonly products: readonly string[] }

export type ChangeRefusal = {
  readonly reason:
    | 'BASKET_UNKNOWN'
    | 'GOODS_UNKNOWN'
    | 'OUT_OF_STOCK'
    | 'BASKET_FULL'
    | 'CURRENCIES_MIXED'
    | 'TAG_UNKNOWN'
    | 'TAG_SEALED'
    | 'TAG_EMPTY'
}

type Refusable<T, R> = ({ readonly ok: true } & T) | ({ readonly ok: false } & R)

export interface GoodsStore {
  /** Adds goods or changes their text, price and photo. What is in stock of known goods stays as it is. */
  putGoods(goods: readonly NewGoods[]): Promise<void>
  /** All that is not withdrawn, in the order in which it was put. */
  goods(): Promise<readonly Goods[]>
  good(product: string): Promise<Goods | undefined>
  photo(product: string): Promise<Photo | undefined>
  /** @param by may be negative @returns false when unknown, or when less than nothing would be left */
  changeStock(product: string, by: number): Promise<boolean>
  /** @returns false when unknown */
  withdrawGoods(product: string, withdrawn: boolean): Promise<boolean>
}

export interface BasketStore {
  /** S22, S56: a new basket with the user's next number. Baskets of the open shop need no account of this name. */
  openBasket(basket: { basketId: string; userId: string; access: Access; at: number }): Promise<Basket>
  basket(basketId: string): Promise<Basket | undefined>
  /** The latest basket of this user's sessions whose tag, if any, is open; an empty one only where there is no other. */
  currentBasket(userId: string): Promise<Basket | undefined>
  /**
   * S24, S58: sets how many of a product; 0 takes it out. With a tag that is open and not lapsed, tag, amount and stock change with it (D-3).
   */
  setItem(change: {
    basketId: string
    product: string
    quantity: number
    at: number
  }): Promise<Refusable<{ readonly basket: Basket }, ChangeRefusal>>
  /** S25, S59: issues the tag and takes what it holds out of the stock, all or nothing. */
  finishBasket(finish: {
    basketId: string
    tag: string
    cardId: string | undefined
    at: number
    lapsesAt: number
    /** Open or paying tags that one user may have at once in this way of access. */
    tagsMax: number
  }): Promise<Refusable<{ readonly tag: StoredTag }, FinishRefusal>>
  tag(tag: string): Promise<StoredTag | undefined>
  /** Gives the stock back. @returns false when it is not open */
  cancelTag(tag: string, at: number): Promise<boolean>
  /** Ends open tags whose time is over, with their stock given back. @returns how many */
  lapseTags(at: number): Promise<number>
  /** Forgets baskets without a tag that nobody touched since. @returns how many */
  pruneBaskets(before: number): Promise<number>
}

/**
 * `authorising`: the acquirer was or will be asked; `authorised`: it said yes; `paid`: captured, the goods are sold; `refused`: it said no;
 * `voided`: nothing was charged and nothing can be any more. After the last two the tag is open again.
 */
export type OrderState = 'authorising' | 'authorised' | 'paid' | 'refused' | 'voided'

export interface OrderDetails {
  /** Known: Visa, Mastercard, …; else `card`. */
  readonly brand: string
  readonly lastFour: string
  readonly name: string
  readonly street: string
  readonly postalCode: string
  readonly city: string
  readonly country: string
  readonly contact: string
}

export interface StoredOrder extends OrderDetails {
  readonly orderId: number
  readonly tag: string
  readonly userId: string
  readonly cardId: string
  readonly state: OrderState
  readonly amount: number
  readonly currency: string
  readonly items: readonly TagItem[]
  /** Idempotency key of every request to the acquirer about this order. */
  readonly key: string
  /** Why it was refused, one word of the acquirer; else empty. */
  readonly refusal: string
  readonly createdAt: number
  readonly paidAt: number | undefined
  /** wire/line/receipt.ts, once paid. */
  readonly receipt: Uint8Array | undefined
  readonly shipment: 'none' | 'pending' | 'shipped'
}

export interface BeginOrder extends OrderDetails {
  readonly tag: string
  readonly cardId: string
  readonly userId: string
  /** What the user agreed to. */
  readonly amount: number
  readonly currency: string
  readonly key: string
  /** This node asks the acquirer; another one looks after it from `leaseUntil` on. */
  readonly node: string
  readonly leaseUntil: number
  readonly at: number
}

export type BeginRefusal = {
  readonly reason: 'TAG_UNKNOWN' | 'TAG_FOREIGN' | 'TAG_USED' | 'TAG_PENDING' | 'TAG_LAPSED' | 'AMOUNT_CHANGED'
}

/**
 * Orders are their own outbox: what is not in an end state must still be settled with the acquirer, and stands in the same transaction as
 * the tag, the stock and the shipment.
 */
export interface OrderStore {
  /** S35, S69: seals the tag (open → paying) and makes the order. At most one order of a tag is ever authorising, authorised or paid. */
  beginOrder(order: BeginOrder): Promise<Refusable<{ readonly order: StoredOrder }, BeginRefusal>>
  /** authorising → authorised. @returns false when it is not authorising any more */
  orderAuthorised(orderId: number): Promise<boolean>
  /** authorised → paid: the tag is used, its goods are sold, the shipment is pending, the receipt is kept. @returns false when not authorised */
  orderPaid(orderId: number, at: number, receipt: Uint8Array): Promise<boolean>
  /** authorising → refused: the tag is open again until `lapsesAt`, at most an hour after its issue. @returns false when not authorising */
  orderRefused(orderId: number, reason: string, lapsesAt: number): Promise<boolean>
  /** authorising or authorised → voided: the tag is open again until `lapsesAt`. @returns false when it is neither */
  orderVoided(orderId: number, lapsesAt: number): Promise<boolean>
  /** Orders that somebody must settle now: not in an end state, and either `node`'s own or their lease is over. */
  unsettled(node: string, at: number): Promise<readonly StoredOrder[]>
  /** Takes or prolongs the lease. @returns false when another node has it */
  leaseOrder(orderId: number, node: string, at: number, leaseUntil: number): Promise<boolean>
  order(orderId: number): Promise<StoredOrder | undefined>
  /** Newest first. @param userId of one user, or all */
  orders(userId: string | undefined, limit: number): Promise<readonly StoredOrder[]>
  /** pending → shipped. @returns false when it is not pending */
  shipOrder(orderId: number, at: number): Promise<boolean>
}

export interface ShopStore extends GoodsStore, BasketStore, OrderStore {}
