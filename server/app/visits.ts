import { getCookie } from 'hono/cookie'
import type { Basket } from '../store/shop-store.ts'
import { type Ask, sessionOf } from './route.ts'
import type { ShopService } from './shop-service.ts'
import type { Views } from './views.ts'

const COOKIE = 'basket'
const BASKET_ID = /^[A-Za-z0-9_-]{22}$/

/** Who asks, as far as the shop is concerned. */
export interface Visitor {
  readonly via: 'open' | 'session'
  /** Undefined in the open shop before the user ID was given (S21). */
  readonly userId: string | undefined
  /** The card of the session. */
  readonly cardId: string | undefined
  /** What goods may be put into; undefined when the one before is paid for or lapsed, or there was none. */
  readonly basket: Basket | undefined
}

/** Finds the basket of a request: by the session, or by the cookie of the open shop, whose value nobody can guess. */
export class Visits {
  readonly #shop: ShopService
  readonly #views: Views

  constructor(shop: ShopService, views: Views) {
    this.#shop = shop
    this.#views = views
  }

  async of(ask: Ask): Promise<Visitor> {
    if (ask.env.access.path === 'session') {
      const { userId, cardId } = sessionOf(ask)
      return { via: 'session', userId, cardId, basket: await this.#shop.basketOf(userId) }
    }
    const id = getCookie(ask, COOKIE) ?? ''
    const known = BASKET_ID.test(id) ? await this.#shop.basketById(id) : undefined
    const basket = known?.access === 'open' ? known : undefined
    const over = basket !== undefined && (await this.#isOver(basket))
    return { via: 'open', userId: basket?.userId, cardId: undefined, basket: over ? undefined : basket }
  }

  /** The basket to put something into, where one must be made first (S22) with the header that keeps it. */
  async writable(ask: Ask): Promise<{ readonly basket: Basket; readonly headers: Record<string, string> } | undefined> {
    const { basket, userId } = await this.of(ask)
    if (basket !== undefined) return { basket, headers: {} }
    return userId === undefined ? undefined : this.enter(userId)
  }

  async enter(userId: string): Promise<{ readonly basket: Basket; readonly headers: Record<string, string> }> {
    const basket = await this.#shop.enter(userId)
    const cookie = `${COOKIE}=${basket.basketId}; Path=/; HttpOnly; Secure; SameSite=Strict`
    return { basket, headers: { 'set-cookie': cookie } }
  }

  /** Its purchase came to an end, whatever end. */
  async #isOver(basket: Basket): Promise<boolean> {
    const tag = basket.tag === undefined ? undefined : await this.#shop.tag(basket.tag)
    return tag !== undefined && ['used', 'lapsed', 'cancelled'].includes(this.#views.stateOf(tag))
  }
}
