import { encodeBinaryRequest } from '../../wire/line/bhttp.ts'
import { LineFormatError } from '../../wire/line/cbor.ts'
import { decodePayment, encodePayment, PERSONAL_DATA_TYPE, type PersonalData } from '../../wire/line/personal-data.ts'
import type { Params, PayResult } from '../../wire/usb/methods.ts'
import type { CardCalls } from '../card/card-link.ts'
import { callOverLine } from '../card/line-call.ts'
import { fault, KeylineError } from '../errors.ts'
import type { OnProgress } from '../events.ts'
import { type Answered, readPayAnswer } from './pay-answer.ts'

export interface PayRequest {
  readonly userId: string
  /** As the shop gave it (S26, S60): 22 characters base64url. */
  readonly tag: string
  /** What the user agreed to pay: minor units and ISO 4217. */
  readonly expected: { readonly amount: number; readonly currency: string }
  /** Typed by the user (S29, S63); goes over the line only. */
  readonly data: PersonalData
  /** Where the tag comes from: the open shop or a session. */
  readonly embodiment: 2 | 3
  /** Ends the call. After the personal data went, the outcome is told all the same. */
  readonly signal?: AbortSignal
}

type Refused = Extract<PayResult, { verdict: 'refused' }>

/** What a payment ended with; refusals are no errors but answers. */
export type PayOutcome =
  /** S32, S66: the server refused the tag, nothing was sent. */
  ({ readonly outcome: 'refused' } & Omit<Refused, 'verdict'>) | Answered

export interface PayFlowParts {
  readonly card: CardCalls
  readonly onProgress: OnProgress
}

/** Faults before the card was told anything. */
const BEFORE: ReadonlySet<string> = new Set(['INPUT_INVALID', 'CARD_BUSY'])

/**
 * Second and third embodiment, from the personal data on: S29–S36, S63–S70.
 * @throws KeylineError INPUT_INVALID, CANCELLED, CARD_*, SERVER_PROTOCOL and the card's codes, of which AMOUNT_CHANGED and all that begin
 *   with LINE_ mean that nothing was sent, but for LINE_OUTCOME_UNKNOWN: then only the order at the server tells whether it was paid
 */
export async function pay({ card, onProgress }: PayFlowParts, request: PayRequest): Promise<PayOutcome> {
  const { userId, tag, data, embodiment, signal } = request
  const expected = { amount: request.expected.amount, currency: request.expected.currency }
  const step = embodiment === 2 ? 'S29' : 'S63'
  onProgress({ type: 'step', step, path: 'here', text: 'the personal data were given' })
  const bytes = paymentRequest(expected, data)
  let answer: PayResult
  try {
    // What fails here was never sent; from here on it goes over this connection or not at all.
    const live = await card.live(signal)
    answer = await sent(live, { userId, tag, expected, request: binary(bytes), embodiment }, signal)
  } finally {
    bytes.fill(0)
  }
  if (answer.verdict === 'accepted') return readPayAnswer(answer, expected)
  const { reason, retryAfterSeconds, call } = answer
  return { outcome: 'refused', reason, retryAfterSeconds, call }
}

const binary = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')

async function sent(card: CardCalls, params: Params<'line.pay'>, signal: AbortSignal | undefined): Promise<PayResult> {
  try {
    // S30 … S36, S64 … S70: the card calls, sends, receives and hangs up; its notifications tell the steps.
    return await callOverLine(card, 'line.pay', params, signal)
  } catch (error) {
    throw whatIsKnown(error)
  }
}

/** POST /pay as Binary HTTP. @returns the caller's to wipe @throws KeylineError INPUT_INVALID for what no server could read */
function paymentRequest(expected: PayRequest['expected'], data: PersonalData): Uint8Array {
  const content = encodePayment({ ...expected, data })
  try {
    decodePayment(content)
    const headers = [['content-type', PERSONAL_DATA_TYPE]] as const
    return encodeBinaryRequest({
      method: 'POST',
      scheme: 'https',
      authority: 'keyline',
      path: '/pay',
      headers,
      content,
    })
  } catch (error) {
    if (!(error instanceof LineFormatError)) throw error
    // Without its text and cause: they are about personal data.
    throw fault('INPUT_INVALID', { what: 'the personal data or the amount cannot be sent' })
  } finally {
    content.fill(0)
  }
}

/**
 * The card's own word is the truth about a call. Where it is missing, because cable, card or patience ended first, the personal data
 * may be at the server.
 */
function whatIsKnown(error: unknown): unknown {
  if (!(error instanceof KeylineError)) return error
  const cancelled = error.code === 'CANCELLED'
  if (cancelled && error.cause === undefined) return error // before it began
  const word = cancelled ? error.cause : error
  const told = word instanceof KeylineError && word.origin === 'card' && word.code !== 'CARD_FAULT'
  const known = told || (!cancelled && BEFORE.has(error.code))
  if (!known) return fault('LINE_OUTCOME_UNKNOWN', { cause: error })
  return told && word.code === 'LINE_OUTCOME_UNKNOWN' ? word : error
}
