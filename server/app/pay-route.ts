import type { Clock } from '../../line/clock.ts'
import { LINE_HTTP_MAX } from '../../wire/limits.ts'
import { LineFormatError } from '../../wire/line/cbor.ts'
import { decodePayment, type Payment, PERSONAL_DATA_TYPE, personalFaults } from '../../wire/line/personal-data.ts'
import { RECEIPT_TYPE } from '../../wire/line/receipt.ts'
import { COMMON_HEADERS } from '../internet-port/answers.ts'
import { orderNumber } from '../shop/order-number.ts'
import type { PaymentOutcome, Purchases } from '../shop/purchases.ts'
import { problem } from './answers.ts'
import { type Ask, type Handler, type Route, route } from './route.ts'

/** A tag that is not there is a conflict for who was just told that it is. */
const CONFLICT = 409

/**
 * S34–S35, S68–S69: personal data, in the channel of a call whose tag was accepted, and nowhere else.
 * @param purchases without it there is nobody to charge a card
 */
export function payRoutes(clock: Clock, purchases: Purchases | undefined): Route[] {
  const pay: Handler = async (ask) => {
    const { access } = ask.env
    if (access.path !== 'line') throw new RangeError('expected a request over the line')
    if (purchases === undefined) return problem(ask, 'SERVER_BUSY')
    const payment = await readPayment(ask)
    if (payment === undefined) return problem(ask, 'BODY_INVALID')
    const faults = personalFaults(payment.data, new Date(clock.now()))
    if (Object.keys(faults).length > 0) return problem(ask, 'PERSONAL_DATA_INVALID', { fields: { faults } })
    const { cardId, userId, tag } = access
    return answer(ask, await purchases.pay({ cardId, userId, tag }, payment))
  }
  return [route('POST', '/pay', ['line'], pay)]
}

/** @returns undefined when it is no payment, whatever it is */
async function readPayment(ask: Ask): Promise<Payment | undefined> {
  if (ask.req.header('content-type') !== PERSONAL_DATA_TYPE) return undefined
  const body = new Uint8Array(await ask.req.arrayBuffer())
  try {
    return body.length > LINE_HTTP_MAX ? undefined : decodePayment(body)
  } catch (error) {
    if (error instanceof LineFormatError) return undefined
    throw error
  } finally {
    body.fill(0)
  }
}

function answer(ask: Ask, outcome: PaymentOutcome): Response | Promise<Response> {
  switch (outcome.outcome) {
    case 'paid':
      return new Response(Uint8Array.from(outcome.receipt), {
        headers: { 'content-type': RECEIPT_TYPE, ...COMMON_HEADERS },
      })
    case 'refused':
      return problem(ask, 'PAYMENT_REFUSED', { fields: { reason: outcome.reason } })
    case 'pending':
      return problem(ask, 'PAYMENT_PENDING', { fields: { order: orderNumber(outcome.orderId) } })
    case 'not-taken':
      return problem(ask, outcome.reason, { status: CONFLICT })
  }
}
