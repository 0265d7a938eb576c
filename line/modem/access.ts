import type { DataEnd } from './data-mode.ts'
import type { AtEngine } from './engine.ts'
import type { ModemProfile } from './profiles/profile.ts'

/** Whoever has the data mode of a modem: one call or one connection at a time. */
export interface DataUser {
  /** Bytes from the other end, from the first one behind CONNECT. */
  deliver(bytes: Uint8Array): void
  /** Data mode is over; `lost` when the modem reset, hangs or vanished. */
  left(end: DataEnd | 'lost'): void
}

/** What a bearer needs of a modem that was brought up. `modem.ts` is the real one; bearers are tested with a small one. */
export interface ModemAccess {
  /** Serial path, for messages. */
  readonly path: string
  readonly engine: AtEngine
  /** As detected. */
  readonly profile: ModemProfile
  /** Silence around `+++` that this modem needs, milliseconds. */
  readonly guardMs: number
  /** Set before the command that ends with CONNECT: bytes may come in the same read. Undefined again afterwards. */
  user: DataUser | undefined
  /** What the modem says by itself, line by line; +CMT and its like with their second line behind an LF. @returns ends it */
  onUrc(listener: (text: string) => void): () => void
}
