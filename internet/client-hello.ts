/*
 * The PSK identity out of a TLS 1.3 ClientHello (RFC 8446 §4.1.2, §4.2.11), read before the TLS server sees it, because
 * Node's pskCallback is synchronous and the session may be in another node's database.
 */
const RECORD_HEADER = 5
const HANDSHAKE = 22
const CLIENT_HELLO = 1
const PRE_SHARED_KEY = 41
/** A ClientHello with the hybrid group takes 1.5 kB; nothing honest needs more than this, bytes. */
export const CLIENT_HELLO_MAX = 8192

export type ClientHello =
  | { readonly type: 'incomplete' }
  /** Not TLS, too long, malformed, or with more than one PSK identity: close without an answer. */
  | { readonly type: 'refused'; readonly why: string }
  /** Well formed, and without any PSK: the sender wants to see a certificate. */
  | { readonly type: 'open' }
  | { readonly type: 'psk'; readonly identity: string }

class Reader {
  readonly #bytes: Uint8Array
  #at = 0
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }
  get left(): number {
    return this.#bytes.length - this.#at
  }
  take(length: number): Uint8Array {
    if (length > this.left) throw new RangeError('cut')
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }
  number(size: number): number {
    return this.take(size).reduce((sum, byte) => sum * 256 + byte, 0)
  }
  /** A vector with a length of `size` bytes before it (RFC 8446 §3.4). */
  vector(size: number): Reader {
    return new Reader(this.take(this.number(size)))
  }
  bytes(): Uint8Array {
    return this.take(this.left)
  }
}

/** Joins the handshake bytes of the records that are whole so far. */
function handshakeBytes(stream: Uint8Array): Uint8Array | undefined {
  const parts: Uint8Array[] = []
  for (let at = 0; at < stream.length; ) {
    if (stream[at] !== HANDSHAKE || (at + 1 < stream.length && stream[at + 1] !== 3)) return undefined
    if (stream.length - at < RECORD_HEADER) break
    const length = ((stream[at + 3] ?? 0) << 8) | (stream[at + 4] ?? 0)
    if (length === 0) return undefined
    const end = at + RECORD_HEADER + length
    if (end > stream.length) break
    parts.push(stream.subarray(at + RECORD_HEADER, end))
    at = end
  }
  return Buffer.concat(parts)
}

/** @param stream all bytes of the connection so far, at most CLIENT_HELLO_MAX are looked at */
export function readClientHello(stream: Uint8Array): ClientHello {
  const bytes = handshakeBytes(stream)
  if (bytes === undefined) return { type: 'refused', why: 'not a TLS handshake' }
  if (bytes.length > 0 && bytes[0] !== CLIENT_HELLO) return { type: 'refused', why: 'not a ClientHello' }
  const length = bytes.length < 4 ? undefined : ((bytes[1] ?? 0) << 16) | ((bytes[2] ?? 0) << 8) | (bytes[3] ?? 0)
  if ((length ?? 0) + 4 > CLIENT_HELLO_MAX || (length === undefined && stream.length > CLIENT_HELLO_MAX)) {
    return { type: 'refused', why: 'ClientHello too long' }
  }
  if (length === undefined || bytes.length < 4 + length) {
    return stream.length > CLIENT_HELLO_MAX ? { type: 'refused', why: 'ClientHello too long' } : { type: 'incomplete' }
  }
  try {
    return identity(new Reader(bytes.subarray(4, 4 + length)))
  } catch (error) {
    if (error instanceof RangeError) return { type: 'refused', why: 'ClientHello is malformed' }
    throw error
  }
}

function identity(hello: Reader): ClientHello {
  hello.take(2 + 32) // legacy_version, random
  hello.vector(1) // legacy_session_id
  hello.vector(2) // cipher_suites
  hello.vector(1) // legacy_compression_methods
  const extensions = hello.vector(2)
  while (extensions.left > 0) {
    const type = extensions.number(2)
    const body = extensions.vector(2)
    if (type !== PRE_SHARED_KEY) continue
    const identities = body.vector(2)
    const first = identities.vector(2).bytes()
    identities.take(4) // obfuscated_ticket_age: zero for an external PSK
    // RFC 9257 §6: one PSK for one client and one server; a list would be a search for one that fits.
    if (identities.left > 0 || first.length === 0) return { type: 'refused', why: 'expected one PSK identity' }
    return { type: 'psk', identity: Buffer.from(first).toString('latin1') }
  }
  return { type: 'open' }
}
