import type { CallReport } from '../wire/usb/methods.ts'

/** What a play ends with. */
export interface Report {
  readonly ok: boolean
  readonly steps: readonly string[]
  readonly line: Pick<CallReport, 'bytesUp' | 'bytesDown' | 'messagesUp' | 'messagesDown'> & {
    /** From the first byte of the request to the last byte of the response. */
    readonly seconds: number
    readonly setupSeconds: number
    readonly bitsPerSecond: number
    readonly roundTripSeconds: number
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
