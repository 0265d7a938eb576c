import type { CallReport } from '../wire/usb/methods.ts'

export type Bearer = 'call' | 'packet' | 'sms'

/** What recordings of the line are called, by its bearer. */
export type LineTape = `${Bearer}-`

/** What the simulated network of a bearer is like, and what nobody can be faster than on it. */
export interface LineNetwork {
  /** One way, milliseconds. */
  readonly latencyMs: number
  /** Before that: until the network has taken a message, milliseconds; 0 where bytes are simply written. */
  readonly handoverMs: number
  /** Bit/s; 0 where a message takes as long however long it is. */
  readonly rate: number
  /** Bits that one byte takes on the air. */
  readonly bitsPerByte: number
  /** Recordings of it begin so. */
  readonly tape: LineTape
}

export const NETWORKS: Readonly<Record<Bearer, LineNetwork>> = {
  // A data call over GSM with its radio link protocol takes most of a second there and back; start and stop bits.
  call: { latencyMs: 400, handoverMs: 0, rate: 9600, bitsPerByte: 10, tape: 'call-' },
  // EDGE or LTE-M at the edge of a cell, in a private access point.
  packet: { latencyMs: 400, handoverMs: 0, rate: 40_000, bitsPerByte: 8, tape: 'packet-' },
  // From one telephone to the other, through the service centre.
  sms: { latencyMs: 2500, handoverMs: 300, rate: 0, bitsPerByte: 0, tape: 'sms-' },
}

export function roundTripMs(bearer: Bearer): number {
  const { latencyMs, handoverMs } = NETWORKS[bearer]
  return 2 * (latencyMs + handoverMs)
}

/** Round trip and bits alone, milliseconds. */
export function limitMs(bearer: Bearer, { bytesUp, bytesDown }: Pick<CallReport, 'bytesUp' | 'bytesDown'>): number {
  const { rate, bitsPerByte } = NETWORKS[bearer]
  return roundTripMs(bearer) + (rate === 0 ? 0 : ((bytesUp + bytesDown) * bitsPerByte * 1000) / rate)
}
