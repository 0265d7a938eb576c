import { extract, HASH_BYTES, hmac, sha256 } from './kdf.ts'
import { CipherState } from './noise-cipher.ts'

/** HKDF of the Noise specification §4.3: two or three outputs of 32 bytes. */
function hkdf(chainingKey: Uint8Array, material: Uint8Array): [Uint8Array, Uint8Array, Uint8Array] {
  const temp = extract(chainingKey, material)
  const one = hmac(temp, Uint8Array.of(1))
  const two = hmac(temp, one, Uint8Array.of(2))
  const three = hmac(temp, two, Uint8Array.of(3))
  temp.fill(0)
  return [one, two, three]
}

/** SymmetricState of the Noise specification §5.2. */
export class SymmetricState {
  readonly cipher = new CipherState()
  #chainingKey: Uint8Array
  #hash: Uint8Array

  constructor(protocolName: string) {
    const name = new TextEncoder().encode(protocolName)
    const padded = new Uint8Array(HASH_BYTES)
    if (name.length <= HASH_BYTES) padded.set(name)
    this.#hash = name.length <= HASH_BYTES ? padded : sha256(name)
    this.#chainingKey = this.#hash.slice()
  }

  mixKey(material: Uint8Array): void {
    const [chainingKey, key] = hkdf(this.#chainingKey, material)
    this.#advance(chainingKey)
    this.cipher.initializeKey(key)
  }

  mixHash(data: Uint8Array): void {
    this.#hash = sha256(this.#hash, data)
  }

  /** §9.2: a pre-shared key enters chaining key, hash and cipher key. */
  mixKeyAndHash(material: Uint8Array): void {
    const [chainingKey, hash, key] = hkdf(this.#chainingKey, material)
    this.#advance(chainingKey)
    this.mixHash(hash)
    this.cipher.initializeKey(key)
  }

  handshakeHash(): Uint8Array {
    return this.#hash.slice()
  }

  encryptAndHash(plaintext: Uint8Array): Uint8Array {
    const ciphertext = this.cipher.encryptWithAd(this.#hash, plaintext)
    this.mixHash(ciphertext)
    return ciphertext
  }

  decryptAndHash(ciphertext: Uint8Array): Uint8Array {
    const plaintext = this.cipher.decryptWithAd(this.#hash, ciphertext)
    this.mixHash(ciphertext)
    return plaintext
  }

  /** First for initiator → responder, second for the way back. Wipes this state. */
  split(): [CipherState, CipherState] {
    const [one, two] = hkdf(this.#chainingKey, new Uint8Array(0))
    const ciphers: [CipherState, CipherState] = [new CipherState(), new CipherState()]
    ciphers[0].initializeKey(one)
    ciphers[1].initializeKey(two)
    this.wipe()
    return ciphers
  }

  wipe(): void {
    this.#chainingKey.fill(0)
    this.cipher.wipe()
  }

  #advance(chainingKey: Uint8Array): void {
    this.#chainingKey.fill(0)
    this.#chainingKey = chainingKey
  }
}
