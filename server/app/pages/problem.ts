import { html } from 'hono/html'
import { PROBLEMS, type ProblemCode } from '../../internet-port/answers.ts'
import type { Html } from './layout.ts'

interface Plain {
  readonly title: string
  readonly text: string
  /** The one thing to do next. */
  readonly action?: readonly [path: string, text: string]
}

const TO_GOODS = ['/', 'To the goods'] as const
const TO_BASKET = ['/basket', 'To your basket'] as const

/** In plain words, what a person in front of a browser can meet. */
const PLAIN: Partial<Readonly<Record<ProblemCode, Plain>>> = {
  NOT_FOUND: { title: 'There is no such page', text: 'The address may be mistyped or old.', action: TO_GOODS },
  GOODS_UNKNOWN: {
    title: 'We do not have this',
    text: 'The shop has no product of this number, or not any more.',
    action: TO_GOODS,
  },
  TAG_UNKNOWN: {
    title: 'This purchase tag is not known',
    text: 'It may be mistyped, or belong to somebody else. Finish your basket to get a tag.',
    action: TO_BASKET,
  },
  OUT_OF_STOCK: {
    title: 'There is not so much left',
    text: 'Somebody was faster. Nothing was changed: take less of it, or something else.',
    action: TO_BASKET,
  },
  BASKET_UNKNOWN: {
    title: 'You have no basket yet',
    text: 'Give your user ID on the first page, and you get one.',
    action: ['/', 'To the first page'],
  },
  BASKET_EMPTY: { title: 'Your basket is empty', text: 'Put something into it first.', action: TO_GOODS },
  BASKET_FULL: {
    title: 'Your basket is full',
    text: 'Finish it and pay, or take something out.',
    action: TO_BASKET,
  },
  BASKET_FINISHED: {
    title: 'You finished this basket already',
    text: 'Its purchase tag waits for you in the basket.',
    action: TO_BASKET,
  },
  CURRENCIES_MIXED: {
    title: 'Two currencies do not go together',
    text: 'Pay for what is in the basket first, then take this.',
    action: TO_BASKET,
  },
  TAG_EMPTY: {
    title: 'One thing must stay',
    text: 'You finished this selection. If you want nothing of it, give the goods back on the page of the purchase tag.',
    action: TO_BASKET,
  },
  TAG_SEALED: {
    title: 'This cannot be changed any more',
    text: 'Its payment has begun, or its time is over. Whatever you take now goes into a new basket.',
    action: TO_BASKET,
  },
  TAG_PENDING: {
    title: 'The payment is under way',
    text: 'Please wait for its end. It goes on by itself, and you are not charged twice.',
    action: TO_BASKET,
  },
  TAG_USED: {
    title: 'This is paid already',
    text: 'You were charged once. There is nothing left to do.',
    action: TO_GOODS,
  },
  TAG_LAPSED: {
    title: 'The time of this purchase tag is over',
    text: 'Its goods went back to the shop, and nothing was charged. You are welcome to choose again.',
    action: TO_GOODS,
  },
  TOO_MANY_TAGS: {
    title: 'Several purchases wait for their payment',
    text: 'Pay for one of them, or give its goods back. Then finish this one.',
    action: TO_BASKET,
  },
  CROSS_SITE: {
    title: 'This came from another site',
    text: 'Another page tried to change your basket. Nothing was changed.',
    action: TO_GOODS,
  },
  ROUTE_NEEDS_LINE: {
    title: 'This goes by telephone only',
    text: 'Personal data is never taken over the Internet. Nothing was read. Pay with your card: “keyline pay”.',
    action: TO_BASKET,
  },
  SESSION_NOT_OPENED: { title: 'Please log in', text: 'Your session is not open yet. Log in with “keyline login”.' },
  SERVER_BUSY: { title: 'The shop is busy', text: 'Please try again in a few seconds.' },
  INTERNAL: { title: 'Something went wrong', text: 'It is our fault. Please try again, and tell us if it repeats.' },
}

/** @param fields of the JSON; `products` names what is meant */
export function problemPage(code: ProblemCode, fields: Readonly<Record<string, unknown>> = {}): Html {
  const { what, cure } = PROBLEMS[code]
  const { title, text, action }: Plain = PLAIN[code] ?? { title: `${sentence(what)}`, text: `${sentence(cure)}.` }
  const products = Array.isArray(fields.products) ? fields.products.map(String) : []
  return html`<div class="notice problem">
<h1>${title}</h1>
<p>${text}</p>
${products.length > 0 ? html`<p>It is about: ${products.join(', ')}.</p>` : ''}
${action === undefined ? '' : html`<p><a class="button" href="${action[0]}">${action[1]}</a></p>`}
<p class="quiet">Code: <code>${code}</code></p>
</div>`
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`
}
