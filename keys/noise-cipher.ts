import { createCipheriv, createDecipheriv } from 'node:crypto'

const TAG = 16
const ALGORITHM = 'chacha20-poly1305'

/** A Noise message that does not authenticate or does not fit: the handshake or channel must end. */
export class NoiseError extends Error {
  readonly code = 'NOISE_REFUSED'
  constructor(what: string) {
    super(`NOISE_REFUSED: ${what}; end this exchange and start a new one`)
    this.name = 'NoiseError'
  }
}

/** CipherState of the Noise specification §5.1, with ChaChaPoly (§12.3). */
export class CipherState {
  #key: Uint8Array | undefined
  #nonce = 0n

  initializeKey(key: Uint8Array): void {
    this.wipe()
    this.#key = key
    this.#nonce = 0n
  }

  hasKey(): boolean {
    return this.#key !== undefined
  }

  encryptWithAd(ad: Uint8Array, plaintext: Uint8Array): Uint8Array {
    if (this.#key === undefined) return plaintext
    const cipher = createCipheriv(ALGORITHM, this.#key, this.#takeNonce(), { authTagLength: TAG })
    cipher.setAAD(ad, { plaintextLength: plaintext.length })
    return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()])
  }

  /** @throws NoiseError when the tag does not fit; the nonce is then not spent (§5.1) */
  decryptWithAd(ad: Uint8Array, ciphertext: Uint8Array): Uint8Array {
    if (this.#key === undefined) return ciphertext
    if (ciphertext.length < TAG) throw new NoiseError(`expected at least ${TAG} bytes, got ${ciphertext.length}`)
    const nonce = this.#nonce
    const decipher = createDecipheriv(ALGORITHM, this.#key, this.#takeNonce(), { authTagLength: TAG })
    const end = ciphertext.length - TAG
    decipher.setAAD(ad, { plaintextLength: end })
    decipher.setAuthTag(ciphertext.subarray(end))
    try {
      return Buffer.concat([decipher.update(ciphertext.subarray(0, end)), decipher.final()])
    } catch {
      this.#nonce = nonce
      throw new NoiseError('message does not authenticate')
    }
  }

  wipe(): void {
    this.#key?.fill(0)
    this.#key = undefined
  }

  /** 32 zero bits ‖ little-endian n (§12.3); 2⁶⁴−1 is reserved (§5.1). */
  #takeNonce(): Uint8Array {
    if (this.#nonce >= 0xffff_ffff_ffff_ffffn) throw new NoiseError('nonces are used up')
    const bytes = Buffer.alloc(12)
    bytes.writeBigUInt64LE(this.#nonce++, 4)
    return bytes
  }
}
