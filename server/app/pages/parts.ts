import { html } from 'hono/html'
import { money } from '../../../wire/money.ts'
import type { GoodsView, ItemView } from '../views.ts'
import type { Html } from './layout.ts'

/** Width and height of every photo as it is shown, so that a page does not jump when it comes. */
const PHOTO = { width: 800, height: 600 }

/** @param alt empty where the name stands beside it */
export function photo(path: string | null, alt = '', eager = false): Html {
  if (path === null) return html`<span class="nophoto" aria-hidden="true"></span>`
  const { width, height } = PHOTO
  const loading = eager ? 'eager' : 'lazy'
  return html`<img src="${path}" alt="${alt}" width="${width}" height="${height}" loading="${loading}" decoding="async">`
}

export function stock({ available }: Pick<GoodsView, 'available'>): Html {
  if (available === 0) return html`<p class="stock gone">Sold out</p>`
  if (available === 1) return html`<p class="stock few">One left</p>`
  return available <= 3
    ? html`<p class="stock few">Only ${available} left</p>`
    : html`<p class="stock">${available} in stock</p>`
}

/** Items with their sum, as on a receipt. */
export function bill(items: readonly ItemView[], amount: number, currency: string): Html {
  const rows = items.map(
    ({ product, name, quantity, price }) => html`<tr>
<th scope="row">${name} <span class="quiet each">${quantity} × ${money(price, currency)} · <span class="nowrap">${product}</span></span></th>
<td class="number">${money(price * quantity, currency)}</td>
</tr>`,
  )
  return html`<table class="bill">
<caption class="unseen">What it is for</caption>
<thead class="unseen"><tr><th scope="col">Goods</th><th scope="col">Together</th></tr></thead>
<tbody>${rows}</tbody>
<tfoot><tr><th scope="row">Total</th><td class="number">${money(amount, currency)}</td></tr></tfoot>
</table>`
}

const STEPS = ['Choose', 'Selection finished', 'Pay by telephone', 'Receipt'] as const

/** Where in a purchase the reader is. @param at 0 … 3 */
export function steps(at: number): Html {
  const items = STEPS.map(
    (text, n) =>
      html`<li class="${n < at ? 'done' : n === at ? 'now' : 'later'}"${n === at ? html` aria-current="step"` : ''}>${text}</li>`,
  )
  return html`<ol class="steps" aria-label="Your purchase">${items}</ol>`
}

export function facts(rows: readonly (readonly [name: string, value: Html | string])[]): Html {
  return html`<dl class="facts">${rows.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`
}
