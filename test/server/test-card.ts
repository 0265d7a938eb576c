import { randomBytes } from 'node:crypto'
import { Secret } from '../../keys/secret.ts'
import { type SessionKey, sessionKey } from '../../keys/session-keys.ts'
import { type KeyPair, keyPair } from '../../keys/x25519.ts'
import { CardEnrolment } from '../../line/enrolment.ts'
import { CardExchange, type LineIdentity } from '../../line/exchange.ts'
import type { Store } from '../../server/store/store.ts'
import type { EnrolmentResponse } from '../../wire/line/enrolment.ts'
import { decodeLoginResponse, encodeLoginRequest, type LoginResponse } from '../../wire/line/login.ts'
import { encodeMessage } from '../../wire/line/message.ts'
import { type Node, NUMBER, PASSWORD, START, USER } from './world.ts'

export const HOUR_MS = 3_600_000

/** The paper ticket of a card. */
export interface PaperTicket {
  readonly cardId: string
  readonly secret: Secret
  readonly serverPublic: Uint8Array
}

/** As the operator's command does it. */
export async function issueTicket(
  { store }: { readonly store: Store },
  cardId = 'card-1',
  expiresAt = START + 72 * HOUR_MS,
  addresses: readonly string[] = [NUMBER],
): Promise<PaperTicket> {
  const bytes = randomBytes(32)
  await store.issueTicket({
    cardId,
    ticketId: randomBytes(16),
    secret: new Secret(Uint8Array.from(bytes)),
    issuedAt: START,
    expiresAt,
    addresses,
  })
  const { publicKey } = await store.identity()
  return { cardId, secret: new Secret(Uint8Array.from(bytes)), serverPublic: publicKey }
}

/** The card's end of one enrolment: what it sends, and what it makes of the answer. */
export function beginEnrolment(ticket: PaperTicket, number = NUMBER, own: KeyPair = keyPair()) {
  const { cardId, secret, serverPublic } = ticket
  const enrolment = new CardEnrolment({ cardId, calledAddress: number, serverPublic, ticketSecret: secret, own })
  return {
    message: encodeMessage('enrolment', enrolment.request),
    finish: (response: Uint8Array): { verdict: EnrolmentResponse; card: TestCard } => {
      const { verdict, ratchet } = enrolment.finish(response)
      return { verdict, card: new TestCard({ own, peer: serverPublic, ratchet, calledAddress: number }) }
    },
  }
}

/** A card that has called once with its ticket. */
export async function enrolled(node: Pick<Node, 'store' | 'line'>, cardId = 'card-1'): Promise<TestCard> {
  const call = beginEnrolment(await issueTicket(node, cardId))
  const response = await node.line.handle(call.message, undefined)
  if (response === undefined) throw new Error('expected an answer to the enrolment')
  return call.finish(response).card
}

export interface LoginWish {
  readonly userId?: string
  readonly password?: string
  /** How many session keys. */
  readonly keys?: number
  /** In place of the login's payload. */
  readonly payload?: Uint8Array
}

/** One login under way: the terminal's and the card's end of it. */
export class Login {
  readonly message: Uint8Array
  readonly #exchange: CardExchange
  readonly #pairs: readonly KeyPair[]

  constructor(identity: LineIdentity, { userId = USER, password = PASSWORD, keys = 1, payload }: LoginWish) {
    this.#pairs = Array.from({ length: keys }, () => keyPair())
    const terminalKeys = this.#pairs.map(({ publicKey }) => publicKey)
    this.#exchange = CardExchange.start(identity, payload ?? encodeLoginRequest({ userId, password, terminalKeys }))
    this.message = encodeMessage('exchange', this.#exchange.request)
  }

  /** S7'–S8: verdict, session keys, and Rₙ₊₁. @throws NoiseError when the answer is not the server's */
  finish(response: Uint8Array): { verdict: LoginResponse; keys: SessionKey[]; next: Secret } {
    const { payload, channel } = this.#exchange.finish(response)
    const verdict = decodeLoginResponse(payload)
    const keys =
      verdict.verdict === 'refused'
        ? []
        : verdict.serverKeys.map((serverPublic, n) => {
            const pair = this.#pairs[n]
            if (pair === undefined) throw new Error('more keys than were asked for')
            const both = { terminalPublic: pair.publicKey, serverPublic }
            return sessionKey('terminal', new Secret(Uint8Array.from(pair.secretKey)), both, channel.handshakeHash)
          })
    return { verdict, keys, next: channel.nextRatchet }
  }
}

/** What an enrolled card remembers. */
export class TestCard {
  identity: LineIdentity

  constructor(identity: LineIdentity) {
    this.identity = identity
  }

  /** Another card with the same memory. */
  clone(): TestCard {
    return new TestCard({ ...this.identity, ratchet: new Secret(Uint8Array.from(this.identity.ratchet.reveal())) })
  }

  begin(wish: LoginWish = {}): Login {
    return new Login(this.identity, wish)
  }

  /** A whole call; the ratchet moves on. @throws Error when there was no answer */
  async login(node: Pick<Node, 'line'>, wish: LoginWish = {}): Promise<ReturnType<Login['finish']>> {
    const login = this.begin(wish)
    const response = await node.line.handle(login.message, undefined)
    if (response === undefined) throw new Error('expected an answer to the login')
    return this.accept(login, response)
  }

  accept(login: Login, response: Uint8Array): ReturnType<Login['finish']> {
    const done = login.finish(response)
    this.identity = { ...this.identity, ratchet: done.next }
    return done
  }
}

/** The session key of a permitted login. */
export function firstKey({ keys: [key] }: { readonly keys: readonly SessionKey[] }): SessionKey {
  if (key === undefined) throw new Error('expected a permitted login')
  return key
}
