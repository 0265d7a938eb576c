import { cardHint } from '../../../keys/ratchet.ts'
import { Secret } from '../../../keys/secret.ts'
import { keyPair } from '../../../keys/x25519.ts'
import { ServerEnrolment } from '../../../line/enrolment.ts'
import { requestHint, ServerExchange } from '../../../line/exchange.ts'
import type { EnrolmentResponse } from '../../../wire/line/enrolment.ts'
import { decodeLoginRequest, encodeLoginResponse, type LoginResponse } from '../../../wire/line/login.ts'
import { decodeMessage } from '../../../wire/line/message.ts'
import { encodeTicket, type LineAddress } from '../../../wire/line/ticket.ts'
import { bytes, NUMBER } from './fixture.ts'

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
  /** Other bytes in the place of a response's payload. */
  payload: Uint8Array | undefined
  #card: ServerCard | undefined
  readonly #tickets = new Map<string, ServerTicket>()

  /** Another one that has seen the same. */
  clone(): ServerDouble {
    const other = new ServerDouble()
    other.locked = this.locked
    other.#card = this.#card
    for (const [id, ticket] of this.#tickets) other.#tickets.set(id, { ...ticket })
    return other
  }

  ticket(label: string, options: TicketOptions = {}): string {
    const secret = bytes(`ticket ${label}`)
    const { verdict, expiresAtSeconds = 2_000_000_000, line = [{ bearer: 'call', address: NUMBER }] } = options
    const cardId = `card-${label}`
    this.#tickets.set(cardId, { secret, ...(verdict && { verdict }) })
    const internet = 'server.example:443'
    return encodeTicket({ cardId, line, internet, serverPublic: this.own.publicKey, secret, expiresAtSeconds })
  }

  /** @returns undefined: no answer at all */
  handle(message: Uint8Array, called: string): Uint8Array | undefined {
    try {
      const { kind, body } = decodeMessage(message)
      if (kind === 'enrolment') return this.#enrol(body, called)
      return kind === 'exchange' ? this.#exchange(body, called) : undefined
    } catch {
      return undefined
    }
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
    const { response, channel } = exchange.respond(this.payload ?? encodeLoginResponse(this.#verdict(exchange.payload)))
    this.exchanges++
    this.#card = { ...card, used: { request, response, next: Uint8Array.from(channel.nextRatchet.reveal()) } }
    return response
  }

  #verdict(payload: Uint8Array): LoginResponse {
    if (this.locked) return { verdict: 'refused', reason: 'CARD_LOCKED', retryAfterSeconds: 0 }
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
