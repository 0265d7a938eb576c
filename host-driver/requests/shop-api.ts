import { z } from 'zod'
import { AMOUNT_MAX } from '../../wire/line/purchase.ts'
import { PRODUCT_NUMBER, QUANTITY_MAX } from '../../wire/line/receipt.ts'
import { fault } from '../errors.ts'
import type { OnProgress, Step } from '../events.ts'
import type { Fetch, RequestOptions } from './http.ts'
import { ask, problemOf, readBytes } from './server-api.ts'

/** What one answer may hold, and a photo, bytes: the server's own limits are half of that. */
const GOODS_MAX = 2000
const ITEMS_MAX = 200
const ORDERS_MAX = 1000
const PHOTO_MAX = 2 ** 20
const PHOTO_TYPES = ['image/jpeg', 'image/png', 'image/webp']

const product = z.string().regex(PRODUCT_NUMBER)
const name = z.string().min(1).max(200)
const amount = z.int().nonnegative().max(AMOUNT_MAX)
const currency = z.string().regex(/^[A-Z]{3}$/)
const quantity = z.int().min(1).max(QUANTITY_MAX)
const time = z.iso.datetime().transform((text) => new Date(text))
const tagText = z.string().regex(/^[A-Za-z0-9_-]{22}$/)
const tagState = z.enum(['open', 'paying', 'used', 'lapsed', 'cancelled'])
const orderState = z.enum(['authorising', 'authorised', 'paid', 'refused', 'voided'])
const orderNumber = z.string().regex(/^K-[0-9]{6,12}$/)
/** wire/line/receipt.ts: 100 items of at most 40 bytes, and the rest. */
const receipt = z
  .string()
  .regex(/^[A-Za-z0-9_-]*$/)
  .max(8192)
  .transform((text) => Uint8Array.from(Buffer.from(text, 'base64url')))
const item = z.object({ product, name, quantity, price: amount })

const goodsAnswer = z.object({
  goods: z
    .array(
      z.object({
        product,
        name,
        specification: z.string().max(4000),
        price: amount,
        currency,
        /** What nobody holds under a tag. */
        available: z.int().nonnegative(),
        photo: z.string().max(200).nullable(),
      }),
    )
    .max(GOODS_MAX),
})
const basketAnswer = z.object({
  /** B1 … Bn; null before the first one. */
  basket: z
    .string()
    .regex(/^B[0-9]{1,15}$/)
    .nullable(),
  items: z.array(item.extend({ currency })).max(ITEMS_MAX),
  amount,
  currency: currency.nullable(),
  tag: z.object({ tag: tagText, state: tagState, lapsesAt: time }).nullable(),
})
const tagAnswer = z.object({
  tag: tagText,
  basket: z.string().regex(/^B[0-9]{1,15}$/),
  userId: z.string().min(1).max(64),
  state: tagState,
  amount,
  currency,
  items: z.array(item).max(ITEMS_MAX),
  issuedAt: time,
  lapsesAt: time,
  order: orderNumber.nullable(),
  orderState: orderState.nullable(),
  receipt: receipt.nullable(),
})
const ordersAnswer = z.object({
  orders: z
    .array(
      z.object({
        order: orderNumber,
        tag: tagText,
        state: orderState,
        amount,
        currency,
        brand: z.string().max(20),
        lastFour: z.string().max(4),
        createdAt: time,
        paidAt: time.nullable(),
        shipment: z.enum(['none', 'pending', 'shipped']),
        refusal: z.string().max(100),
        items: z.array(item).max(ITEMS_MAX),
        receipt: receipt.nullable(),
      }),
    )
    .max(ORDERS_MAX),
})

/** Amounts and prices are minor units, prices those of one. */
export type Goods = z.output<typeof goodsAnswer>['goods'][number]
export type Basket = z.output<typeof basketAnswer>
/** A purchase tag with what it stands for. `receipt`: the bytes of wire/line/receipt.ts, once paid. */
export type Tag = z.output<typeof tagAnswer>
export type TagState = Tag['state']
export type Order = z.output<typeof ordersAnswer>['orders'][number]

/** The same steps in the open (second embodiment) and under a session key (third). */
const STEPS: Readonly<Record<2 | 3, Readonly<Record<'basket' | 'menu' | 'picked' | 'tag', Step>>>> = {
  2: { basket: 'S22', menu: 'S23', picked: 'S24', tag: 'S26' },
  3: { basket: 'S56', menu: 'S57', picked: 'S58', tag: 'S60' },
}

/**
 * The shop as the terminal sees it over the Internet path, up to the purchase tag. Each method throws a KeylineError: INTERNET_*,
 * SERVER_PROTOCOL for an answer that is none, INPUT_INVALID, or the server's own code unchanged (OUT_OF_STOCK, TAG_UNKNOWN, …).
 */
