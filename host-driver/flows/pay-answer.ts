import { z } from 'zod'
import { type DecodedResponse, decodeBinaryResponse } from '../../wire/line/bhttp.ts'
import { LineFormatError } from '../../wire/line/cbor.ts'
import type { PersonalFaults } from '../../wire/line/personal-data.ts'
import { decodeReceipt, RECEIPT_TYPE, type Receipt } from '../../wire/line/receipt.ts'
import type { CallReport, PayResult } from '../../wire/usb/methods.ts'
import { fault } from '../errors.ts'

type Accepted = Extract<PayResult, { verdict: 'accepted' }>

/** What the server made of the personal data. */
export type Answered =
  | {
      readonly outcome: 'paid'
      readonly receipt: Receipt
      /** The very bytes, to be compared with those that the shop shows over the session. */
      readonly receiptBytes: Uint8Array
      readonly terms: Accepted['terms']
      readonly call: CallReport
    }
  /** The card company said no: nothing was charged, the tag is still good. */
  | { readonly outcome: 'declined'; readonly reason: string; readonly call: CallReport }
  /** The card company does not answer: the order will be settled or voided, and its state tells. */
  | { readonly outcome: 'pending'; readonly order: string; readonly call: CallReport }
  | { readonly outcome: 'invalid'; readonly faults: PersonalFaults; readonly call: CallReport }
  | {
      readonly outcome: 'not-taken'
      readonly code: string
      readonly what: string
      readonly cure: string
      readonly call: CallReport
    }

const sentence = z.string().max(1000)
const problem = z.object({ code: z.string().regex(/^[A-Z][A-Z0-9_]{1,63}$/), what: sentence, cure: sentence })
const declined = problem.extend({ reason: z.string().max(100) })
const pending = problem.extend({ order: z.string().regex(/^[A-Z0-9-]{1,16}$/) })
const field = sentence.optional()
const invalid = problem.extend({
  faults: z.strictObject({
    cardNumber: field,
    expiryMonth: field,
    expiryYear: field,
    securityCode: field,
    name: field,
    street: field,
    postalCode: field,
    city: field,
    country: field,
    contact: field,
  } satisfies Record<keyof PersonalFaults, z.ZodType>),
})

/** The server is busy: it began nothing. Of all other faults of its own it does not know either what became of the payment. */
const BUSY = 503

/** @throws KeylineError SERVER_PROTOCOL, CARD_PROTOCOL, LINE_OUTCOME_UNKNOWN */
export function readPayAnswer(
  { terms, response, call }: Accepted,
  expected: { readonly amount: number; readonly currency: string },
): Answered {
  if (terms.amount !== expected.amount || terms.currency !== expected.currency) {
    throw fault('CARD_PROTOCOL', { what: 'the card paid another amount than it was told' })
  }
  const answer = decoded(response)
  switch (answer.status) {
    case 200:
      return { outcome: 'paid', ...readReceipt(answer, terms), terms, call }
    case 202:
      return { outcome: 'pending', order: readJson(answer, pending).order, call }
    case 402:
      return { outcome: 'declined', reason: readJson(answer, declined).reason, call }
    case 422:
      return { outcome: 'invalid', faults: given(readJson(answer, invalid).faults), call }
    default: {
      const { code, what, cure } = readJson(answer, problem)
      if (answer.status >= 500 && answer.status !== BUSY) {
        throw fault('LINE_OUTCOME_UNKNOWN', { what: `the server failed while it took the payment (${code})` })
      }
      return { outcome: 'not-taken', code, what, cure, call }
    }
  }
}

function decoded(response: string): DecodedResponse {
  try {
    return decodeBinaryResponse(Buffer.from(response, 'base64url'))
  } catch (error) {
    if (!(error instanceof LineFormatError)) throw error
    throw fault('SERVER_PROTOCOL', { what: 'the answer to the payment is not valid', cause: error })
  }
}

/** S35, S69: of exactly what was agreed to. */
function readReceipt(
  answer: DecodedResponse,
  terms: Accepted['terms'],
): { receipt: Receipt; receiptBytes: Uint8Array } {
  const { content: receiptBytes } = answer
  const wrong = (cause?: unknown): Error =>
    fault('SERVER_PROTOCOL', { what: 'the server took the payment, but its receipt is not valid', cause })
  if (contentType(answer) !== RECEIPT_TYPE) throw wrong()
  let receipt: Receipt
  try {
    receipt = decodeReceipt(receiptBytes)
  } catch (error) {
    throw error instanceof LineFormatError ? wrong(error) : error
  }
  if (receipt.amount !== terms.amount || receipt.currency !== terms.currency) throw wrong()
  return { receipt, receiptBytes }
}

function readJson<T>(answer: DecodedResponse, schema: z.ZodType<T>): T {
  const checked = schema.safeParse(contentType(answer) === 'application/json' ? parsed(answer.content) : undefined)
  if (checked.success) return checked.data
  throw fault('SERVER_PROTOCOL', { what: `the server answered with status ${answer.status} and no reason` })
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch {
    return undefined
  }
}

/** Without its parameters. */
function contentType({ headers }: DecodedResponse): string | undefined {
  const value = headers.find(([name]) => name === 'content-type')?.[1]
  return value?.split(';')[0]?.trim().toLowerCase()
}

/** Only the fields that have a fault. */
function given(faults: z.infer<typeof invalid>['faults']): PersonalFaults {
  return Object.fromEntries(Object.entries(faults).filter(([, text]) => text !== undefined))
}
