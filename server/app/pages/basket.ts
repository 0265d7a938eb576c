import { html } from 'hono/html'
import { QUANTITY_MAX } from '../../../wire/line/receipt.ts'
import { money } from '../../../wire/money.ts'
import type { BasketView, GoodsView } from '../views.ts'
import type { Html } from './layout.ts'
import { photo, steps } from './parts.ts'
import { duration, time } from './time.ts'

export interface BasketPage {
  readonly basket: BasketView
  /** Of the items, as far as the shop still has them. */
  readonly goods: ReadonlyMap<string, GoodsView>
  /** Unix milliseconds. */
  readonly now: number
}

type Item = BasketView['items'][number]

export function basketPage({ basket, goods, now }: BasketPage): Html {
  const { items, amount, currency, tag } = basket
  if (items.length === 0 || currency === null) {
    return html`<h1>Your basket</h1>
<div class="notice"><p>It is empty.</p><p><a class="button" href="/">Choose goods</a></p></div>`
  }
  const held = tag?.state === 'open'
  return html`${steps(tag === null ? 0 : 2)}
<h1>Your basket <span class="quiet">${basket.basket}</span></h1>
${tag === null ? '' : underTag(tag, now)}
<ul class="lines" role="list">
${items.map((item) => line(item, goods.get(item.product), held, items.length))}
</ul>
<div class="sum">
<p class="total"><span>Total</span> <strong>${money(amount, currency)}</strong></p>
${tag === null ? finish() : html`<p><a class="button primary" href="/tag/${tag.tag}">To the payment</a></p>`}
</div>`
}

/** S25, S59 */
function finish(): Html {
  return html`<form method="post" action="/shop/finish">
<button type="submit" class="primary">Selection finished</button>
</form>
<p class="quiet">You get a purchase tag, and these goods are kept for you. You pay nothing yet.</p>`
}

/** D-3 */
function underTag({ state, lapsesAt }: NonNullable<BasketView['tag']>, now: number): Html {
  const until = Date.parse(lapsesAt)
  if (state !== 'open')
    return html`<p class="notice">The payment for these goods is under way. They cannot be changed now.</p>`
  return html`<p class="notice">These goods are kept for you for another ${duration(until - now)}, until ${time(until)}. You can still change them.</p>`
}

function line(item: Item, good: GoodsView | undefined, held: boolean, lines: number): Html {
  const { product, name, quantity, price, currency } = item
  const available = good?.available ?? 0
  const left = held ? quantity + available : available
  const more = quantity < Math.min(left, QUANTITY_MAX)
  const last = held && lines === 1
  return html`<li class="line">
<div class="picture">${photo(good?.photo ?? null)}</div>
<div class="what">
<h2><a href="/goods/${product}">${name}</a></h2>
<p class="quiet">${money(price, currency)} each</p>
${!held && quantity > left ? html`<p class="stock gone">${left === 0 ? 'Sold out' : `Only ${left} left`}: take less of it</p>` : ''}
</div>
<form class="stepper" method="post" action="/shop/basket">
<input type="hidden" name="product" value="${product}">
${step(quantity - 1, '−', `One less of ${name}`, quantity > 1 || !last)}
<span class="quantity"><span class="unseen">Quantity: </span>${quantity}</span>
${step(quantity + 1, '+', `One more of ${name}`, more)}
${last ? '' : html`<button type="submit" name="quantity" value="0" class="plain">Remove<span class="unseen"> ${name}</span></button>`}
</form>
<p class="together">${money(price * quantity, currency)}</p>
</li>`
}

function step(quantity: number, sign: string, label: string, enabled: boolean): Html {
  const state = enabled ? '' : html` disabled`
  return html`<button type="submit" name="quantity" value="${quantity}" class="square" aria-label="${label}"${state}>${sign}</button>`
}
