import { hmac } from '../../keys/kdf.ts'
import { NoiseError } from '../../keys/noise.ts'
import { keyPair } from '../../keys/x25519.ts'
import { CardExchange, type LineChannel, type LineIdentity } from '../../line/exchange.ts'
import { encodeMessage } from '../../wire/line/message.ts'
import type { BearerName } from '../../wire/line/ticket.ts'
import { CardError } from './errors.ts'
import { type EnrolledAddress, enrolledAddresses } from './phone-book.ts'
import { type Enrolled, sameMark } from './record.ts'
import type { Vault } from './vault.ts'

/** What goes out: a new request, or one that has no answer yet, which may have been for the very same (`same`). */
export type OutgoingRequest = { readonly message: Uint8Array } & (
  | { readonly repeats: false }
  | { readonly repeats: true; readonly same: boolean }
)

/**
 * The exchanges of an enrolled card, one after the other (PROTOCOL.md §3). One Rₙ is continued by one request only, whatever
 * happens: its bytes are durable before they are sent, and as long as they have no answer they are all that is sent.
 */
export class EnrolledExchange {
  readonly #vault: Vault
  readonly #bearers: readonly BearerName[]
  #exchange: CardExchange | undefined

  constructor(vault: Vault, bearers: readonly BearerName[]) {
    this.#vault = vault
    this.#bearers = bearers
  }

  /** @throws CardError CARD_NOT_ENROLLED */
  get enrolled(): Enrolled {
    const { enrolled } = this.#vault.record
    if (enrolled === undefined) throw new CardError('CARD_NOT_ENROLLED')
    return enrolled
  }

  /** @throws CardError CARD_NOT_ENROLLED, LINE_NO_ADDRESS when no call can be made at all */
  assertCallable(): void {
    if (this.addresses().length === 0) throw new CardError('LINE_NO_ADDRESS')
  }

  /** Of whichever bearer: the server tries a request with all of its addresses. */
  addresses(): readonly EnrolledAddress[] {
    return enrolledAddresses(this.enrolled, this.#bearers)
  }

  /**
   * @param payload for a new request; stays the caller's to wipe
   * @param wish what is wanted, by which the very same request is known again: a consent that was given since makes no other one
   * @param address of the first call with it: part of what is authenticated, also when it is repeated by another bearer
   * @returns durable already @throws CardError VAULT_DAMAGED, VAULT_UNWRITABLE
   */
  request({ address }: EnrolledAddress, payload: Uint8Array, wish = payload): OutgoingRequest {
    const { pending } = this.enrolled
    if (pending === undefined) {
      this.#exchange = this.#start(address, payload, wish)
      return { message: encodeMessage('exchange', this.#exchange.request), repeats: false }
    }
    this.#exchange = repeat(identity(this.enrolled, pending.calledAddress), pending)
    const same = sameMark(hmac(pending.ephemeral.reveal(), wish), pending.mark)
    return { message: encodeMessage('exchange', this.#exchange.request), repeats: true, same }
  }

  /**
   * The answer to the last request. Rₙ₊₁ is durable when this returns; Rₙ and its request are then of no more use.
   * @returns the channel's ciphers are the caller's to use or to wipe @throws CardError LINE_TAMPERED, VAULT_UNWRITABLE
   */
  accept(response: Uint8Array): { readonly payload: Uint8Array; readonly channel: LineChannel } {
    const enrolled = this.enrolled
    const { payload, channel } = this.#finish(response)
    try {
      this.#vault.save({
        ...this.#vault.record,
        enrolled: { ...enrolled, ratchet: channel.nextRatchet, pending: undefined },
      })
    } catch (error) {
      wipeCiphers(channel)
      throw error
    }
    enrolled.ratchet.wipe()
    enrolled.pending?.ephemeral.wipe()
    return { payload, channel }
  }

  #start(calledAddress: string, payload: Uint8Array, wish: Uint8Array): CardExchange {
    const enrolled = this.enrolled
    const exchange = CardExchange.start(identity(enrolled, calledAddress), payload)
    const { request, ephemeral } = exchange.pending
    const pending = { calledAddress, request, ephemeral, mark: hmac(ephemeral.reveal(), wish) }
    this.#vault.save({ ...this.#vault.record, enrolled: { ...enrolled, pending } })
    return exchange
  }

  #finish(response: Uint8Array): ReturnType<CardExchange['finish']> {
    try {
      if (this.#exchange === undefined) throw new CardError('CARD_FAULT')
      return this.#exchange.finish(response)
    } catch (cause) {
      throw cause instanceof NoiseError ? new CardError('LINE_TAMPERED', undefined, { cause }) : cause
    }
  }
}

/** For an exchange after which nothing follows. */
export function wipeCiphers({ send, receive }: LineChannel): void {
  send.wipe()
  receive.wipe()
}

function identity(enrolled: Enrolled, calledAddress: string): LineIdentity {
  const { serverPublic, ratchet } = enrolled
  return { own: keyPair(enrolled.ownSecret.reveal()), peer: serverPublic, ratchet, calledAddress }
}

/** @throws CardError VAULT_DAMAGED when the request in the vault is not one of its keys */
function repeat(who: LineIdentity, pending: NonNullable<Enrolled['pending']>): CardExchange {
  try {
    return CardExchange.repeat(who, pending)
  } catch (cause) {
    throw cause instanceof NoiseError ? new CardError('VAULT_DAMAGED', undefined, { cause }) : cause
  }
}
