import type { PersonalFaults, PersonalField } from '../../wire/line/personal-data.ts'
import type { Receipt } from '../../wire/line/receipt.ts'
import { money } from '../../wire/money.ts'
import type { CallReport } from '../../wire/usb/methods.ts'
import { size } from '../printable.ts'
import type { Tag } from '../requests/shop-api.ts'
import { esc, facts, page } from './html.ts'
import { CALL_STEPS, type CallStep, type Payment, type PaymentEnd } from './payments.ts'

export type Typed = Readonly<Record<PersonalField, string>>

interface Field {
  readonly name: PersonalField
  readonly label: string
  readonly hint?: string
  /** More attributes, ours alone. */
  readonly more: string
  /** Never sent back to the page. */
  readonly secret?: boolean
}

const CARD: readonly Field[] = [
  {
    name: 'cardNumber',
    label: 'Card number',
    more: 'inputmode="numeric" autocomplete="off" maxlength="30"',
    secret: true,
  },
]
const EXPIRY: readonly Field[] = [
  { name: 'expiryMonth', label: 'Good until: month', more: 'inputmode="numeric" autocomplete="off" maxlength="2"' },
  { name: 'expiryYear', label: 'Good until: year', more: 'inputmode="numeric" autocomplete="off" maxlength="4"' },
]
const CODE: readonly Field[] = [
  {
    name: 'securityCode',
    label: 'Security code',
    hint: 'Three or four digits; may be empty.',
    more: 'inputmode="numeric" autocomplete="off" maxlength="4"',
    secret: true,
  },
]
const ADDRESS: readonly Field[] = [
  { name: 'name', label: 'Name', more: 'autocomplete="name" maxlength="120"' },
  { name: 'street', label: 'Street and number', more: 'autocomplete="street-address" maxlength="200"' },
]
const PLACE: readonly Field[] = [
  { name: 'postalCode', label: 'Postal code', more: 'autocomplete="postal-code" maxlength="16"' },
  { name: 'city', label: 'City', more: 'autocomplete="address-level2" maxlength="100"' },
]
const REST: readonly Field[] = [
  {
    name: 'country',
    label: 'Country',
    hint: 'Two letters, as DE or JP.',
    more: 'autocomplete="country" maxlength="2"',
  },
  { name: 'contact', label: 'Telephone or mail for the carrier', hint: 'May be empty.', more: 'maxlength="120"' },
]

/** S29, S63: the form. It is the gateway's own page: what is typed here the server behind never gets over the Internet. */
export function payForm(tag: Tag, typed?: Typed, faults: PersonalFaults = {}): string {
  const many = (fields: readonly Field[]): string => fields.map((one) => field(one, typed, faults)).join('')
  const summary = faultSummary(faults)
  return page(
    'Pay by telephone',
    `<h1>Pay by telephone</h1>
${items(tag)}
<p class="box telephone">Card number and address go <strong>by telephone</strong>, through your card, and never over the Internet.</p>
${summary}
<form method="post" action="/pay">
<input type="hidden" name="tag" value="${esc(tag.tag)}">
<h2>Payment card</h2>
${many(CARD)}<div class="pair">${many(EXPIRY)}</div>${many(CODE)}
<h2>Where it goes</h2>
${many(ADDRESS)}<div class="pair">${many(PLACE)}</div>${many(REST)}
<button type="submit">Pay ${esc(money(tag.amount, tag.currency))} by telephone</button>
</form>`,
    { script: true },
  )
}

const ALL: readonly Field[] = [...CARD, ...EXPIRY, ...CODE, ...ADDRESS, ...PLACE, ...REST]

/** Read first, and leads to each field that has to be corrected. */
function faultSummary(faults: PersonalFaults): string {
  const wrong = ALL.filter(({ name }) => faults[name] !== undefined)
  if (wrong.length === 0) return ''
  const list = wrong.map(({ name, label }) => `<li><a href="#${name}">${label}</a>: ${esc(faults[name] ?? '')}</li>`)
  const title = `${wrong.length === 1 ? 'One answer' : `${wrong.length} answers`} cannot be right; nothing was sent.`
  return `<div id="wrong" class="box" role="alert" tabindex="-1"><p class="wrong">${title}</p><ul>${list.join('')}</ul></div>`
}

