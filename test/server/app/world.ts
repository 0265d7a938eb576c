import type { RequestAccess } from '../../../server/app/access.ts'
import { type AppOptions, makeApp } from '../../../server/app/app.ts'
import type { ServerEvent } from '../../../server/events.ts'
import type { Purchases } from '../../../server/shop/purchases.ts'
import type { Goods, StoredOrder } from '../../../server/store/shop-store.ts'
import { FakeClock } from '../../fake-clock.ts'
import { FakeShop, good } from './fake-shop.ts'

/** Where the clock begins, Unix milliseconds. */
export const START = 1_700_000_000_000
export const OPEN: RequestAccess = { path: 'open' }
export const LINE: RequestAccess = { path: 'line', cardId: 'card-1', userId: 'alice', tag: 't'.repeat(22) }
export const HTML = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }

export function session(userId = 'alice', more: { opened?: boolean } = {}): RequestAccess {
  const stored = { id: 'k', groupId: 'g', index: 0, userId, cardId: 'card-1', node: 'main', expiresAt: START * 2 }
  return { path: 'session', session: { ...stored, opened: more.opened ?? true } }
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** @throws SyntaxError unless it is JSON */
  json(): Record<string, unknown>
}

export interface Ask {
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as JSON. */
  readonly json?: unknown
  /** Sent as a form. */
  readonly form?: Readonly<Record<string, string>>
  readonly body?: Uint8Array | string
}

export async function appWorld(goods: readonly Goods[] = [good('L-100'), good('B-210')], purchases?: Purchases) {
  const shop = new FakeShop(goods)
  const events: ServerEvent[] = []
  const clock = new FakeClock()
  await clock.advance(START)
  shop.lapsesAt = START + 15 * 60_000
  /** What only requests of the Internet port use; they have their own tests there. */
  const elsewhere = {} as Pick<AppOptions, 'sessions' | 'catalogue'>
  const options = { ...elsewhere, shop, orders: shop.orders, purchases, clock, log: (e: ServerEvent) => events.push(e) }
  const app = makeApp(options)
  const ask = async (access: RequestAccess, method: string, path: string, about: Ask = {}): Promise<Answer> => {
    const headers = new Headers({ host: 'shop.example', ...about.headers })
    let body: Uint8Array | string | null = about.body ?? null
    if (about.json !== undefined) {
      headers.set('content-type', 'application/json')
      body = JSON.stringify(about.json)
    } else if (about.form !== undefined) {
      headers.set('content-type', 'application/x-www-form-urlencoded')
      body = new URLSearchParams(about.form).toString()
    }
    const sent = typeof body === 'string' ? body : body && Uint8Array.from(body)
    const request = new Request(`http://server${path}`, { method, headers, body: sent })
    const response = await app.fetch(request, { access })
    const text = await response.text()
    return { status: response.status, headers: response.headers, text, json: () => JSON.parse(text) }
  }
  /** S21, S22: @returns the cookie of a new basket */
  const enter = async (userId = 'alice'): Promise<{ cookie: string }> => {
    const { headers } = await ask(OPEN, 'POST', '/shop/enter', { json: { userId } })
    return { cookie: headers.get('set-cookie')?.split(';')[0] ?? '' }
  }
  /** A finished basket with one of this product. @returns its tag */
  const finished = async (access: RequestAccess, headers: Record<string, string> = {}, product = 'L-100') => {
    await ask(access, 'POST', '/shop/basket', { json: { product, quantity: 1 }, headers })
    const { tag } = (await ask(access, 'POST', '/shop/finish', { json: {}, headers })).json()
    return String(tag)
  }
  return { app, options, shop, events, clock, ask, enter, finished }
}

export function order(tag: string, more: Partial<StoredOrder> = {}): StoredOrder {
  return {
    orderId: 12,
    tag,
    userId: 'alice',
    cardId: 'card-1',
    state: 'paid',
    amount: 1000,
    currency: 'EUR',
    items: [{ product: 'L-100', quantity: 1, price: 1000 }],
    key: 'key',
    refusal: '',
    createdAt: START,
    paidAt: START,
    receipt: Uint8Array.of(1, 2, 3),
    shipment: 'pending',
    brand: 'Visa',
    lastFour: '1111',
    name: 'Alice Secret-Name',
    street: 'Secret Street 1',
    postalCode: 'SECRET-99',
    city: 'Secretville',
    country: 'DE',
    contact: 'secret@contact.example',
    ...more,
  }
}
