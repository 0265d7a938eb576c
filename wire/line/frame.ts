import { crc32 } from 'node:zlib'
import { LINE_FRAME_MAX } from '../limits.ts'

/*
 * HDLC-like frame for byte-stream bearers (RFC 1662 §4, FCS-32 of its appendix C.3):
 *
 *   7E | body and FCS, stuffed | 7E          FCS = CRC-32 of the body, least significant byte first
 *
 * Besides flag and escape, these are stuffed: CR, so that no frame looks like a modem's CR LF NO CARRIER; `+`, so that
 * `+++` never reaches a modem (V.250 §5.2.3 with S2); XON and XOFF, for links with software flow control.
 */
export const FLAG = 0x7e
const ESCAPE = 0x7d
const FLIP = 0x20
const FCS_BYTES = 4
const STUFFED: ReadonlySet<number> = new Set([FLAG, ESCAPE, 0x0d, 0x2b, 0x11, 0x13])

/** @param body 1 … LINE_FRAME_MAX bytes @throws RangeError outside of that */
export function encodeFrame(body: Uint8Array): Uint8Array {
  if (body.length === 0 || body.length > LINE_FRAME_MAX) {
    throw new RangeError(`expected a frame body of 1…${LINE_FRAME_MAX} bytes, got ${body.length}`)
  }
  const plain = Buffer.alloc(body.length + FCS_BYTES)
  plain.set(body)
  plain.writeUInt32LE(crc32(body), body.length)
  const out = Buffer.alloc(2 + 2 * plain.length)
  let at = 0
  out[at++] = FLAG
  for (const byte of plain) {
    if (STUFFED.has(byte)) {
      out[at++] = ESCAPE
      out[at++] = byte ^ FLIP
    } else out[at++] = byte
  }
  out[at++] = FLAG
  return out.subarray(0, at)
}

/** Byte-fed and bounded: takes any split of the stream, resynchronises at the next flag, counts what it threw away. */
export class FrameDecoder {
  /** Bytes that belonged to no whole frame, since the start. */
  discarded = 0
  readonly #frame = Buffer.alloc(LINE_FRAME_MAX + FCS_BYTES)
  #length = 0
  /** `hunt`: nothing counts until a flag; `escape`: the next byte is stuffed. */
  #state: 'hunt' | 'body' | 'escape' = 'hunt'

  /** @returns the bodies of the frames that ended in this chunk, copied */
  push(chunk: Uint8Array): Uint8Array[] {
    const frames: Uint8Array[] = []
    for (const byte of chunk) {
      if (byte === FLAG) {
        const body = this.#close()
        if (body !== undefined) frames.push(body)
      } else if (this.#state === 'hunt') this.discarded++
      else if (this.#state === 'body' && byte === ESCAPE) this.#state = 'escape'
      else this.#add(this.#state === 'escape' ? byte ^ FLIP : byte)
    }
    return frames
  }

  #add(byte: number): void {
    this.#state = 'body'
    if (this.#length === this.#frame.length) {
      this.#drop(1)
      this.#state = 'hunt'
    } else this.#frame[this.#length++] = byte
  }

  #close(): Uint8Array | undefined {
    const aborted = this.#state === 'escape' // RFC 1662 §4.3: escape and flag end a frame unfinished
    this.#state = 'body'
    const end = this.#length - FCS_BYTES
    if (this.#length === 0 && !aborted) return undefined
    if (aborted || end < 1) return this.#drop(0)
    const body = this.#frame.subarray(0, end)
    if (crc32(body) !== this.#frame.readUInt32LE(end)) return this.#drop(0)
    this.#length = 0
    return Uint8Array.from(body)
  }

  #drop(more: number): undefined {
    this.discarded += this.#length + more
    this.#length = 0
    return undefined
  }
}
