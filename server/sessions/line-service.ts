import { NoiseError } from '../../keys/noise.ts'
import { LineFormatError } from '../../wire/line/cbor.ts'
import { decodeMessage } from '../../wire/line/message.ts'
import { asServerError } from '../errors.ts'
import { handleEnrolment } from './enrolment.ts'
import { handleExchange } from './exchange.ts'
import type { LineServiceOptions } from './line-options.ts'

/** A call may have come to any of these; each costs a few X25519 operations to try. */
const ADDRESSES_MAX = 8

/** The first port's end of everything (S2–S9): what one message over the line is answered with. */
export class LineService {
  readonly #options: LineServiceOptions

  constructor(options: LineServiceOptions) {
    this.#options = options
  }

  /**
   * One message of the line. Nothing is granted because of the caller's number.
   * @returns the answer, or undefined for no answer at all: what does not authenticate learns nothing. Never rejects.
   */
  async handle(message: Uint8Array, _caller: string | undefined): Promise<Uint8Array | undefined> {
    try {
      const { kind, body } = decodeMessage(message)
      // Copied: the caller may use its buffer again while passwords are hashed.
      const request = Uint8Array.from(body)
      if (kind === 'exchange') return await handleExchange(this.#options, await this.#addresses(), request)
      if (kind === 'enrolment') return await handleEnrolment(this.#options, await this.#addresses(), request)
      return undefined // messages after the exchange come with the second embodiment
    } catch (error) {
      if (error instanceof NoiseError || error instanceof LineFormatError) return undefined
      const { code, what } = asServerError(error)
      this.#options.log({ event: 'line.fault', path: 'line', code, what })
      return undefined
    }
  }

  async #addresses(): Promise<readonly string[]> {
    const { numbers, store } = this.#options
    return (numbers.length > 0 ? numbers : await store.lineAddresses()).slice(0, ADDRESSES_MAX)
  }
}
