import { sha256 } from '../../keys/kdf.ts'
import { NoiseError } from '../../keys/noise.ts'
import { Secret } from '../../keys/secret.ts'
import { keyPair } from '../../keys/x25519.ts'
import { CardEnrolment } from '../../line/enrolment.ts'
import { LineFormatError } from '../../wire/line/cbor.ts'
import { encodeMessage } from '../../wire/line/message.ts'
import { type BearerName, decodeTicket, type Ticket } from '../../wire/line/ticket.ts'
import type { CallReport, Params, Result } from '../../wire/usb/methods.ts'
import { CardError } from './errors.ts'
import type { LineWork } from './line-work.ts'
import { type EnrolledAddress, ticketAddresses } from './phone-book.ts'
import { type CardRecord, type Enrolling, sameMark } from './record.ts'
import type { Vault } from './vault.ts'

type EnrolResult = Result<'card.enrol'>

/**
 * Once per card (PROTOCOL.md §2). A ticket works for one request only: key pair and request are durable before the call, and the
 * same ticket gets the same bytes until it is answered. What the card was before stays until it is something new.
 */
export class EnrolWork implements LineWork<EnrolResult> {
  readonly kind = 'enrol'
  readonly purpose = 'enrol'
  readonly #vault: Vault
  readonly #bearers: readonly BearerName[]
  readonly #nowSeconds: () => number
  readonly #ticket: Ticket
  readonly #mark: Uint8Array
  readonly #secret: Secret
  #enrolment: CardEnrolment | undefined

  /**
   * @param nowSeconds the card's own clock, seconds since 1970; a board without one lets the server decide
   * @throws CardError TICKET_INVALID
   */
  constructor(vault: Vault, bearers: readonly BearerName[], nowSeconds: () => number, params: Params<'card.enrol'>) {
    this.#vault = vault
    this.#bearers = bearers
    this.#nowSeconds = nowSeconds
    this.#ticket = readTicket(params.ticket)
    this.#mark = sha256(Buffer.from('keyline/1 ticket'), this.#ticket.secret)
    this.#secret = new Secret(this.#ticket.secret)
  }

  prepare(): 'call' | 'known' {
    const { enrolled, enrolling } = this.#vault.record
    // The PC did not get the answer, the card did.
    if (enrolled !== undefined && sameMark(enrolled.ticketMark, this.#mark)) return 'known'
    if (enrolling !== undefined && sameMark(enrolling.ticketMark, this.#mark)) {
      // The server may have used it up for this very card before it expired: then it still answers.
      this.#enrolment = this.#begin(enrolling)
      return 'call'
    }
    if (this.#ticket.expiresAtSeconds <= this.#nowSeconds()) throw new CardError('TICKET_EXPIRED')
    this.#save(this.#first())
    enrolling?.ownSecret.wipe()
    enrolling?.ephemeral.wipe()
    return 'call'
  }

  /** One ticket gets one request, whichever bearer it goes by: the server tries it with all of its addresses. */
  addresses(): readonly EnrolledAddress[] {
    return ticketAddresses(this.#ticket, this.#bearers)
  }

  request(): { readonly message: Uint8Array; readonly earlier: boolean } {
    if (this.#enrolment === undefined) throw new CardError('CARD_FAULT')
    return { message: encodeMessage('enrolment', this.#enrolment.request), earlier: false }
  }

  /** @throws CardError LINE_TAMPERED, LINE_FORMAT, TICKET_USED, TICKET_EXPIRED, TICKET_REVOKED, VAULT_UNWRITABLE */
  accept(response: Uint8Array): { readonly permitted: boolean } {
    const { enrolled: old, enrolling } = this.#vault.record
    if (enrolling === undefined) throw new CardError('CARD_FAULT')
    const { verdict, ratchet } = this.#finish(response)
    if (verdict.verdict === 'refused') {
      ratchet.wipe()
      this.#save(undefined)
      enrolling.ownSecret.wipe()
      enrolling.ephemeral.wipe()
      throw new CardError(verdict.reason)
    }
    const { cardId, internet, line, serverPublic, canary } = this.#ticket
    const { ownSecret, ticketMark } = enrolling
    const places = {
      cardId,
      ownNumber: old?.ownNumber ?? '',
      internet,
      line,
      ...(canary === undefined ? {} : { canary }),
    }
    const keys = { serverPublic, ownSecret, ratchet, ticketMark }
    this.#vault.save({
      ...this.#vault.record,
      enrolled: { ...places, ...keys, pending: undefined },
      enrolling: undefined,
    })
    enrolling.ephemeral.wipe()
    old?.ownSecret.wipe()
    old?.ratchet.wipe()
    old?.pending?.ephemeral.wipe()
    return { permitted: true }
  }

  result(call: CallReport): EnrolResult {
    return { cardId: this.#ticket.cardId, internet: this.#ticket.internet, call }
  }

  wipe(): void {
    this.#secret.wipe()
  }

  #first(): Enrolling {
    const address = ticketAddresses(this.#ticket, this.#bearers)[0]
    if (address === undefined) throw new CardError('LINE_NO_ADDRESS')
    const ownSecret = new Secret(keyPair().secretKey)
    this.#enrolment = this.#begin({ ownSecret, calledAddress: address.address })
    const { request, ephemeral } = this.#enrolment.pending
    return { ticketMark: this.#mark, calledAddress: address.address, ownSecret, request, ephemeral }
  }

  #begin(it: Pick<Enrolling, 'ownSecret' | 'calledAddress'> & Partial<Enrolling>): CardEnrolment {
    const { request, ephemeral } = it
    const enrolment = new CardEnrolment(
      {
        cardId: this.#ticket.cardId,
        calledAddress: it.calledAddress,
        serverPublic: this.#ticket.serverPublic,
        ticketSecret: this.#secret,
        own: keyPair(it.ownSecret.reveal()),
      },
      request && ephemeral && { request, ephemeral },
    )
    if (request !== undefined && !sameMark(request, enrolment.request)) throw new CardError('VAULT_DAMAGED')
    return enrolment
  }

  #save(enrolling: Enrolling | undefined): void {
    const next: CardRecord = { ...this.#vault.record, enrolling }
    this.#vault.save(next)
  }

  #finish(response: Uint8Array): ReturnType<CardEnrolment['finish']> {
    try {
      if (this.#enrolment === undefined) throw new CardError('CARD_FAULT')
      return this.#enrolment.finish(response)
    } catch (cause) {
      if (cause instanceof NoiseError) throw new CardError('LINE_TAMPERED', undefined, { cause })
      throw cause instanceof LineFormatError ? new CardError('LINE_FORMAT', undefined, { cause }) : cause
    }
  }
}

function readTicket(text: string): Ticket {
  try {
    return decodeTicket(text)
  } catch (cause) {
    throw cause instanceof LineFormatError ? new CardError('TICKET_INVALID', undefined, { cause }) : cause
  }
}
