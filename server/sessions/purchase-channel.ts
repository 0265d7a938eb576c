import type { LineChannel } from '../../line/exchange.ts'
import { SecureChannel } from '../../line/secure-channel.ts'
import { encodeBinaryResponse } from '../../wire/line/bhttp.ts'
import type { App } from '../app/access.ts'
import type { Log } from '../events.ts'
import type { Payer } from '../shop/purchases.ts'
import { answerOverLine } from './line-request.ts'

/** Requests in one call: a payment is one. */
export const REQUESTS_MAX = 8

/** What an accepted tag opens (S33, S67): requests of its payer, until the call ends or a message does not authenticate. */
export class PurchaseChannel {
  readonly #channel: SecureChannel
  readonly #payer: Payer
  readonly #app: App
  readonly #log: Log
  #requests = 0
  #busy = false

  /** @param channel of an exchange that was answered just now; taken over */
  constructor(channel: LineChannel, payer: Payer, app: App, log: Log) {
    this.#channel = new SecureChannel(channel)
    this.#payer = payer
    this.#app = app
    this.#log = log
  }

  /**
   * @param sealed one message of the channel
   * @returns the sealed response; undefined while another is answered, and after REQUESTS_MAX
   * @throws NoiseError after a fault or `close`: nothing opens any more
   */
  async answer(sealed: Uint8Array): Promise<Uint8Array | undefined> {
    if (this.#busy) return undefined
    this.#busy = true
    try {
      return await this.#answer(sealed)
    } finally {
      this.#busy = false
    }
  }

  /** Erases the keys; harmless when repeated. What the application has begun goes on, and its answer is not sent. */
  close(): void {
    this.#channel.close()
  }

  async #answer(sealed: Uint8Array): Promise<Uint8Array | undefined> {
    if (this.#requests === REQUESTS_MAX) {
      this.close()
      return undefined
    }
    this.#requests++
    const bytes = this.#open(sealed)
    try {
      const response = await answerOverLine(this.#app, { path: 'line', ...this.#payer }, bytes, this.#log)
      this.#log({ event: 'request.answered', path: 'line', card: this.#payer.cardId, status: response.status })
      return this.#channel.seal(encodeBinaryResponse(response))
    } finally {
      bytes.fill(0)
    }
  }

  #open(sealed: Uint8Array): Uint8Array {
    try {
      return this.#channel.open(sealed)
    } catch (error) {
      this.#log({ event: 'channel.broken', path: 'line', card: this.#payer.cardId })
      throw error
    }
  }
}
