import { NoiseError } from '../keys/noise.ts'
import type { LineChannel } from './exchange.ts'

const NOTHING = new Uint8Array(0)
/** Noise transport messages end with a 16-byte tag (Noise §12.3). */
export const SEAL_BYTES = 16

/**
 * Requests and responses after the exchange, under its transport keys (PROTOCOL.md §3). Both ends count messages: one that is
 * lost, repeated or out of order below the line transport does not open, and after a fault nothing opens any more.
 */
export class SecureChannel {
  readonly #channel: LineChannel
  #closed = false

  constructor(channel: LineChannel) {
    this.#channel = channel
  }

  /** @throws NoiseError after a fault or `close` */
  seal(message: Uint8Array): Uint8Array {
    this.#assertOpen()
    return this.#channel.send.encryptWithAd(NOTHING, message)
  }

  /** @throws NoiseError when the bytes are not the peer's next message: the channel is then closed */
  open(sealed: Uint8Array): Uint8Array {
    this.#assertOpen()
    try {
      return this.#channel.receive.decryptWithAd(NOTHING, sealed)
    } catch (cause) {
      this.close()
      throw cause
    }
  }

  /** Erases both transport keys; harmless when repeated. */
  close(): void {
    this.#closed = true
    this.#channel.send.wipe()
    this.#channel.receive.wipe()
  }

  /** A cipher without a key would let everything through in clear (Noise §5.1). */
  #assertOpen(): void {
    if (this.#closed) throw new NoiseError('the channel was closed, or ended with an earlier fault')
  }
}
