import type { Purchase, Tag } from '../host-driver/index.ts'
import type { PersonalData } from '../wire/line/personal-data.ts'
import { NETWORKS, roundTripMs } from './network.ts'
import type { PurchaseReport } from './report.ts'
import { paymentKeys } from './server-store.ts'
import type { Stage } from './stage.ts'
import { hits, recordings, type Searched } from './tap.ts'

/** What the user types (S29, S63): a card that the simulated company approves, an address that nobody has. */
export const PERSON: PersonalData = {
  cardNumber: '4242424242424242',
  expiryMonth: 12,
  expiryYear: 2030,
  securityCode: '271',
  name: 'Käthe Beispiel',
  street: 'Lange Straße 1000',
  postalCode: '01067-X',
  city: 'Dresden',
  country: 'DE',
  contact: '+49 351 0000-271',
}
/** The card company refuses it. */
export const BAD_CARD = '4000000000000002'

/** Everything of it that must be on no wire; security codes are so short that chance would find them. */
export function personalSecrets(): Searched[] {
  const { cardNumber, name, street, postalCode, contact } = PERSON
  const texts = {
    'card number': cardNumber,
    'refused card': BAD_CARD,
    name,
    street,
    'postal code': postalCode,
    contact,
  }
  return Object.entries(texts).map(([name, text]) => ({ name, bytes: Buffer.from(text) }))
}

/** As text and as the bytes that it stands for. */
export function tagSecrets({ tag }: Tag): Searched[] {
  return [
    { name: 'tag', bytes: Buffer.from(tag) },
    { name: 'tag', bytes: Buffer.from(tag, 'base64url') },
  ]
}

/** A terminal that looks at the clock: from the order to pay until the call has ended, seconds. */
export function timed(
  terminal: Stage['terminal'],
): Pick<Stage['terminal'], 'pay'> & { readonly seconds: () => number } {
  let seconds = 0
  const pay: Stage['terminal']['pay'] = async (request) => {
    const startedAt = performance.now()
    const outcome = await terminal.pay(request)
    seconds = (performance.now() - startedAt) / 1000
    return outcome
  }
  return { pay, seconds: () => seconds }
}

export interface Played {
  readonly embodiment: 2 | 3
  readonly purchase: Purchase
  /** The whole call. */
  readonly seconds: number
  /** The tag as the shop shows it afterwards. */
  readonly tag: Tag
  readonly stock: PurchaseReport['stock']
  readonly refusals: readonly string[]
}

/** Reads the books of shop and card company, and what was recorded on both wires. @throws Error when it was not paid */
export async function purchaseReport(stage: Stage, played: Played): Promise<PurchaseReport> {
  const { world, bearer, show, searched } = stage
  const { embodiment, purchase, seconds, tag, stock, refusals } = played
  if (purchase.outcome !== 'paid' || purchase.learned !== 'line') {
    throw new Error(`expected a payment over the line, got ${purchase.outcome}`)
  }
  show.scene('Who recorded both wires')
  const line = await recordings(world.taps, NETWORKS[bearer].tape)
  const internet = await recordings(world.taps, 'relay-')
  const secretsFound = { line: hits(line, searched), internet: hits(internet, searched) }
  const keys = paymentKeys(world, tag.tag)
  const payments = (await world.acquirer.payments()).filter(({ key }) => keys.includes(key))
  const charges = payments.reduce((sum, payment) => sum + payment.charges, 0)
  const { bytesUp, bytesDown, messagesUp, messagesDown, exchangeMs, setupMs } = purchase.call
  const { order, amount, currency } = purchase.receipt
  const receiptEqual = purchase.shown === 'same'
  const books = charges === 1 && tag.state === 'used' && tag.orderState === 'paid' && stock.after === stock.before - 1
  return {
    // Nothing is found in nothing.
    ok: books && receiptEqual && secretsFound.line + secretsFound.internet === 0 && line.length * internet.length > 0,
    embodiment,
    steps: show.steps,
    line: {
      bytesUp,
      bytesDown,
      messagesUp,
      messagesDown,
      seconds: Math.round(seconds * 1000) / 1000,
      exchangeSeconds: exchangeMs / 1000,
      setupSeconds: setupMs / 1000,
      bearer,
      bitsPerSecond: NETWORKS[bearer].rate,
      roundTripSeconds: roundTripMs(bearer) / 1000,
    },
    internet: { bytes: internet.reduce((sum, tape) => sum + tape.length, 0) },
    paid: { order, amount, currency },
    charges,
    orderState: tag.orderState ?? 'none',
    stock,
    receiptEqual,
    refusals,
    secretsFound,
  }
}
