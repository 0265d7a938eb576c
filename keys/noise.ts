import { CipherState, NoiseError } from './noise-cipher.ts'
import { type Pattern, pattern, type Token } from './noise-patterns.ts'
import { SymmetricState } from './noise-symmetric.ts'
import { KEY_BYTES, type KeyPair, keyPair, x25519 } from './x25519.ts'

export { CipherState, NoiseError }

const TAG = 16
/** Noise specification §3: no message is longer. */
const MAX_MESSAGE = 65_535

export interface HandshakeOptions {
  /** Pattern with modifiers, e.g. `KKpsk0`; the rest of the name is always 25519_ChaChaPoly_SHA256. */
  readonly pattern: string
  readonly initiator: boolean
  readonly prologue: Uint8Array
  readonly s?: KeyPair
  /** The peer's static public key where the pattern knows it beforehand. */
  readonly rs?: Uint8Array
  readonly psk?: Uint8Array
  /** Fixed only by test vectors and by the repetition of a stored call; otherwise made anew. */
  readonly e?: KeyPair
}

/** HandshakeState of the Noise specification §5.3, revision 34. Any error ends it: keys are wiped, further use throws. */
export class Handshake {
  readonly #o: HandshakeOptions
  readonly #pattern: Pattern
  readonly #symmetric: SymmetricState
  #e: KeyPair | undefined
  #rs: Uint8Array | undefined
  #re: Uint8Array | undefined
  #step = 0
  #failed = false

