import type { CallReport } from '../wire/usb/methods.ts'
import type { Bearer } from './network.ts'

/** What a play ends with. */
export interface Report {
  readonly ok: boolean
  readonly steps: readonly string[]
  readonly line: Pick<CallReport, 'bytesUp' | 'bytesDown' | 'messagesUp' | 'messagesDown'> & {
    readonly bearer: Bearer
    /** From the first byte of the request to the last byte of the response. */
    readonly seconds: number
    readonly setupSeconds: number
    /** 0 where a message takes as long however long it is. */
    readonly bitsPerSecond: number
    readonly roundTripSeconds: number
    /** Round trip and bits alone. */
    readonly limitSeconds: number
    readonly allowedSeconds: number
  }
  readonly internet: {
    readonly bytes: number
    readonly cipher: string
    readonly group: string
    readonly seconds: number
  }
  readonly downloads: readonly { readonly name: string; readonly bytes: number; readonly sha256: string }[]
  readonly keysLeft: number
  readonly secretsFound: { readonly line: number; readonly internet: number }
}

export type Embodiment = 1 | 2 | 3

/** What a play in the shop ends with. */
export interface PurchaseReport {
  readonly ok: boolean
  readonly embodiment: 2 | 3
  readonly steps: readonly string[]
  /** Of the call that paid. */
  readonly line: Pick<CallReport, 'bytesUp' | 'bytesDown' | 'messagesUp' | 'messagesDown'> & {
    readonly bearer: Bearer
    /** The whole call, dialling and hanging up included. */
    readonly seconds: number
    /** From the first byte of the personal data to the last byte of the receipt. */
    readonly exchangeSeconds: number
    readonly setupSeconds: number
    readonly bitsPerSecond: number
    readonly roundTripSeconds: number
  }
  readonly internet: { readonly bytes: number }
  /** Minor units, as the receipt has it. */
  readonly paid: { readonly order: string; readonly amount: number; readonly currency: string }
  /** How often the card company moved money for this tag. */
  readonly charges: number
  /** As the shop says it over the Internet. */
  readonly orderState: string
  readonly stock: { readonly product: string; readonly before: number; readonly after: number }
  /** The receipt of the line, byte for byte that of the Internet. */
  readonly receiptEqual: boolean
  /** What was refused on the way, as it had to be. */
  readonly refusals: readonly string[]
  readonly secretsFound: { readonly line: number; readonly internet: number }
}

/** What all three plays in one world end with. */
export interface AllReport {
  readonly ok: boolean
  readonly first: Report
  readonly second: PurchaseReport
  readonly third: PurchaseReport
}
