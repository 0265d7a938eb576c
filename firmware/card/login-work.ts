import { LineFormatError } from '../../wire/line/cbor.ts'
import type { Consent } from '../../wire/line/consent.ts'
import { decodeLoginResponse, encodeLoginRequest, type LoginResponse } from '../../wire/line/login.ts'
import type { BearerName } from '../../wire/line/ticket.ts'
import type { CallReport, Params, Result } from '../../wire/usb/methods.ts'
import { EnrolledExchange, wipeCiphers } from './enrolled-exchange.ts'
import { CardError } from './errors.ts'
import type { LineWork } from './line-work.ts'
import type { EnrolledAddress } from './phone-book.ts'
import type { Vault } from './vault.ts'

type LoginResult = Result<'line.login'>

/** Told of a login that the user allowed and the server permitted. */
export interface LoginSession {
  permitted(lifetimeSeconds: number): void
}

/** S2–S7' (PROTOCOL.md §3). A request that has no answer yet is repeated first; a different login waits until it is answered. */
export class LoginWork implements LineWork<LoginResult> {
  readonly kind = 'login'
  readonly purpose = 'login'
  readonly #exchange: EnrolledExchange
  readonly #session: LoginSession | undefined
  #consented = false
  readonly #keys: number
  /** User ID, password and POkeys, until they are encrypted; without how they were allowed. */
  readonly #wish: Uint8Array
  readonly #withConsent: (consent: Consent) => Uint8Array
  /** What goes out. */
  #payload: Uint8Array
  /** The pending request of the vault is this job's. */
  #mine = false
  #answer: { readonly response: LoginResponse; readonly handshakeHash: Uint8Array } | undefined

  constructor(vault: Vault, bearers: readonly BearerName[], params: Params<'line.login'>, session?: LoginSession) {
    this.#session = session
    this.#exchange = new EnrolledExchange(vault, bearers)
    const terminalKeys = params.terminalKeys.map((key) => Buffer.from(key, 'base64url'))
    this.#keys = terminalKeys.length
    const login = { userId: params.userId, password: params.password, terminalKeys }
    this.#withConsent = (consent) => encodeLoginRequest({ ...login, consent })
    this.#wish = encodeLoginRequest(login)
    this.#payload = this.#wish
  }

  prepare(): 'call' {
    this.#exchange.assertCallable()
    return 'call'
  }

  /** A request that has no answer yet keeps what it was sealed with. */
  consented(consent: Consent): void {
    this.#consented = true
    this.#payload = this.#withConsent(consent)
  }

  addresses(): readonly EnrolledAddress[] {
    return this.#exchange.addresses()
  }

  request(address: EnrolledAddress): { readonly message: Uint8Array; readonly earlier: boolean } {
    const out = this.#exchange.request(address, this.#payload, this.#wish)
    // The same login once more, e.g. after this card lost its power: the answer to the old call is the answer to this.
    this.#mine ||= !out.repeats || out.same
    if (this.#mine) this.wipe()
    return { message: out.message, earlier: !this.#mine }
  }

  /** @throws CardError LINE_TAMPERED, LINE_FORMAT, VAULT_UNWRITABLE */
  accept(response: Uint8Array): { readonly permitted: boolean } {
    const { payload, channel } = this.#exchange.accept(response)
    wipeCiphers(channel)
    if (!this.#mine) return { permitted: false }
    this.#answer = { response: this.#decode(payload), handshakeHash: channel.handshakeHash }
    return { permitted: this.#answer.response.verdict === 'permitted' }
  }

  result(call: CallReport): LoginResult {
    if (this.#answer === undefined) throw new CardError('CARD_FAULT')
    const { response, handshakeHash } = this.#answer
    if (response.verdict === 'refused') return { ...response, call }
    if (this.#consented) this.#session?.permitted(response.lifetimeSeconds)
    return {
      verdict: 'permitted',
      serverKeys: response.serverKeys.map(base64url),
      lifetimeSeconds: response.lifetimeSeconds,
      secretRoutes: [...response.secretRoutes],
      handshakeHash: base64url(handshakeHash),
      internet: this.#exchange.enrolled.internet,
      call,
    }
  }

  wipe(): void {
    this.#wish.fill(0)
    this.#payload.fill(0)
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

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url')
}
