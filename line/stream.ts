/**
 * An open byte stream between both ends of the line: a call now, a modem's transparent socket later. One reader; `onData`
 * and `onEnd` are set before any byte is delivered.
 */
export interface LineStream {
  /** Number that was dialled, or the caller's as the network showed it: a hint for logs and never a proof. */
  readonly peer: string | undefined
  write(bytes: Uint8Array): void
  /** @param onEnd called once, with why the stream ended */
  open(onData: (bytes: Uint8Array) => void, onEnd: (reason: StreamEnd) => void): void
  /** Ends the call; resolves when the modem takes commands again or was given up. */
  hangUp(): Promise<void>
}

/** `remote`: the other end hung up or the carrier was lost; `local`: this end did; `modem`: the modem reset or vanished. */
export type StreamEnd = 'remote' | 'local' | 'modem'

/** Why a stream could not be opened: expected on every telephone network, hence values. */
export type DialFailure =
  | 'busy'
  | 'no-answer'
  | 'no-carrier'
  | 'no-dialtone'
  | 'modem-absent'
  | 'modem-fault'
  | 'cancelled'
  /** The network is not found, or does not want this modem. */
  | 'not-registered'
  /** No SIM card, or one that needs a human. */
  | 'sim-unusable'
  /** The network of a packet bearer reaches the Internet: it must not be the line. */
  | 'internet'

export type DialResult =
  | { readonly ok: true; readonly stream: LineStream; readonly connect: string }
  | { readonly ok: false; readonly reason: DialFailure; readonly detail: string }

/** One way to reach the server without the Internet (PROTOCOL.md §7). */
export interface Bearer {
  readonly name: 'call' | 'packet' | 'sms'
  /** @param address IDb for this bearer, already checked against the enrolled ones */
  dial(address: string, signal: AbortSignal): Promise<DialResult>
}
