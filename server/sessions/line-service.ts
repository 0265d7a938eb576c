import { NoiseError } from '../../keys/noise.ts'
import { LineFormatError } from '../../wire/line/cbor.ts'
import { decodeMessage } from '../../wire/line/message.ts'
import { asServerError } from '../errors.ts'
import { handleEnrolment } from './enrolment.ts'
import { handleExchange } from './exchange.ts'
import type { LineServiceOptions } from './line-options.ts'
import type { PurchaseChannel } from './purchase-channel.ts'

/** A call may have come to any of these; each costs a few X25519 operations to try. */
const ADDRESSES_MAX = 8

/** One call as the first port sees it. */
export interface AnsweredCall {
  /**
   * One message of the line.
   * @returns the answer, or undefined for no answer at all: what does not authenticate learns nothing. Never rejects.
   */
  handle(message: Uint8Array): Promise<Uint8Array | undefined>
  /** The call is over: what was agreed in it is erased. Harmless when repeated. */
  close(): void
}

/** The first port's end of everything (S2–S9, S30–S36): what the messages of a call are answered with. */
export class LineService {
  readonly #options: LineServiceOptions

  constructor(options: LineServiceOptions) {
    this.#options = options
  }

  /** A call that was taken. Nothing is granted because of the caller's number. */
  answer(_caller: string | undefined): AnsweredCall {
    return new Call(this.#options)
  }
}

class Call implements AnsweredCall {
  readonly #options: LineServiceOptions
  /** Of the last exchange, when that was a purchase which was accepted. */
  #purchase: PurchaseChannel | undefined
  #closed = false

  constructor(options: LineServiceOptions) {
    this.#options = options
  }

  async handle(message: Uint8Array): Promise<Uint8Array | undefined> {
    if (this.#closed) return undefined
    try {
      const { kind, body } = decodeMessage(message)
      // Copied: the caller may use its buffer again while passwords are hashed.
      const request = Uint8Array.from(body)
      if (kind === 'channel') return await this.#purchase?.answer(request)
      this.#endPurchase()
      const addresses = await this.#addresses()
      if (kind === 'enrolment') return await handleEnrolment(this.#options, addresses, request)
      return await this.#exchange(addresses, request)
    } catch (error) {
      if (error instanceof NoiseError || error instanceof LineFormatError) return undefined
      const { code, what } = asServerError(error)
      this.#options.log({ event: 'line.fault', path: 'line', code, what })
      return undefined
    }
  }

  close(): void {
    this.#closed = true
    this.#endPurchase()
  }

  async #exchange(addresses: readonly string[], request: Uint8Array): Promise<Uint8Array | undefined> {
    const done = await handleExchange(this.#options, addresses, request)
    this.#endPurchase()
    this.#purchase = done?.purchase
    // The call may have ended while the tag was looked at.
    if (this.#closed) this.#endPurchase()
    return done?.response
  }

  #endPurchase(): void {
    this.#purchase?.close()
    this.#purchase = undefined
  }

  async #addresses(): Promise<readonly string[]> {
    const { numbers, store } = this.#options
    return [...new Set([...numbers, ...(await store.lineAddresses())])].slice(0, ADDRESSES_MAX)
  }
}
