import { z } from 'zod'
import type { Clock } from '../../line/clock.ts'
import { USER_ID_MAX } from '../../wire/limits.ts'
import { PRODUCT_NUMBER, QUANTITY_MAX } from '../../wire/line/receipt.ts'
import type { Log, Step } from '../events.ts'
import type { ProblemCode } from '../internet-port/answers.ts'
import type { StoredTag } from '../store/shop-store.ts'
import { json, problem, seeOther, wantsHtml } from './answers.ts'
import { readFields } from './fields.ts'
import { type Ask, type Handler, type Route, route, sessionOf } from './route.ts'
import type { Orders, ShopService } from './shop-service.ts'
import type { Views } from './views.ts'
import type { Visitor, Visits } from './visits.ts'

export interface ShopRoutesOptions {
  readonly shop: ShopService
  readonly orders: Orders
  readonly views: Views
  readonly visits: Visits
  readonly clock: Clock
  readonly log: Log
}

/** Steps that happen here and not in the shop: of the second embodiment (open shop) and of the third (S57, S60). */
export const SENT: Readonly<Record<Visitor['via'], { readonly goods: Step; readonly tag: Step }>> = {
  open: { goods: 'S23', tag: 'S26' },
  session: { goods: 'S57', tag: 'S60' },
}

/** Orders that one answer lists. */
export const ORDERS_MAX = 100
export const TAG = /^[A-Za-z0-9_-]{22}$/
/** Both ways of the Internet; the rows below name what only one of them has. */
const BOTH = ['session', 'open'] as const

/** No control characters, line ends or halves of a character: it is shown to people. */
const PRINTABLE = /^[^\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]+$/u
const userId = z
  .string()
  .transform((text) => text.trim())
  .refine((text) => PRINTABLE.test(text) && Buffer.byteLength(text) <= USER_ID_MAX)
const ENTER = z.strictObject({ userId })
const SET_ITEM = z.strictObject({
  product: z.string().regex(PRODUCT_NUMBER),
  quantity: z.int().min(0).max(QUANTITY_MAX),
  more: z.union([z.literal(0), z.literal(1)]).default(0),
})
const FINISH = z.strictObject({})
const CANCEL = z.strictObject({ tag: z.string().regex(TAG) })
/** Why an ended tag cannot be cancelled. */
const ENDED: Partial<Readonly<Record<StoredTag['state'], ProblemCode>>> = {
  paying: 'TAG_PENDING',
  used: 'TAG_USED',
  lapsed: 'TAG_LAPSED',
}

