import { cardHint } from '../../../keys/ratchet.ts'
import { Secret } from '../../../keys/secret.ts'
import { keyPair } from '../../../keys/x25519.ts'
import { ServerEnrolment } from '../../../line/enrolment.ts'
import { requestHint, ServerExchange } from '../../../line/exchange.ts'
import { SecureChannel } from '../../../line/secure-channel.ts'
import {
  type BinaryResponse,
  type DecodedRequest,
  decodeBinaryRequest,
  encodeBinaryResponse,
} from '../../../wire/line/bhttp.ts'
import type { EnrolmentResponse } from '../../../wire/line/enrolment.ts'
import { decodeLoginRequest, encodeLoginResponse, type LoginResponse } from '../../../wire/line/login.ts'
import { decodeMessage } from '../../../wire/line/message.ts'
import {
  decodePurchaseOpening,
  encodePurchaseVerdict,
  type PurchaseOpening,
  type PurchaseVerdict,
} from '../../../wire/line/purchase.ts'
import { encodeReceipt, RECEIPT_TYPE } from '../../../wire/line/receipt.ts'
import { encodeTicket, type LineAddress } from '../../../wire/line/ticket.ts'
import { bytes, NUMBER } from './fixture.ts'

export const TERMS = { amount: 129_800, currency: 'JPY', items: 3, lapsesInSeconds: 900 } as const

const PAID: BinaryResponse = {
  status: 200,
  headers: [['content-type', RECEIPT_TYPE]],
  content: encodeReceipt({
    order: 'K-000012',
    at: 1_774_000_000,
    amount: TERMS.amount,
    currency: TERMS.currency,
    items: [],
    brand: 'Visa',
    lastFour: '4242',
  }),
}

interface ServerCard {
  readonly cardPublic: Uint8Array
  readonly ratchet: Uint8Array
  /** What continued `ratchet`, and where to. Kept until the next one is used. */
  readonly used?: { readonly request: Buffer; readonly response: Uint8Array; readonly next: Uint8Array }
}

interface ServerTicket {
  readonly secret: Uint8Array
  readonly verdict?: EnrolmentResponse
  used?: { readonly request: Buffer; readonly response: Uint8Array }
}

/** A server's end of the line for one card, kept in memory: what PROTOCOL.md §2 and §3 say, in as few words as possible. */
export class ServerDouble {
  readonly own = keyPair(bytes('server of the tests'))
  readonly password = 'correct horse'
  /** Two different continuations of one Rₙ were seen: a cloned card. */
  locked = false
  exchanges = 0
  enrolments = 0
  /** What is answered to a good login. */
  answer: (keys: readonly Uint8Array[]) => LoginResponse = (keys) => ({
    verdict: 'permitted',
    serverKeys: keys.map((_, n) => keyPair(bytes(`so ${n}`)).publicKey),
    lifetimeSeconds: 3600,
    secretRoutes: ['/pay'],
  })
  /** What is said to a purchase tag. */
  verdict: (opening: PurchaseOpening) => PurchaseVerdict = () => ({ verdict: 'accepted', ...TERMS })
  readonly openings: PurchaseOpening[] = []
  /** What is answered in the channel. */
  settle: (request: DecodedRequest) => BinaryResponse = () => PAID
  /** What is sealed as that answer. */
  plain: (request: DecodedRequest) => Uint8Array = (request) => encodeBinaryResponse(this.settle(request))
  /** All that came out of a channel. */
  readonly paid: DecodedRequest[] = []
  /** What the line makes of a sealed answer, or what the server says in its place. */
  sealed: (bytes: Uint8Array, seal: (plain: Uint8Array) => Uint8Array) => Uint8Array = (bytes) => bytes
  /** Messages of a channel that did not open. */
  refusedMessages = 0
  /** Other bytes in the place of a response's payload. */
  payload: Uint8Array | undefined
  #card: ServerCard | undefined
  #channel: SecureChannel | undefined
  readonly #tickets = new Map<string, ServerTicket>()
  readonly #addresses = new Set<string>()

