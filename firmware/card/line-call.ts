import type { DialFailure } from '../../line/stream.ts'
import type { Check, NetworkLook } from '../../wire/usb/methods.ts'
import type { EnrolledAddress } from './phone-book.ts'

/** What one call cost on the wire, framing and repetitions included. */
export interface LineCallReport {
  readonly bytesUp: number
  readonly bytesDown: number
  readonly messagesUp: number
  readonly messagesDown: number
  /** From the first byte of the last request to the last byte of its response, milliseconds. */
  readonly exchangeMs: number
}

/** A call that stands. Whoever got it hangs it up, also after the other end did. */
export interface LineCall {
  /** @returns undefined: no response in time, the call was cut, or `signal` said so */
  request(message: Uint8Array, signal: AbortSignal): Promise<Uint8Array | undefined>
  /** Whether the call ended without this end's doing. */
  readonly lost: boolean
  report(): LineCallReport
  hangUp(): Promise<void>
}

export type LineCallResult =
  | { readonly ok: true; readonly call: LineCall }
  | { readonly ok: false; readonly reason: DialFailure; readonly detail: string }

/** The card's way to the server without the Internet. It takes enrolled addresses only. */
export interface LinePort {
  call(address: EnrolledAddress, signal: AbortSignal): Promise<LineCallResult>
  /** Path of the modem, or why it is not usable. */
  modem(): string
  /** What it is and hears, while it is usable. */
  network(): NetworkLook | undefined
  /** Looks at everything that a call needs, and calls nobody. @param addresses undefined while the card is locked */
  check(addresses: readonly EnrolledAddress[] | undefined, signal: AbortSignal): Promise<readonly Check[]>
}