function field({ name, label, hint, more, secret }: Field, typed: Typed | undefined, faults: PersonalFaults): string {
  const fault = faults[name]
  const about = [hint === undefined ? '' : `${name}-hint`, fault === undefined ? '' : `${name}-wrong`].filter(
    (id) => id !== '',
  )
  const described = about.length === 0 ? '' : ` aria-describedby="${about.join(' ')}"`
  const value = secret || typed === undefined ? '' : ` value="${esc(typed[name])}"`
  return `<div><label for="${name}">${label}</label>
<input id="${name}" name="${name}" ${more}${value}${described}${fault === undefined ? '' : ' aria-invalid="true"'}>
${hint === undefined ? '' : `<p class="hint" id="${name}-hint">${hint}</p>`}${fault === undefined ? '' : `<p class="wrong" id="${name}-wrong">${esc(fault)}</p>`}</div>`
}

function items({ items: list, amount, currency, basket }: Tag): string {
  const rows = list.map(({ name, quantity, price }) => {
    return [`${quantity} × ${name}`, esc(money(quantity * price, currency))] as const
  })
  return facts([...rows, [`Basket ${basket}, together`, `<strong>${esc(money(amount, currency))}</strong>`]])
}

const STEP_TEXTS: Readonly<Record<CallStep, string>> = {
  consenting: 'Hold the button of your card for three seconds, until its light stops blinking',
  dialling: 'Your card dials the shop’s number',
  connected: 'Connected',
  accepted: 'The shop proved itself and accepted the purchase tag',
  sent: 'Card number and address sent by telephone',
  receipt: 'The receipt came by telephone',
  'hung-up': 'Hung up',
}

/** While the call runs, and what came of it. */
export function paymentPage(payment: Payment, inSession: boolean): string {
  const { id, tag, events, end } = payment
  const steps = CALL_STEPS.map((step) => {
    const seen = events.find((event) => event.step === step)
    // Not every card asks.
    const hidden = step === 'consenting' && !seen
    return `<li data-step="${step}"${seen ? ' data-done' : ''}${hidden ? ' hidden' : ''}>${STEP_TEXTS[step]}<span>${seen ? `${seen.seconds.toFixed(1)} s` : ''}</span></li>`
  }).join('')
  const list = `<ol class="steps">${steps}</ol>`
  if (end === undefined) {
    return page(
      'Paying by telephone',
      `<h1>Paying by telephone</h1>
<p class="box telephone" role="status"><strong id="now">${events.at(-1)?.step === 'consenting' ? STEP_TEXTS.consenting : 'The call is being made'}</strong>. This page follows it; nothing of it goes over the Internet.</p>
<div data-events="/pay/${id}/events">${list}</div>${items(tag)}`,
      { script: true, refresh: true },
    )
  }
  const { name, title, html } = outcome(end, tag, inSession)
  const call = end.type === 'purchase' && 'call' in end.purchase ? callFacts(end.purchase.call) : ''
  return page(title, `<h1 id="outcome" data-outcome="${name}">${esc(title)}</h1>${html}<h2>The call</h2>${list}${call}`)
}

function callFacts({ attempts, bytesUp, bytesDown, exchangeMs }: CallReport): string {
  return facts([
    ['Dialled', attempts === 1 ? 'once' : `${attempts} times`],
    ['Sent', esc(size(bytesUp))],
    ['Received', esc(size(bytesDown))],
    ['Time on the line', `${(exchangeMs / 1000).toFixed(1)} s`],
  ])
}

interface Told {
  readonly name: 'paid' | 'declined' | 'refused' | 'pending' | 'failed' | 'invalid'
  readonly title: string
  readonly html: string
}

