import { html } from 'hono/html'
import { money } from '../../../wire/money.ts'
import type { GoodsView } from '../views.ts'
import type { Visitor } from '../visits.ts'
import type { Html } from './layout.ts'
import { photo, stock } from './parts.ts'

/** S23, S57: the menu of goods. */
export function cataloguePage(goods: readonly GoodsView[], visitor: Visitor): Html {
  return html`<div class="intro">
<h1>Goods</h1>
<p class="lead">${visitor.userId === undefined ? 'Look around. To take something, give your user ID.' : 'Choose what you need. You pay by telephone at the end.'}</p>
</div>
${visitor.userId === undefined ? enter() : ''}
${goods.length === 0 ? html`<p class="notice">There is nothing in the shop yet.</p>` : ''}
<ul class="goods" role="list">
${goods.map((good, n) => tile(good, visitor, n < 6))}
</ul>`
}

/** S21 */
function enter(): Html {
  return html`<form class="enter notice" method="post" action="/shop/enter">
<div class="field">
<label for="userId">Your user ID</label>
<input id="userId" name="userId" type="text" required maxlength="64" autocomplete="username" autocapitalize="none" spellcheck="false">
</div>
<button type="submit">Get a basket</button>
<p class="quiet">The password is not asked for here: only your own card can pay.</p>
</form>`
}

function tile(good: GoodsView, visitor: Visitor, eager: boolean): Html {
  const { product, name, specification, price, currency } = good
  return html`<li class="good">
<div class="picture">${photo(good.photo, '', eager)}</div>
<h2><a href="/goods/${product}">${name}</a></h2>
<p class="spec">${specification}</p>
<div class="buy">
<div><p class="price">${money(price, currency)}</p>${stock(good)}</div>
${visitor.userId !== undefined && good.available > 0 ? add(good) : ''}
</div>
</li>`
}

/** S24, S58: one more of it into the basket. */
function add({ product, name }: GoodsView): Html {
  return html`<form method="post" action="/shop/basket">
<input type="hidden" name="product" value="${product}">
<input type="hidden" name="quantity" value="1">
<input type="hidden" name="more" value="1">
<button type="submit" class="small">Add<span class="unseen"> ${name} to the basket</span></button>
</form>`
}

export function productPage(good: GoodsView, visitor: Visitor): Html {
  const { product, name, specification, price, currency, available } = good
  return html`<p class="back"><a href="/">All goods</a></p>
<article class="product">
<div class="picture">${photo(good.photo, `Photo of ${name}`, true)}</div>
<div class="about">
<h1>${name}</h1>
<p class="quiet">Product number ${product}</p>
<p class="text">${specification}</p>
<p class="price big">${money(price, currency)}</p>
${stock(good)}
${choose(good, visitor)}
${available === 1 ? html`<p class="quiet">A single piece. It is yours from the moment you finish your selection, until its time is over.</p>` : ''}
</div>
</article>`
}

function choose({ product, available }: GoodsView, { userId }: Visitor): Html {
  if (available === 0)
    return html`<p>It may come back: somebody else may have it in a purchase that is not paid yet.</p>`
  if (userId === undefined) return html`<p><a class="button" href="/">Give your user ID to get a basket</a></p>`
  return html`<form class="choose" method="post" action="/shop/basket">
<input type="hidden" name="product" value="${product}">
<input type="hidden" name="more" value="1">
<div class="field">
<label for="quantity">How many</label>
<input id="quantity" name="quantity" type="number" inputmode="numeric" min="1" max="${Math.min(available, 99)}" value="1" required>
</div>
<button type="submit">Put into the basket</button>
</form>`
}
