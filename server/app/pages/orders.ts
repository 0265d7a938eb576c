import { html } from 'hono/html'
import { money } from '../../../wire/money.ts'
import type { OrderView } from '../views.ts'
import type { Html } from './layout.ts'
import { bill, facts, steps } from './parts.ts'
import { time } from './time.ts'

const STATES: Readonly<Record<OrderView['state'], string>> = {
  authorising: 'Payment under way',
  authorised: 'Payment under way',
  paid: 'Paid',
  refused: 'Refused',
  voided: 'Not charged',
}
const SHIPMENTS: Readonly<Record<OrderView['shipment'], string>> = {
  none: 'Not yet',
  pending: 'Being packed',
  shipped: 'On its way',
}

export function ordersPage(orders: readonly OrderView[]): Html {
  if (orders.length === 0) {
    return html`<h1>Your orders</h1>
<div class="notice"><p>You have not ordered anything yet.</p><p><a class="button" href="/">To the goods</a></p></div>`
  }
  return html`<h1>Your orders</h1>
<ul class="orders" role="list">
${orders.map(
  ({ order, state, amount, currency, createdAt, items }) => html`<li class="order">
<h2><a href="/orders/${order}">${order}</a></h2>
<p class="names">${items.map(({ quantity, name }) => `${quantity} × ${name}`).join(', ')}</p>
<p class="quiet">${time(Date.parse(createdAt))}</p>
<p class="state ${state}">${STATES[state]}</p>
<p class="price">${money(amount, currency)}</p>
</li>`,
)}
</ul>`
}

/** S35, S69: the receipt, where it came to one. */
export function orderPage(order: OrderView): Html {
  const { state, items, amount, currency, paidAt } = order
  const paid = state === 'paid'
  return html`${paid ? steps(3) : ''}
<p class="back"><a href="/orders">All orders</a></p>
<h1>${paid ? 'Receipt' : 'Order'} ${order.order}</h1>
<p class="lead">${lead(order)}</p>
<section class="paper" aria-labelledby="for">
<h2 id="for">What it is for</h2>
${bill(items, amount, currency)}
</section>
${facts([
  ['State', STATES[state]],
  ['Card', `${order.brand} ending in ${order.lastFour}`],
  ['Ordered', time(Date.parse(order.createdAt))],
  ...(paidAt === null ? [] : ([['Paid', time(Date.parse(paidAt))]] as const)),
  ...(paid ? ([['Shipment', SHIPMENTS[order.shipment]]] as const) : []),
  ['Purchase tag', html`<code class="tag">${order.tag}</code>`],
  ...(order.receipt === null
    ? []
    : ([['Receipt as it came by telephone', html`<code class="tag">${order.receipt}</code>`]] as const)),
])}
${state === 'refused' || state === 'voided' ? html`<p><a class="button primary" href="/tag/${order.tag}">To the purchase tag</a></p>` : ''}`
}

function lead({ state, refusal, shipment }: OrderView): string {
  switch (state) {
    case 'paid':
      return shipment === 'shipped' ? 'Paid, and on its way to you.' : 'Paid. Your goods are being packed.'
    case 'refused':
      return `The card company refused the payment${refusal === '' ? '' : ` (${refusal.replaceAll(/[-_]/g, ' ')})`}. Nothing was charged.`
    case 'voided':
      return 'The payment did not come about. Nothing was charged.'
    default:
      return 'The card company has not answered yet. It goes on by itself, and you are not charged twice.'
  }
}
