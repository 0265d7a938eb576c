import type { KeyPair } from '../../keys/x25519.ts'
import type { Accounts } from '../accounts/accounts.ts'
import type { App } from '../app/access.ts'
import type { Log } from '../events.ts'
import type { Purchases } from '../shop/purchases.ts'
import type { Store } from '../store/store.ts'

export interface LineServiceOptions {
  readonly store: Store
  readonly accounts: Pick<Accounts, 'check'>
  /** The server's static key pair. */
  readonly own: KeyPair
  /** Called addresses of this node (IDb), tried before those that were ever put on a ticket. */
  readonly numbers: readonly string[]
  readonly node: string
  /** Of a session, from its opening. */
  readonly lifetimeSeconds: number
  /** Of a key that has not opened its session yet, from its call. */
  readonly keysLifetimeSeconds: number
  /** Paths that must go over the line only; told to the terminal in each login. */
  readonly secretRoutes: readonly string[]
  /** What the button of a card must have allowed; nothing when absent. */
  readonly requireConsent?: ReadonlySet<'login' | 'pay'>
  /** Unix milliseconds. */
  readonly now: () => number
  readonly log: Log
  /** Called when sessions ended by what came over the line. */
  readonly onSessionsEnded: () => void
  /** The shop, and the application that takes its requests; without both of them no purchase tag is known. */
  readonly purchases?: Purchases
  readonly app?: App
}
