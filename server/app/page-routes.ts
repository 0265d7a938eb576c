import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { PRODUCT_NUMBER } from '../../wire/line/receipt.ts'
import { COMMON_HEADERS } from '../internet-port/answers.ts'
import { orderId } from '../shop/order-number.ts'
import { page, problem, throughGateway } from './answers.ts'
import { basketPage } from './pages/basket.ts'
import { cataloguePage, productPage } from './pages/goods.ts'
import type { Frame } from './pages/layout.ts'
import { orderPage, ordersPage } from './pages/orders.ts'
import { tagPage } from './pages/tag.ts'
import { type Ask, type Handler, type Route, route, sessionOf } from './route.ts'
import { ORDERS_MAX, SENT, type ShopRoutesOptions, visibleTag } from './shop-routes.ts'
import type { GoodsView } from './views.ts'
import type { Visitor } from './visits.ts'

const BOTH = ['session', 'open'] as const
const STYLE = readFileSync(new URL('./pages/style.css', import.meta.url))
const ICON = readFileSync(new URL('./pages/icon.svg', import.meta.url))
/** A browser asks again, and is told that nothing changed. */
const REVALIDATE = 'private, no-cache'
/** `HOST` or `HOST:PORT` as it can stand in a command without a shell reading anything else into it. */
const HOST = /^(?:[A-Za-z0-9.-]{1,253}|\[[0-9a-fA-F:.]{2,45}\])(?::[0-9]{1,5})?$/

/** The shop's pages (S23, S57): HTML without a script, and the two kinds of file that they need. */
export function pageRoutes({ shop, orders, views, visits, clock, log }: ShopRoutesOptions): Route[] {
  const frameOf = (ask: Ask, title: string, visitor: Visitor, here?: Frame['here']): Frame => ({
    title,
    access: visitor.via,
    gateway: throughGateway(ask),
    basketCount: visitor.basket?.items.reduce((sum, { quantity }) => sum + quantity, 0) ?? 0,
    ...(here && { here }),
  })

  const catalogue: Handler = async (ask) => {
    const visitor = await visits.of(ask)
    const goods = await Promise.all((await shop.goods()).map((good) => views.goods(good)))
    log({ event: 'goods.sent', step: SENT[visitor.via].goods, path: 'internet', goods: goods.length })
    return page(frameOf(ask, 'Goods', visitor, '/'), cataloguePage(goods, visitor))
  }

  const product: Handler = async (ask) => {
    const number = ask.req.param('product') ?? ''
    const good = PRODUCT_NUMBER.test(number) ? await shop.good(number) : undefined
    if (good === undefined || good.withdrawn) return problem(ask, 'GOODS_UNKNOWN')
    const visitor = await visits.of(ask)
    return page(frameOf(ask, good.name, visitor), productPage(await views.goods(good), visitor))
  }

  const basket: Handler = async (ask) => {
    const visitor = await visits.of(ask)
    const goods = new Map<string, GoodsView>()
    for (const { product } of visitor.basket?.items ?? []) {
      const good = await shop.good(product)
      if (good !== undefined) goods.set(product, await views.goods(good))
    }
    const about = { basket: await views.basket(visitor.basket), goods, now: clock.now() }
    return page(frameOf(ask, 'Your basket', visitor, '/basket'), basketPage(about))
  }

  const tag: Handler = async (ask) => {
    const found = await visibleTag(ask, shop, ask.req.param('tag') ?? '')
    if (found === undefined) return problem(ask, 'TAG_UNKNOWN')
    const visitor = await visits.of(ask)
    const host = ask.req.header('host') ?? ''
    return page(
      frameOf(ask, 'Purchase tag', visitor),
      tagPage({
        tag: await views.tag(found),
        via: visitor.via,
        gateway: throughGateway(ask),
        shop: visitor.via === 'open' && HOST.test(host) ? `https://${host}` : undefined,
        now: clock.now(),
      }),
    )
  }

  const orderList: Handler = async (ask) => {
    const visitor = await visits.of(ask)
    const all = await orders.orders(sessionOf(ask).userId, ORDERS_MAX)
    const list = await Promise.all(all.map((order) => views.order(order)))
    return page(frameOf(ask, 'Your orders', visitor, '/orders'), ordersPage(list))
  }

  const order: Handler = async (ask) => {
    const id = orderId(ask.req.param('order') ?? '')
    const found = id === undefined ? undefined : await orders.order(id)
    // Of another user is as good as none.
    if (found === undefined || found.userId !== sessionOf(ask).userId) return problem(ask, 'NOT_FOUND')
    const view = await views.order(found)
    return page(frameOf(ask, view.order, await visits.of(ask)), orderPage(view))
  }

  const photo: Handler = async (ask) => {
    const number = ask.req.param('product') ?? ''
    const found = PRODUCT_NUMBER.test(number) ? await shop.photo(number) : undefined
    return found === undefined ? problem(ask, 'NOT_FOUND') : file(ask, found.bytes, found.type)
  }

  return [
    route('GET', '/', BOTH, catalogue),
    route('GET', '/goods/:product', BOTH, product),
    route('GET', '/basket', BOTH, basket),
    route('GET', '/tag/:tag', BOTH, tag),
    route('GET', '/orders', ['session'], orderList),
    route('GET', '/orders/:order', ['session'], order),
    route('GET', '/shop/style.css', BOTH, (ask) => file(ask, STYLE, 'text/css; charset=utf-8')),
    route('GET', '/shop/icon.svg', BOTH, (ask) => file(ask, ICON, 'image/svg+xml')),
    route('GET', '/shop/photo/:product', BOTH, photo),
  ]
}

/** Bytes that are what their ETag says for ever. */
function file(ask: Ask, bytes: Uint8Array, type: string): Response {
  const etag = `"${createHash('sha256').update(bytes).digest('base64url')}"`
  const headers = { ...COMMON_HEADERS, 'cache-control': REVALIDATE, etag }
  const known = (ask.req.header('if-none-match') ?? '').split(',').map((it) => it.trim().replace(/^W\//, ''))
  if (known.includes(etag)) return new Response(null, { status: 304, headers })
  // A photo is never shown as anything else, even if somebody opens it alone.
  return new Response(Uint8Array.from(bytes), {
    headers: { ...headers, 'content-type': type, 'content-security-policy': "default-src 'none'" },
  })
}
