import type { StreamEnd } from './stream.ts'

/** How patient the line transport is on one kind of path. */
export interface LinkTiming {
  /** Wait for an answer until a round trip was measured, milliseconds. */
  readonly firstRtoMs: number
  /** Shortest wait after one was measured, milliseconds. */
  readonly rtoMinMs: number
  /** Slowest path that is waited for, bit/s with ten bits a byte; 0 where bytes take no time worth counting. */
  readonly slowestBitsPerSecond: number
  /** Sends in vain, after which a request is given up. */
  readonly sends: number
  /** A conversation in which nothing comes for this long is over at the answering end, milliseconds. */
  readonly idleMs: number
}

/**
 * What the line transport runs on, whatever carries it: one packet a unit, which arrives whole or not at all, perhaps late, twice
 * or behind a later one. A frame on a byte stream is one (`stream-path`), a short message is one (`bearers/sms-path`).
 */
export interface LinePath {
  /** Number or address of the other end as the network shows it: a hint for logs and never a proof. */
  readonly peer: string | undefined
  /** Bytes of one packet with its header of 2 or 5 bytes (`wire/line/link`). */
  readonly packetMax: number
  readonly timing: LinkTiming
  /** @returns bytes that this takes on the wire */
  send(packet: Uint8Array): number
  /**
   * One reader, set before anything is delivered.
   * @param onPacket `wireBytes` is what it took on the wire @param onEnd called once
   */
  open(onPacket: (packet: Uint8Array, wireBytes: number) => void, onEnd: (reason: StreamEnd) => void): void
  /** Ends the conversation; resolves when the modem is free again or was given up. */
  hangUp(): Promise<void>
}
