import { NoiseError } from '../../keys/noise.ts'
import { SecureChannel } from '../../line/secure-channel.ts'
import { decodeBinaryRequest, decodeBinaryResponse } from '../../wire/line/bhttp.ts'
import { LineFormatError } from '../../wire/line/cbor.ts'
import type { Consent } from '../../wire/line/consent.ts'
import { encodeMessage } from '../../wire/line/message.ts'
import { decodePurchaseVerdict, encodePurchaseOpening, type PurchaseVerdict } from '../../wire/line/purchase.ts'
import type { BearerName } from '../../wire/line/ticket.ts'
import type { CallReport, Params, Result } from '../../wire/usb/methods.ts'
import { EnrolledExchange, wipeCiphers } from './enrolled-exchange.ts'
import { CardError } from './errors.ts'
import type { ChannelWork, LineWork } from './line-work.ts'
import type { EnrolledAddress } from './phone-book.ts'
import type { Vault } from './vault.ts'

type PayResult = Result<'line.pay'>

/** Of an answer that says that the card company was charged (S35, S69). */
const SETTLED = 200

/**
 * S30–S35, S64–S69 (PROTOCOL.md §3): the tag as an exchange, then the personal data in its channel. An exchange that has no answer
 * yet is never taken for this job's own, not even when it asked for the same: a repeated answer has the keys of a call that was
 * sealed with before. It is settled first, and a fresh exchange follows in the same call.
 */
export class PayWork implements LineWork<PayResult> {
  readonly kind: 'pay-2' | 'pay-3'
  readonly purpose = 'pay'
  readonly payment: ChannelWork = {
    message: () => this.#message(),
    received: (sealed) => this.#received(sealed),
  }
  readonly #exchange: EnrolledExchange
  readonly #expected: Params<'line.pay'>['expected']
  readonly #wish: { readonly tag: Uint8Array; readonly userId: string }
  /** Tag and user ID: may be needed in each call of the job. */
  #opening: Uint8Array
  /** Binary HTTP with the personal data in it, until it is sealed. */
  readonly #request: Uint8Array
  #earlier = false
  #channel: SecureChannel | undefined
  #verdict: PurchaseVerdict | undefined
  #response: string | undefined

  /** @throws CardError PARAMS_INVALID when the request is no Binary HTTP */
  constructor(vault: Vault, bearers: readonly BearerName[], params: Params<'line.pay'>) {
    this.kind = params.embodiment === 2 ? 'pay-2' : 'pay-3'
    this.#exchange = new EnrolledExchange(vault, bearers)
    this.#expected = params.expected
    this.#wish = { tag: Buffer.from(params.tag, 'base64url'), userId: params.userId }
    this.#opening = encodePurchaseOpening(this.#wish)
    this.#request = readRequest(params.request)
  }

  prepare(): 'call' {
    this.#exchange.assertCallable()
    return 'call'
  }

  consented(consent: Consent): void {
    this.#opening.fill(0)
    this.#opening = encodePurchaseOpening({ ...this.#wish, consent })
  }

  addresses(): readonly EnrolledAddress[] {
    return this.#exchange.addresses()
  }

  request(address: EnrolledAddress): { readonly message: Uint8Array; readonly earlier: boolean } {
    const { message, repeats } = this.#exchange.request(address, this.#opening)
    this.#earlier = repeats
    return { message, earlier: repeats }
  }

  /** @throws CardError LINE_TAMPERED, LINE_FORMAT, VAULT_UNWRITABLE, AMOUNT_CHANGED */
  accept(response: Uint8Array): { readonly permitted: boolean } {
    const { payload, channel } = this.#exchange.accept(response)
    try {
      if (!this.#earlier) this.#verdict = this.#decode(payload)
    } finally {
      if (this.#verdict?.verdict !== 'accepted') wipeCiphers(channel)
    }
    if (this.#verdict?.verdict !== 'accepted') return { permitted: false }
    this.#channel = new SecureChannel(channel)
    const { amount, currency } = this.#verdict
    if (amount !== this.#expected.amount || currency !== this.#expected.currency) throw new CardError('AMOUNT_CHANGED')
    return { permitted: true }
  }

  result(call: CallReport): PayResult {
    const verdict = this.#verdict
    if (verdict?.verdict === 'refused') return { ...verdict, call }
    if (verdict === undefined || this.#response === undefined) throw new CardError('CARD_FAULT')
    const { verdict: accepted, ...terms } = verdict
    return { verdict: accepted, terms, response: this.#response, call }
  }

  wipe(): void {
    this.#opening.fill(0)
    this.#wish.tag.fill(0)
    this.#request.fill(0)
    this.#channel?.close()
  }

  #message(): Uint8Array {
    if (this.#channel === undefined) throw new CardError('CARD_FAULT')
    const sealed = this.#channel.seal(this.#request)
    this.#request.fill(0)
    return encodeMessage('channel', sealed)
  }

  #received(sealed: Uint8Array): { readonly settled: boolean } {
    if (this.#channel === undefined) throw new CardError('CARD_FAULT')
    try {
      const response = this.#channel.open(sealed)
      const { status } = decodeBinaryResponse(response)
      this.#response = Buffer.from(response).toString('base64url')
      return { settled: status === SETTLED }
    } catch (cause) {
      if (cause instanceof NoiseError) throw new CardError('LINE_TAMPERED', undefined, { cause })
      throw cause instanceof LineFormatError ? new CardError('LINE_FORMAT', undefined, { cause }) : cause
    } finally {
      this.#channel.close()
    }
  }

  #decode(payload: Uint8Array): PurchaseVerdict {
    try {
      return decodePurchaseVerdict(payload)
    } catch (cause) {
      throw cause instanceof LineFormatError ? new CardError('LINE_FORMAT', undefined, { cause }) : cause
    }
  }
}

/** Looked at before anybody is called. @returns the caller's to wipe @throws CardError PARAMS_INVALID */
function readRequest(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64url')
  try {
    decodeBinaryRequest(bytes).content.fill(0)
    return bytes
  } catch (cause) {
    bytes.fill(0)
    if (!(cause instanceof LineFormatError)) throw cause
    throw new CardError('PARAMS_INVALID', 'request: expected Binary HTTP', { cause })
  }
}