/** The shop's API, and what the forms of its pages are sent to (S21–S26, S56–S60). */
export function shopRoutes({ shop, orders, views, visits, clock, log }: ShopRoutesOptions): Route[] {
  const goods: Handler = async (ask) => {
    const all = await shop.goods()
    log({ event: 'goods.sent', step: SENT[viaOf(ask)].goods, path: 'internet', goods: all.length })
    return json({ goods: await Promise.all(all.map((good) => views.goods(good))) })
  }

  const enter: Handler = async (ask) => {
    const fields = await readFields(ask, clock, ENTER)
    if (typeof fields === 'string') return refused(ask, fields)
    log({ event: 'user.entered', step: 'S21', path: 'internet' })
    const { basket, headers } = await visits.enter(fields.userId)
    return wantsHtml(ask) ? seeOther('/', headers) : json(await views.basket(basket), 200, headers)
  }

  const basket: Handler = async (ask) => json(await views.basket((await visits.of(ask)).basket))

  const setItem: Handler = async (ask) => {
    const fields = await readFields(ask, clock, SET_ITEM)
    if (typeof fields === 'string') return refused(ask, fields)
    const found = await visits.writable(ask)
    if (found === undefined) return problem(ask, 'BASKET_UNKNOWN')
    const { product, more } = fields
    const there = found.basket.items.find((item) => item.product === product)?.quantity ?? 0
    const quantity = fields.quantity + (more === 1 ? there : 0)
    const { headers } = found
    if (quantity > QUANTITY_MAX) return problem(ask, 'BASKET_FULL', { headers })
    const changed = await shop.setItem(found.basket.basketId, product, quantity)
    if (!changed.ok) return problem(ask, changed.reason, { headers, fields: { products: [product] } })
    return wantsHtml(ask) ? seeOther('/basket', headers) : json(await views.basket(changed.basket), 200, headers)
  }

  const finish: Handler = async (ask) => {
    const fields = await readFields(ask, clock, FINISH)
    if (typeof fields === 'string') return refused(ask, fields)
    const { basket: current, cardId, via } = await visits.of(ask)
    if (current === undefined) return problem(ask, 'BASKET_UNKNOWN')
    const finished = await shop.finish(current.basketId, cardId)
    if (finished.ok) {
      log({ event: 'tag.sent', step: SENT[via].tag, path: 'internet' })
      return wantsHtml(ask) ? seeOther(`/tag/${finished.tag.tag}`) : json(await views.tag(finished.tag))
    }
    const { tag } = current
    // Double click, back button, second tab: the answer to the first one is what was meant.
    if (finished.reason === 'BASKET_FINISHED' && tag !== undefined && wantsHtml(ask)) return seeOther(`/tag/${tag}`)
    const products = finished.reason === 'OUT_OF_STOCK' ? { products: finished.products } : {}
    return problem(ask, finished.reason, { fields: products })
  }

  const tag: Handler = async (ask) => {
    const found = await visibleTag(ask, shop, ask.req.param('tag') ?? '')
    return found === undefined ? problem(ask, 'TAG_UNKNOWN') : json(await views.tag(found))
  }

  const cancel: Handler = async (ask) => {
    const fields = await readFields(ask, clock, CANCEL)
    if (typeof fields === 'string') return refused(ask, fields)
    const found = await visibleTag(ask, shop, fields.tag)
    if (found === undefined) return problem(ask, 'TAG_UNKNOWN')
    await shop.cancel(found.tag)
    const now = (await shop.tag(found.tag)) ?? found
    const ended = ENDED[views.stateOf(now)]
    if (ended !== undefined) return problem(ask, ended)
    return wantsHtml(ask) ? seeOther('/basket') : json(await views.tag(now))
  }

  const ordersOf: Handler = async (ask) => {
    const all = await orders.orders(sessionOf(ask).userId, ORDERS_MAX)
    return json({ orders: await Promise.all(all.map((order) => views.order(order))) })
  }

  return [
    route('GET', '/shop/goods', BOTH, goods),
    route('POST', '/shop/enter', ['open'], enter),
    route('GET', '/shop/basket', BOTH, basket),
    route('POST', '/shop/basket', BOTH, setItem),
    route('POST', '/shop/finish', BOTH, finish),
    route('GET', '/shop/tag/:tag', BOTH, tag),
    route('POST', '/shop/cancel', BOTH, cancel),
    route('GET', '/shop/orders', ['session'], ordersOf),
  ]
}

/** A session sees its user's tags; the open shop sees its own, to whoever can name one: nobody guesses 16 random bytes. */
export async function visibleTag(ask: Ask, shop: ShopService, text: string): Promise<StoredTag | undefined> {
  const tag = TAG.test(text) ? await shop.tag(text) : undefined
  const { access } = ask.env
  if (tag === undefined || access.path === 'line') return undefined
  return access.path === 'session' ? (tag.userId === access.session.userId ? tag : undefined) : openOnly(tag)
}

export function viaOf(ask: Ask): Visitor['via'] {
  return ask.env.access.path === 'session' ? 'session' : 'open'
}

function openOnly(tag: StoredTag): StoredTag | undefined {
  return tag.access === 'open' ? tag : undefined
}

/** A body that was not read to its end must be the last of its connection. */
function refused(ask: Ask, code: ProblemCode): Response | Promise<Response> {
  return problem(ask, code, { headers: { connection: 'close' } })
}
