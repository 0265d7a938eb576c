import { html } from 'hono/html'
import { money } from '../../../wire/money.ts'
import type { TagView } from '../views.ts'
import type { Html } from './layout.ts'
import { bill, facts, steps } from './parts.ts'
import { duration, time } from './time.ts'

export interface TagPage {
  readonly tag: TagView
  readonly via: 'open' | 'session'
  readonly gateway: boolean
  /** `https://HOST` as the browser sees it, where that is known. */
  readonly shop: string | undefined
  /** Unix milliseconds. */
  readonly now: number
}

/** S26, S60: the purchase tag, and what to do with it. */
export function tagPage(about: TagPage): Html {
  const { tag } = about
  return html`${steps(tag.state === 'used' ? 3 : 2)}
${head(about)}
<section class="paper" aria-labelledby="for">
<h2 id="for">What it is for</h2>
${bill(tag.items, tag.amount, tag.currency)}
</section>
${facts([
  ['Purchase tag', html`<code class="tag">${tag.tag}</code>`],
  ['Basket', tag.basket],
  ['User ID', tag.userId],
  ['Issued', time(Date.parse(tag.issuedAt))],
  ...(tag.state === 'open' ? ([['Good until', time(Date.parse(tag.lapsesAt))]] as const) : []),
  ...(tag.order === null ? [] : ([['Order', orderLink(about, tag.order)]] as const)),
])}
${tag.state === 'open' ? change(tag) : ''}`
}

function orderLink({ via }: TagPage, order: string): Html {
  return via === 'session' ? html`<a href="/orders/${order}">${order}</a>` : html`${order}`
}

function head(about: TagPage): Html {
  const { tag, now } = about
  switch (tag.state) {
    case 'open':
      return html`<h1>Kept for you: ${money(tag.amount, tag.currency)}</h1>
<p class="lead">Pay within ${duration(Date.parse(tag.lapsesAt) - now)}. After that the goods go back to the shop, and nothing is charged.</p>
${tag.orderState === 'refused' ? html`<p class="notice problem">The card company refused the last payment. Nothing was charged. You may try again, with another card too.</p>` : ''}
${tag.orderState === 'voided' ? html`<p class="notice">The last payment did not come about. Nothing was charged. You may try again.</p>` : ''}
${pay(about)}`
    case 'paying':
      return html`<h1>The payment is under way</h1>
<p class="lead">The card company has not answered yet. You need do nothing: it goes on by itself, and you are not charged twice.</p>
<p><a class="button" href="/tag/${tag.tag}">Look again</a></p>`
    case 'used':
      return html`<h1>Paid. Thank you.</h1>
<p class="lead">${money(tag.amount, tag.currency)} were charged once, for order ${orderLink(about, tag.order ?? '')}. Your goods are on their way.</p>`
    case 'lapsed':
      return html`<h1>The time is over</h1>
<p class="lead">The goods went back to the shop, and nothing was charged.</p>
<p><a class="button" href="/">Choose again</a></p>`
    case 'cancelled':
      return html`<h1>Given back</h1>
<p class="lead">The goods went back to the shop, and nothing was charged.</p>
<p><a class="button" href="/">To the goods</a></p>`
  }
}

/** S29, S63: what comes next goes over the line. */
function pay({ tag, gateway, shop }: TagPage): Html {
  if (gateway) return html`<p><a class="button primary" href="/pay?tag=${tag.tag}">Pay by telephone</a></p>`
  const command = `keyline pay ${tag.tag}${shop === undefined ? '' : ` --shop ${shop}`}`
  return html`<div class="notice">
<p>Pay by telephone: run this on the computer with your card. It asks for your card number and address there, and nothing of it goes over the Internet.</p>
<p><code class="command">${command}</code></p>
</div>`
}

/** D-3, and the way out. */
function change({ tag }: TagView): Html {
  return html`<div class="other">
<a class="button" href="/basket">Change what is in it</a>
<form method="post" action="/shop/cancel">
<input type="hidden" name="tag" value="${tag}">
<button type="submit" class="plain">Give the goods back</button>
</form>
</div>`
}