  /** Another one that has seen the same. */
  clone(): ServerDouble {
    const other = new ServerDouble()
    other.locked = this.locked
    other.verdict = this.verdict
    other.settle = this.settle
    other.#card = this.#card
    for (const [id, ticket] of this.#tickets) other.#tickets.set(id, { ...ticket })
    return other
  }

  ticket(label: string, options: TicketOptions = {}): string {
    const secret = bytes(`ticket ${label}`)
    const { verdict, expiresAtSeconds = 2_000_000_000, line = [{ bearer: 'call', address: NUMBER }] } = options
    const cardId = `card-${label}`
    for (const { address } of line) this.#addresses.add(address)
    this.#tickets.set(cardId, { secret, ...(verdict && { verdict }) })
    const internet = 'server.example:443'
    return encodeTicket({ cardId, line, internet, serverPublic: this.own.publicKey, secret, expiresAtSeconds })
  }

  /** What was agreed in one call is of no use in another. */
  newCall(): void {
    this.#channel = undefined
  }

  /** @returns undefined: no answer at all */
  handle(message: Uint8Array, called: string): Uint8Array | undefined {
    // As the server does: whichever of its addresses the request was made for.
    for (const address of [called, ...this.#addresses]) {
      try {
        const { kind, body } = decodeMessage(message)
        if (kind === 'enrolment') return this.#enrol(body, address)
        if (kind === 'channel') return this.#pay(body)
        this.#channel = undefined
        return this.#exchange(body, address)
      } catch {
        // Not for this one.
      }
    }
    return undefined
  }

  #enrol(body: Uint8Array, called: string): Uint8Array | undefined {
    const request = Buffer.from(body)
    const enrolment = new ServerEnrolment(this.own, called, request)
    const ticket = this.#tickets.get(enrolment.cardId)
    if (ticket === undefined) return undefined
    if (ticket.used?.request.equals(request)) return ticket.used.response
    const used: EnrolmentResponse = { verdict: 'refused', reason: 'TICKET_USED' }
    const verdict = ticket.verdict ?? (ticket.used ? used : { verdict: 'enrolled' })
    const { response, ratchet } = enrolment.respond(new Secret(Uint8Array.from(ticket.secret)), verdict)
    if (verdict.verdict === 'enrolled') {
      this.enrolments++
      ticket.used = { request, response }
      this.#card = { cardPublic: enrolment.cardPublic, ratchet: Uint8Array.from(ratchet.reveal()) }
      this.locked = false
    }
    return response
  }

  /** Each new request, as it was before its encryption. */
  seen: (payload: Uint8Array) => void = () => {}

  #exchange(body: Uint8Array, called: string): Uint8Array | undefined {
    const request = Buffer.from(body)
    const card = this.#card
    if (card === undefined) return undefined
    if (this.#is(request, card.used?.next)) {
      this.#card = { cardPublic: card.cardPublic, ratchet: card.used?.next ?? card.ratchet }
      return this.#exchange(body, called)
    }
    if (!this.#is(request, card.ratchet)) return undefined
    if (card.used?.request.equals(request)) return card.used.response
    if (card.used !== undefined) this.locked = true
    const exchange = new ServerExchange(
      {
        own: this.own,
        peer: card.cardPublic,
        ratchet: new Secret(Uint8Array.from(card.ratchet)),
        calledAddress: called,
      },
      request,
    )
    const { response, channel } = exchange.respond(this.payload ?? this.#answer(exchange.payload))
    this.#channel = new SecureChannel(channel)
    this.exchanges++
    this.#card = { ...card, used: { request, response, next: Uint8Array.from(channel.nextRatchet.reveal()) } }
    return response
  }

  #pay(body: Uint8Array): Uint8Array | undefined {
    const channel = this.#channel
    let plain: Uint8Array
    try {
      if (channel === undefined) throw new Error('no exchange')
      plain = channel.open(body)
    } catch {
      this.refusedMessages++
      return undefined
    }
    const request = decodeBinaryRequest(plain)
    this.paid.push(request)
    const answer = channel.seal(this.plain(request))
    return this.sealed(answer, (other) => channel.seal(other))
  }

  #answer(payload: Uint8Array): Uint8Array {
    this.seen(payload)
    if (this.locked) return encodeLoginResponse({ verdict: 'refused', reason: 'CARD_LOCKED', retryAfterSeconds: 0 })
    if (payload[1] !== 2) return encodeLoginResponse(this.#login(payload))
    const opening = decodePurchaseOpening(payload)
    this.openings.push(opening)
    return encodePurchaseVerdict(this.verdict(opening))
  }

  #login(payload: Uint8Array): LoginResponse {
    const { password, terminalKeys } = decodeLoginRequest(payload)
    if (password === this.password) return this.answer(terminalKeys)
    return { verdict: 'refused', reason: 'LOGIN_REFUSED', retryAfterSeconds: 5 }
  }

  #is(request: Uint8Array, ratchet: Uint8Array | undefined): boolean {
    if (ratchet === undefined) return false
    return Buffer.from(requestHint(request)).equals(cardHint(new Secret(Uint8Array.from(ratchet))))
  }
}

export interface TicketOptions {
  readonly verdict?: EnrolmentResponse
  readonly expiresAtSeconds?: number
  readonly line?: readonly LineAddress[]
}