  /** @throws RangeError when a key that the pattern needs is missing or has a wrong size */
  constructor(options: HandshakeOptions) {
    this.#o = options
    this.#pattern = pattern(options.pattern)
    this.#rs = options.rs
    if (options.pattern.includes('psk') && options.psk?.length !== KEY_BYTES) {
      throw new RangeError(`expected a pre-shared key of ${KEY_BYTES} bytes, got ${options.psk?.length ?? 'none'}`)
    }
    this.#symmetric = new SymmetricState(`Noise_${options.pattern}_25519_ChaChaPoly_SHA256`)
    this.#symmetric.mixHash(options.prologue)
    this.#pattern.pre.forEach((known, side) => {
      if (known)
        this.#symmetric.mixHash(need(side === 0 ? this.#initiatorStatic() : this.#responderStatic(), 'static key'))
    })
  }

  get complete(): boolean {
    return this.#step === this.#pattern.messages.length
  }

  /** The peer's static key once the pattern has shown it. */
  get remoteStatic(): Uint8Array | undefined {
    return this.#rs
  }

  writeMessage(payload: Uint8Array): Uint8Array {
    return this.#guard(true, (tokens) => {
      const parts = tokens.map((token) => this.#write(token))
      parts.push(this.#symmetric.encryptAndHash(payload))
      const message = Buffer.concat(parts)
      if (message.length > MAX_MESSAGE)
        throw new NoiseError(`expected at most ${MAX_MESSAGE} bytes, got ${message.length}`)
      return message
    })
  }

  /**
   * In place of `writeMessage`: takes up a handshake whose message was sent before a loss of power, from the same `e` and
   * static keys. @throws NoiseError when the message was not written with them
   */
  adoptMessage(message: Uint8Array): void {
    this.#guard(true, (tokens) => {
      let rest = message
      for (const token of tokens) rest = this.#adopt(token, rest)
      this.#symmetric.decryptAndHash(rest).fill(0)
    })
  }

  /** @throws NoiseError on anything that is not the peer's next message */
  readMessage(message: Uint8Array): Uint8Array {
    return this.#guard(false, (tokens) => {
      if (message.length > MAX_MESSAGE)
        throw new NoiseError(`expected at most ${MAX_MESSAGE} bytes, got ${message.length}`)
      let rest = message
      for (const token of tokens) rest = this.#read(token, rest)
      return this.#symmetric.decryptAndHash(rest)
    })
  }

  /** Transport ciphers [send, receive] and the handshake hash. Only once, when `complete`. */
  split(): { send: CipherState; receive: CipherState; hash: Uint8Array } {
    if (!this.complete || this.#failed) throw new NoiseError('handshake is not complete')
    const hash = this.#symmetric.handshakeHash()
    const [first, second] = this.#symmetric.split()
    this.wipe()
    return this.#o.initiator ? { send: first, receive: second, hash } : { send: second, receive: first, hash }
  }

  /** Erases ephemeral and chaining keys; the static key pair and psk belong to the caller. */
  wipe(): void {
    this.#failed = true
    this.#e?.secretKey.fill(0)
    this.#symmetric.wipe()
  }

  #guard<T>(writing: boolean, run: (tokens: readonly Token[]) => T): T {
    const tokens = this.#pattern.messages[this.#step]
    const ours = (this.#step % 2 === 0) === this.#o.initiator
    if (this.#failed || tokens === undefined || ours !== writing) throw new NoiseError('message out of turn')
    try {
      const result = run(tokens)
      this.#step++
      return result
    } catch (cause) {
      this.wipe()
      throw cause instanceof NoiseError
        ? cause
        : new NoiseError(cause instanceof Error ? cause.message : 'unknown fault')
    }
  }

  #write(token: Token): Uint8Array {
    if (token === 'e') {
      this.#e = this.#o.e ?? keyPair()
      this.#mixEphemeral(this.#e.publicKey)
      return this.#e.publicKey
    }
    if (token === 's') return this.#symmetric.encryptAndHash(need(this.#o.s, 'static key').publicKey)
    this.#mix(token)
    return new Uint8Array(0)
  }

  #adopt(token: Token, message: Uint8Array): Uint8Array {
    if (token === 's') {
      this.#symmetric.decryptAndHash(message.subarray(0, KEY_BYTES + TAG))
      return message.subarray(KEY_BYTES + TAG)
    }
    const written = this.#write(token)
    if (!written.every((byte, n) => byte === message[n])) throw new NoiseError('expected a message of this very key')
    return message.subarray(written.length)
  }

  #read(token: Token, message: Uint8Array): Uint8Array {
    if (token !== 'e' && token !== 's') {
      this.#mix(token)
      return message
    }
    const size = token === 's' && this.#symmetric.cipher.hasKey() ? KEY_BYTES + TAG : KEY_BYTES
    if (message.length < size) throw new NoiseError(`expected at least ${size} bytes, got ${message.length}`)
    const head = message.subarray(0, size)
    if (token === 'e') {
      this.#re = head.slice()
      this.#mixEphemeral(this.#re)
    } else this.#rs = this.#symmetric.decryptAndHash(head)
    return message.subarray(size)
  }

  /** §9.2: in a handshake with a psk, ephemerals enter the key too. */
  #mixEphemeral(publicKey: Uint8Array): void {
    this.#symmetric.mixHash(publicKey)
    if (this.#o.psk !== undefined) this.#symmetric.mixKey(publicKey)
  }

  #mix(token: 'ee' | 'es' | 'se' | 'ss' | 'psk'): void {
    if (token === 'psk') {
      this.#symmetric.mixKeyAndHash(need(this.#o.psk, 'psk'))
      return
    }
    const initiator = this.#o.initiator
    const local = (initiator ? token[0] : token[1]) === 'e' ? this.#e : this.#o.s
    const remote = (initiator ? token[1] : token[0]) === 'e' ? this.#re : this.#rs
    const shared = x25519(need(local, 'key pair').secretKey, need(remote, 'peer key'))
    this.#symmetric.mixKey(shared)
    shared.fill(0)
  }

  #initiatorStatic(): Uint8Array | undefined {
    return this.#o.initiator ? this.#o.s?.publicKey : this.#rs
  }

  #responderStatic(): Uint8Array | undefined {
    return this.#o.initiator ? this.#rs : this.#o.s?.publicKey
  }
}

function need<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new RangeError(`expected a ${what} for this pattern, got none`)
  return value
}