export class Shop {
  readonly #fetch: Fetch
  readonly #steps: (typeof STEPS)[2 | 3]
  readonly #onProgress: OnProgress

  /** @param embodiment 2: in the open; 3: under a session key */
  constructor(fetch: Fetch, embodiment: 2 | 3, onProgress: OnProgress = () => {}) {
    this.#fetch = fetch
    this.#steps = STEPS[embodiment]
    this.#onProgress = onProgress
  }

  /** S21, S22: in the open shop only. */
  async enter(userId: string, signal?: AbortSignal): Promise<Basket> {
    const basket = await ask(this.#fetch, '/shop/enter', basketAnswer, post({ userId }, signal))
    this.#tell('basket', `basket ${basket.basket ?? 'none'}`)
    return basket
  }

  /** S23, S57. */
  async goods(signal?: AbortSignal): Promise<Goods[]> {
    const { goods } = await ask(this.#fetch, '/shop/goods', goodsAnswer, signal && { signal })
    this.#tell('menu', `menu of ${goods.length} goods`)
    return goods
  }

  /** @throws KeylineError as all, and SERVER_PROTOCOL for what is no picture, or too large */
  async photo(product: string, signal?: AbortSignal): Promise<{ readonly type: string; readonly bytes: Uint8Array }> {
    const response = await this.#fetch(`/shop/photo/${productNumber(product)}`, signal && { signal })
    if (!response.ok) throw await problemOf(response)
    const type = response.headers.get('content-type') ?? ''
    if (!PHOTO_TYPES.includes(type)) {
      await response.body?.cancel()
      throw fault('SERVER_PROTOCOL', { what: 'expected a photo' })
    }
    return { type, bytes: await readBytes(response, PHOTO_MAX) }
  }

  /** What is picked so far; S56 where it is the first look. */
  async basket(signal?: AbortSignal): Promise<Basket> {
    return ask(this.#fetch, '/shop/basket', basketAnswer, signal && { signal })
  }

  /** S24, S58; D-3 under an open tag. @param quantity of it from now on, 0 … 99; 0 takes it out */
  async setItem(product: string, quantity: number, signal?: AbortSignal): Promise<Basket> {
    if (!Number.isInteger(quantity) || quantity < 0 || quantity > QUANTITY_MAX) {
      throw fault('INPUT_INVALID', { what: `expected a quantity of 0…${QUANTITY_MAX}` })
    }
    const wanted = { product: productNumber(product), quantity }
    const basket = await ask(this.#fetch, '/shop/basket', basketAnswer, post(wanted, signal))
    this.#tell('picked', quantity === 0 ? `${product} is out of the basket` : `${quantity} × ${product} in the basket`)
    return basket
  }

  /** S25 and S26, S59 and S60: selection finished; what the tag holds nobody else can buy until it lapses. */
  async finish(signal?: AbortSignal): Promise<Tag> {
    const tag = await ask(this.#fetch, '/shop/finish', tagAnswer, post({}, signal))
    this.#tell('tag', `purchase tag for ${tag.items.length} products`)
    return tag
  }

  async tag(tag: string, signal?: AbortSignal): Promise<Tag> {
    return ask(this.#fetch, `/shop/tag/${purchaseTag(tag)}`, tagAnswer, signal && { signal })
  }

  /** Gives back what the tag holds; nothing can be charged for it any more. */
  async cancel(tag: string, signal?: AbortSignal): Promise<Tag> {
    return ask(this.#fetch, '/shop/cancel', tagAnswer, post({ tag: purchaseTag(tag) }, signal))
  }

  /** Newest first; under a session key only. */
  async orders(signal?: AbortSignal): Promise<Order[]> {
    return (await ask(this.#fetch, '/shop/orders', ordersAnswer, signal && { signal })).orders
  }

  #tell(what: keyof (typeof STEPS)[2], text: string): void {
    this.#onProgress({ type: 'step', step: this.#steps[what], path: 'internet', text })
  }
}

/** @throws KeylineError INPUT_INVALID */
export function purchaseTag(text: string): string {
  if (tagText.safeParse(text).success) return text
  throw fault('INPUT_INVALID', { what: 'expected a purchase tag: 22 letters, digits, - or _' })
}

/** @throws KeylineError INPUT_INVALID */
function productNumber(text: string): string {
  if (PRODUCT_NUMBER.test(text)) return text
  throw fault('INPUT_INVALID', { what: 'expected a product number, as the menu has them' })
}

function post(fields: Readonly<Record<string, unknown>>, signal: AbortSignal | undefined): RequestOptions {
  const headers = { 'content-type': 'application/json' }
  return { method: 'POST', headers, body: JSON.stringify(fields), ...(signal && { signal }) }
}