function outcome(end: PaymentEnd, tag: Tag, inSession: boolean): Told {
  const again = `<p><a href="/pay?tag=${esc(tag.tag)}">Pay again with this tag</a>: it is charged once at most.</p>`
  const look = inSession
    ? '<p><a href="/orders">See your orders</a></p>'
    : `<p><a href="/tag/${esc(tag.tag)}">See what the shop says of this tag</a></p>`
  if (end.type === 'fault') {
    const { what, cure, code } = end.fault
    const unknown = code === 'LINE_OUTCOME_UNKNOWN'
    const html = `<p class="box">${esc(sentence(what))} ${esc(sentence(cure))}</p>${unknown ? look : again}`
    return {
      name: unknown ? 'pending' : 'failed',
      title: unknown ? 'It is not known yet whether it was paid' : 'Not paid',
      html,
    }
  }
  const { purchase } = end
  switch (purchase.outcome) {
    case 'paid': {
      const shown = purchase.learned === 'line' ? purchase.shown : 'lost'
      return {
        name: 'paid',
        title: 'Paid',
        html: `${receipt(purchase.receipt, tag)}<p class="box">${SHOWN[shown]}</p>${look}`,
      }
    }
    case 'declined':
      return {
        name: 'declined',
        title: 'The card company refused the card',
        html: `<p class="box">Reason: ${esc(purchase.reason)}. Nothing was charged.</p>${again}`,
      }
    case 'pending':
      return {
        name: 'pending',
        title: 'The card company has not answered yet',
        html: `<p class="box">Do not pay in another way: the order tells how it ends.</p>${look}`,
      }
    case 'not-charged':
      return {
        name: 'failed',
        title: 'Not paid',
        html: `<p class="box">The call broke. The shop says that nothing was charged.</p>${again}`,
      }
    case 'invalid':
      return {
        name: 'invalid',
        title: 'Something is not right',
        html: `<p class="box">${esc(Object.values(purchase.faults).join(' '))} Nothing was charged.</p>${again}`,
      }
    case 'refused':
      return {
        name: 'refused',
        title: 'The shop refused the purchase tag',
        html: `<p class="box">${REASONS[purchase.reason] ?? 'Nothing was sent.'}</p>${look}`,
      }
    default:
      return {
        name: 'refused',
        title: 'Not paid',
        html: `<p class="box">${esc(sentence(purchase.what))} ${esc(sentence(purchase.cure))}</p>${look}`,
      }
  }
}

const SHOWN = {
  same: 'The shop’s own order, over the Internet, says the same, byte for byte.',
  differs:
    '<strong class="bad">The shop shows another receipt over the Internet than the one that came by telephone.</strong> Keep both, and ask the shop.',
  unseen: 'The shop could not be asked over the Internet whether it shows the same receipt.',
  lost: 'The answer by telephone was lost; this is what the shop says over the Internet.',
} as const

const REASONS: Readonly<Record<string, string>> = {
  TAG_UNKNOWN: 'The shop does not know it. Finish a basket to get a new one.',
  TAG_FOREIGN: 'It belongs to another user or card. Pay with the card that it was issued to.',
  TAG_USED: 'It was paid for already; see your orders.',
  TAG_LAPSED: 'Its time is over, and the goods went back. Finish a new basket.',
  TAG_PENDING: 'A payment for it is under way; the order tells how it ends.',
  CONSENT_REQUIRED:
    'The server wants the button of the card for a payment. Start the card so that it asks, and hold its button.',
  CARD_LOCKED: 'The server locked this card. Ask the operator.',
  SERVER_BUSY: 'The shop takes no payments at the moment. Try again later.',
}

function receipt({ order, at, amount, currency, brand, lastFour }: Receipt, tag: Tag): string {
  return `${facts([
    ['Order', `<strong>${esc(order)}</strong>`],
    ['Paid', esc(money(amount, currency))],
    ['With', esc(`${brand} ending in ${lastFour}`)],
    ['At', esc(`${new Date(at * 1000).toISOString().slice(0, 16).replace('T', ' ')} UTC`)],
  ])}${items(tag)}`
}

/** Why a tag cannot be paid for. */
export function tagOver(tag: Tag, inSession: boolean): string {
  const state = tag.state === 'used' ? 'TAG_USED' : tag.state === 'paying' ? 'TAG_PENDING' : 'TAG_LAPSED'
  const look =
    inSession && tag.order !== null
      ? `<p><a href="/orders">See order ${esc(tag.order)}</a></p>`
      : '<p><a href="/">Back to the shop</a></p>'
  return page(
    'This purchase tag',
    `<h1>This purchase tag cannot be paid for</h1><p class="box">${REASONS[state]}</p>${look}`,
  )
}

/** Any refusal, in plain words. */
export function problemPage(
  title: string,
  what: string,
  link: readonly [href: string, text: string] = ['/', 'Back to the shop'],
): string {
  return page(
    title,
    `<h1>${esc(title)}</h1><p class="box">${esc(what)}</p><p><a href="${esc(link[0])}">${esc(link[1])}</a></p>`,
  )
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}
