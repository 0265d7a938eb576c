import { hmac } from '../../keys/kdf.ts'
import { NoiseError } from '../../keys/noise.ts'
import { keyPair } from '../../keys/x25519.ts'
import { CardExchange, type LineIdentity } from '../../line/exchange.ts'
import { LineFormatError } from '../../wire/line/cbor.ts'
import { decodeLoginResponse, encodeLoginRequest, type LoginResponse } from '../../wire/line/login.ts'
import { encodeMessage } from '../../wire/line/message.ts'
import type { BearerName } from '../../wire/line/ticket.ts'
import type { CallReport, Params, Result } from '../../wire/usb/methods.ts'
import { CardError } from './errors.ts'
import type { LineWork } from './line-work.ts'
import { type EnrolledAddress, enrolledAddresses } from './phone-book.ts'
import { type Enrolled, sameMark } from './record.ts'
import type { Vault } from './vault.ts'

type LoginResult = Result<'line.login'>

/**
 * S2–S7' (PROTOCOL.md §3). One Rₙ is continued by one request only, whatever happens: its bytes are durable before they are sent,
 * and as long as they have no answer they are all that is sent. A different request waits until they are answered.
 */
export class LoginWork implements LineWork<LoginResult> {
  readonly kind = 'login'
  readonly #vault: Vault
  readonly #bearers: readonly BearerName[]
  readonly #keys: number
  /** User ID, password and POkeys, until they are encrypted. */
  readonly #payload: Uint8Array
  /** The pending request of the vault is this job's. */
  #mine = false
  #exchange: CardExchange | undefined
  #answer: { readonly response: LoginResponse; readonly handshakeHash: Uint8Array } | undefined

  constructor(vault: Vault, bearers: readonly BearerName[], params: Params<'line.login'>) {
    this.#vault = vault
    this.#bearers = bearers
    const terminalKeys = params.terminalKeys.map((key) => Buffer.from(key, 'base64url'))
    this.#keys = terminalKeys.length
    this.#payload = encodeLoginRequest({ userId: params.userId, password: params.password, terminalKeys })
  }

  prepare(): 'call' {
    if (enrolledAddresses(this.#enrolled, this.#bearers).length === 0) throw new CardError('LINE_NO_ADDRESS')
    return 'call'
  }

  /** The called number is part of the request: what is pending goes only where it was going. */
  address(attempts: number): EnrolledAddress {
    const { pending } = this.#enrolled
    const all = enrolledAddresses(this.#enrolled, this.#bearers)
    const address = pending
      ? all.find((entry) => entry.address === pending.calledAddress)
      : all[attempts % Math.max(1, all.length)]
    if (address === undefined) throw new CardError('LINE_NO_ADDRESS')
    return address
  }

  request(address: EnrolledAddress): { readonly message: Uint8Array; readonly earlier: boolean } {
    const { pending } = this.#enrolled
    if (pending === undefined) {
      this.#exchange = this.#start(address)
    } else {
      if (pending.calledAddress !== address.address) throw new CardError('NUMBER_NOT_ENROLLED')
      this.#exchange = repeat(identity(this.#enrolled, pending.calledAddress), pending)
      // The same login once more, e.g. after this card lost its power: the answer to the old call is the answer to this.
      this.#mine ||= sameMark(hmac(pending.ephemeral.reveal(), this.#payload), pending.mark)
    }
    if (this.#mine) this.#payload.fill(0)
    return { message: encodeMessage('exchange', this.#exchange.request), earlier: !this.#mine }
  }

  /** @throws CardError LINE_TAMPERED, LINE_FORMAT, VAULT_UNWRITABLE */
  accept(response: Uint8Array): { readonly permitted: boolean } {
    const enrolled = this.#enrolled
    const { payload, channel } = this.#finish(response)
    channel.send.wipe()
    channel.receive.wipe()
    // Rₙ₊₁ is durable before anybody hears of success; from then on Rₙ and its request are of no more use.
    this.#vault.save({
      ...this.#vault.record,
      enrolled: { ...enrolled, ratchet: channel.nextRatchet, pending: undefined },
    })
    enrolled.ratchet.wipe()
    enrolled.pending?.ephemeral.wipe()
    if (!this.#mine) return { permitted: false }
    this.#answer = { response: this.#decode(payload), handshakeHash: channel.handshakeHash }
    return { permitted: this.#answer.response.verdict === 'permitted' }
  }

  result(call: CallReport): LoginResult {
    if (this.#answer === undefined) throw new CardError('CARD_FAULT')
    const { response, handshakeHash } = this.#answer
    if (response.verdict === 'refused') return { ...response, call }
    return {
      verdict: 'permitted',
      serverKeys: response.serverKeys.map(base64url),
      lifetimeSeconds: response.lifetimeSeconds,
      secretRoutes: [...response.secretRoutes],
      handshakeHash: base64url(handshakeHash),
      internet: this.#enrolled.internet,
      call,
    }
  }

  wipe(): void {
    this.#payload.fill(0)
  }

  get #enrolled(): Enrolled {
    const { enrolled } = this.#vault.record
    if (enrolled === undefined) throw new CardError('CARD_NOT_ENROLLED')
    return enrolled
  }

  #start({ address }: EnrolledAddress): CardExchange {
    const enrolled = this.#enrolled
    const exchange = CardExchange.start(identity(enrolled, address), this.#payload)
    const { request, ephemeral } = exchange.pending
    const pending = { calledAddress: address, request, ephemeral, mark: hmac(ephemeral.reveal(), this.#payload) }
    this.#vault.save({ ...this.#vault.record, enrolled: { ...enrolled, pending } })
    this.#mine = true
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

  #decode(payload: Uint8Array): LoginResponse {
    try {
      const response = decodeLoginResponse(payload)
      if (response.verdict === 'refused' || response.serverKeys.length === this.#keys) return response
      throw new LineFormatError(`expected ${this.#keys} session keys, got ${response.serverKeys.length}`)
    } catch (cause) {
      throw cause instanceof LineFormatError ? new CardError('LINE_FORMAT', undefined, { cause }) : cause
    }
  }
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

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url')
}
