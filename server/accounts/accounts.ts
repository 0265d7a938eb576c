import { expand, hmac } from '../../keys/kdf.ts'
import { PASSWORD_MAX, USER_ID_MAX } from '../../wire/limits.ts'
import { ServerError } from '../errors.ts'
import type { AccountStore } from '../store/store.ts'
import { Gate } from './gate.ts'
import { lockedFor, oneMore } from './lock-out.ts'
import { type Argon2id, argon2id, dummyPassword, hashPassword, verifyPassword } from './password.ts'

/** Argon2id runs at once: each takes 19 MiB and a core, and Node has four threads for this and for files. */
const RUNNING_MAX = 2
/** Logins that wait for their turn; the last one waits about a second. */
const WAITING_MAX = 64
/** What a user who was turned away is told to wait, seconds. */
const BUSY_RETRY_S = 5
/** NIST SP 800-63B §5.1.1.1. */
const PASSWORD_MIN_CHARACTERS = 8
/** Nodes that count failures of one user at the same moment: more than a few never do. */
const COUNT_TRIES = 32

export type AccountVerdict =
  | { readonly permitted: true; readonly userId: string }
  | {
      readonly permitted: false
      readonly reason: 'LOGIN_REFUSED' | 'ACCOUNT_LOCKED' | 'SERVER_BUSY'
      readonly retryAfterSeconds: number
    }

export interface AccountsOptions {
  readonly store: AccountStore
  /** The server's static secret key: counters are kept under names made with it, as users type passwords there too. */
  readonly serverSecret: Uint8Array
  /** Unix milliseconds. */
  readonly now: () => number
  readonly argon2id?: Argon2id
}

/** The user table (406C). An unknown user and a wrong password are one answer, at one cost. */
export class Accounts {
  readonly #store: AccountStore
  readonly #now: () => number
  readonly #argon2id: Argon2id
  readonly #counterKey: Uint8Array
  readonly #dummy = dummyPassword()
  readonly #gate = new Gate(RUNNING_MAX, WAITING_MAX)

  constructor(options: AccountsOptions) {
    this.#store = options.store
    this.#now = options.now
    this.#argon2id = options.argon2id ?? argon2id
    this.#counterKey = expand(options.serverSecret, Buffer.from('keyline/1 attempts'), 32)
  }

  /**
   * S3, S14. A failure is counted before the password is looked at, so that logins side by side win nothing.
   * @param expected the user this login must be of; another one's is refused like a wrong password
   */
  async check(userId: string, password: string, expected?: string): Promise<AccountVerdict> {
    const user = normal(userId)
    const verdict = this.#gate.run(() => this.#check(user, password, expected === undefined || expected === user))
    return (await verdict) ?? { permitted: false, reason: 'SERVER_BUSY', retryAfterSeconds: BUSY_RETRY_S }
  }

  /** @throws ServerError USER_EXISTS, PASSWORD_UNFIT, USAGE */
  async add(userId: string, password: string): Promise<void> {
    const account = { userId: fitName(userId), password: await this.#hash(password), createdAt: this.#now() }
    if (!(await this.#store.addAccount(account))) {
      throw new ServerError('USER_EXISTS', `there is a user ${userId} already`)
    }
  }

  /** Ends the user's sessions and lock. @throws ServerError USER_UNKNOWN, PASSWORD_UNFIT */
  async setPassword(userId: string, password: string): Promise<void> {
    const user = normal(userId)
    if (!(await this.#store.setPassword(user, await this.#hash(password)))) throw unknown(userId)
    await this.#store.clearAttempts(this.#counter(user))
  }

  /** Ends the user's sessions. @throws ServerError USER_UNKNOWN */
  async remove(userId: string): Promise<void> {
    if (!(await this.#store.removeAccount(normal(userId)))) throw unknown(userId)
  }

  /** @returns whether there was a lock or a failure to forget @throws ServerError USER_UNKNOWN */
  async unlock(userId: string): Promise<boolean> {
    const user = normal(userId)
    if ((await this.#store.account(user)) === undefined) throw unknown(userId)
    return this.#store.clearAttempts(this.#counter(user))
  }

  async list(): Promise<readonly { userId: string; createdAt: number; failures: number; lockedForSeconds: number }[]> {
    const rows = await this.#store.accounts()
    return Promise.all(
      rows.map(async ({ userId, createdAt }) => {
        const attempts = await this.#store.attempts(this.#counter(userId))
        const lockedForSeconds = lockedFor(attempts, this.#now())
        return { userId, createdAt, failures: attempts?.failures ?? 0, lockedForSeconds }
      }),
    )
  }

  async #check(userId: string, password: string, expected: boolean): Promise<AccountVerdict> {
    const counter = this.#counter(userId)
    const counted = await this.#count(counter)
    if (counted.locked > 0) return { permitted: false, reason: 'ACCOUNT_LOCKED', retryAfterSeconds: counted.locked }
    const account = await this.#store.account(userId)
    const stored = expected ? account?.password : undefined
    const fits = await verifyPassword(stored ?? this.#dummy, password, this.#argon2id)
    if (fits && stored !== undefined) {
      await this.#store.clearAttempts(counter)
      return { permitted: true, userId }
    }
    return { permitted: false, reason: 'LOGIN_REFUSED', retryAfterSeconds: counted.afterwards }
  }

  /** @returns for how many seconds the account is locked already, or will be if this login fails */
  async #count(counter: Uint8Array): Promise<{ readonly locked: number; readonly afterwards: number }> {
    for (let tries = 0; tries < COUNT_TRIES; tries++) {
      const now = this.#now()
      const before = await this.#store.attempts(counter)
      const locked = lockedFor(before, now)
      if (locked > 0) return { locked, afterwards: locked }
      const next = oneMore(before, now)
      if (await this.#store.replaceAttempts(counter, before, next)) return { locked, afterwards: lockedFor(next, now) }
    }
    return { locked: BUSY_RETRY_S, afterwards: BUSY_RETRY_S }
  }

  #hash(password: string): Promise<string> {
    if ([...password].length < PASSWORD_MIN_CHARACTERS || Buffer.byteLength(password) > PASSWORD_MAX) {
      throw new ServerError('PASSWORD_UNFIT')
    }
    return hashPassword(password, this.#argon2id)
  }

  #counter(userId: string): Uint8Array {
    return hmac(this.#counterKey, Buffer.from(userId))
  }
}

function normal(userId: string): string {
  return userId.normalize('NFC')
}

/** @throws ServerError USAGE unless the name fits on the line and on an operator's screen */
function fitName(userId: string): string {
  const name = normal(userId)
  if (name === '' || Buffer.byteLength(name) > USER_ID_MAX || /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u.test(name)) {
    throw new ServerError('USAGE', `expected a user name of 1…${USER_ID_MAX} bytes without control characters`)
  }
  return name
}

function unknown(userId: string): ServerError {
  return new ServerError('USER_UNKNOWN', `there is no user ${userId}`)
}
