import type { Consent, ConsentPurpose } from '../../wire/line/consent.ts'
import type { CallReport } from '../../wire/usb/methods.ts'
import type { JobKind } from './machine.ts'
import type { EnrolledAddress } from './phone-book.ts'

/** One message and its answer under the transport keys of an exchange. */
export interface ChannelWork {
  /** Sealed; called once. */
  message(): Uint8Array
  /** @returns whether the card company was charged */
  received(sealed: Uint8Array): { readonly settled: boolean }
}

/** What one kind of job does at each work of the machine. Every method may throw a CardError, which ends the call or the job. */
export interface LineWork<R> {
  readonly kind: JobKind
  readonly purpose: ConsentPurpose
  /** How the user allowed this, for the server; called once before the first call, if at all. */
  consented?(consent: Consent): void
  /** Checks what came and makes durable what must be before a call. @returns known: no call is needed */
  prepare(): 'call' | 'known'
  /** Where the server can be called, for each bearer in the card's order. */
  addresses(): readonly EnrolledAddress[]
  /** The request for this call, durable before it is returned. `earlier`: it settles a call before this job, another follows. */
  request(address: EnrolledAddress): { readonly message: Uint8Array; readonly earlier: boolean }
  /** The answer to the last request; what follows from it is durable when this returns. */
  accept(response: Uint8Array): { readonly permitted: boolean }
  /** What may follow in the channel of the exchange that was permitted (S34, S68). */
  readonly payment?: ChannelWork
  /** After an answer that was accepted. */
  result(call: CallReport): R
  /** Erases what is still held of secrets. Called once, at the end of the job in any case. */
  wipe(): void
}
