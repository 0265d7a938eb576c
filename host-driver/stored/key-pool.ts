import type { SessionKey } from '../../keys/session-keys.ts'
import { SPARE_KEYS_MAX } from '../../wire/limits.ts'
import { type After, afterUnheld } from '../timers.ts'

/** What one call over the line brought (S8), and what every session under a key of it is. */
export interface CallKeys {
  readonly userId: string
  /** `host:port` of the server's Internet port. */
  readonly server: string
  /** The card that called: the server counts and erases keys by user and card. */
  readonly cardId: string
  /** Of a session, from its opening. */
  readonly lifetimeSeconds: number
  /** Paths that never go over the Internet; the list came over the line. */
  readonly secretRoutes: readonly string[]
  /** Interface or address of this computer that the Internet path leaves by. */
  readonly via?: string | undefined
}

/** One key that waits for its session. */
export interface StoredKey {
  readonly key: SessionKey
  readonly from: CallKeys
  /** Which key of its call, from 1, of how many. */
  readonly number: number
  readonly of: number
}

/** What may be told of the keys of one call. */
export interface KeysLeft {
  readonly userId: string
  readonly server: string
  readonly left: number
  /** Until then they may open a session. */
  readonly expiresAt: Date
}

interface Batch {
  readonly from: CallKeys
  readonly keys: StoredKey[]
  /** Unix milliseconds. */
  expiresAt: number
  readonly madeAt: number
  /** Keys that were taken and not settled yet. */
  out: number
  cancel: () => void
}

export interface KeyPoolOptions {
  /** Tests hold time in their hands with these two. */
  readonly after?: After
  readonly now?: () => number
}

/**
 * Session keys that wait, exchanged with others in one call (D-2): in memory only, each for one later session or rekey. They are
 * overwritten when they are used, lapse, or are erased.
 */
export class KeyPool {
  readonly #after: After
  readonly #now: () => number
  readonly #listeners = new Set<() => void>()
  /** The oldest call first. */
  #batches: Batch[] = []

  constructor({ after = afterUnheld, now = Date.now }: KeyPoolOptions = {}) {
    this.#after = after
    this.#now = now
  }

  get size(): number {
    return this.#live().reduce((sum, { keys }) => sum + keys.length, 0)
  }

  /**
   * Keys of a call that was just made. Until the server tells how long a key may wait, they wait as long as a session lasts.
   * Beyond SPARE_KEYS_MAX for one user by one card the oldest are dropped, as at the server.
   * @param keys taken over, but for the first `used` ones, which have opened a session already
   */
  add(from: CallKeys, keys: readonly SessionKey[], used = 0): void {
    const madeAt = this.#now()
    const expiresAt = madeAt + from.lifetimeSeconds * 1000
    const stored = keys.map((key, index) => ({ key, from, number: index + 1, of: keys.length })).slice(used)
    const batch: Batch = { from, keys: stored, expiresAt, madeAt, out: 0, cancel: () => {} }
    this.#batches.push(batch)
    this.#arm(batch)
    const same = this.#live().filter((one) => one.from.userId === from.userId && one.from.cardId === from.cardId)
    // The server drops them when it makes the new ones, the first of which is unopened then.
    let beyond = same.reduce((sum, one) => sum + one.keys.length, used) - SPARE_KEYS_MAX
    for (const one of same) for (; beyond > 0 && one.keys.length > 0; beyond--) wipe(one.keys.shift())
    this.#tidy()
  }

  /** The server said how long keys of its calls may wait. @param seconds from the call */
  setLifetime(from: CallKeys, seconds: number): void {
    const batch = this.#batches.find((one) => one.from === from)
    if (batch === undefined) return
    batch.expiresAt = batch.madeAt + seconds * 1000
    this.#arm(batch)
  }

  /**
   * The next key for this user: of the call that lapses first. It must be settled by `giveBack` or `spent`.
   * @param server where it must be good; without it the only one that there are keys for
   */
  take(userId: string, server?: string): StoredKey | undefined {
    const own = this.#live().filter((one) => one.from.userId === normal(userId))
    const servers = new Set(own.map((one) => one.from.server))
    // A password must not go to another server than the one it is meant for.
    if (server === undefined && servers.size > 1) return undefined
    const fitting = own.filter((one) => server === undefined || one.from.server === server)
    const [batch] = fitting.sort((a, b) => a.expiresAt - b.expiresAt)
    const stored = batch?.keys.shift()
    if (batch !== undefined && stored !== undefined) batch.out++
    return stored
  }

  /** A key that was not used after all. It is wiped where its call was dropped or has lapsed meanwhile. */
  giveBack(stored: StoredKey): void {
    const batch = this.#live().find((one) => one.from === stored.from)
    if (batch === undefined) return wipe(stored)
    batch.out--
    batch.keys.unshift(stored)
  }

  /** A key that was used, and is wiped. */
  spent(stored: StoredKey): void {
    wipe(stored)
    const batch = this.#live().find((one) => one.from === stored.from)
    if (batch !== undefined) batch.out--
    this.#tidy()
  }

  /** One key of each card, to erase the others with; all of them leave the pool, and the others are wiped. */
  takeOneOfEachCard(): StoredKey[] {
    const found = new Map<string, StoredKey>()
    for (const batch of this.#live()) {
      const { userId, server, cardId } = batch.from
      const name = JSON.stringify([userId, server, cardId])
      // The youngest: it lapses last.
      const stored = batch.keys.pop()
      if (stored === undefined) continue
      wipe(found.get(name))
      found.set(name, stored)
    }
    this.#forget(() => true)
    return [...found.values()]
  }

  /** The server does not know a key of this call before its time: it erased them all. */
  drop(from: CallKeys): void {
    this.#forget((one) => one.from === from)
  }

  /** Erases the keys of this user by this card, here only. */
  dropCard(userId: string, cardId: string): void {
    this.#forget((one) => one.from.userId === normal(userId) && one.from.cardId === cardId)
  }

  left(userId: string, server: string): number {
    const own = this.#live().filter((one) => one.from.userId === normal(userId) && one.from.server === server)
    return own.reduce((sum, { keys }) => sum + keys.length, 0)
  }

  /** One entry a call. */
  view(): KeysLeft[] {
    return this.#live()
      .filter(({ keys }) => keys.length > 0)
      .map(({ from: { userId, server }, keys, expiresAt }) => {
        return { userId, server, left: keys.length, expiresAt: new Date(expiresAt) }
      })
  }

  /** @param listener told each time that no key is left any more */
  onEmpty(listener: () => void): void {
    this.#listeners.add(listener)
  }

  #arm(batch: Batch): void {
    batch.cancel()
    batch.cancel = this.#after(Math.max(0, batch.expiresAt - this.#now()), () => this.drop(batch.from))
  }

  /** A computer that slept did not run its timers. */
  #live(): Batch[] {
    const now = this.#now()
    if (this.#batches.some(({ expiresAt }) => expiresAt <= now)) this.#forget(({ expiresAt }) => expiresAt <= now)
    return [...this.#batches]
  }

  #forget(which: (batch: Batch) => boolean): void {
    for (const batch of this.#batches.filter(which)) {
      batch.cancel()
      for (const stored of batch.keys) wipe(stored)
    }
    const before = this.#batches.length
    this.#batches = this.#batches.filter((batch) => !which(batch))
    if (before > 0 && this.#batches.length === 0) for (const listener of this.#listeners) listener()
  }

  /** Calls whose keys are all used. */
  #tidy(): void {
    this.#forget(({ keys, out }) => keys.length === 0 && out === 0)
  }
}

function wipe(stored: StoredKey | undefined): void {
  stored?.key.psk.wipe()
}

/** As the server compares them. */
export function normal(userId: string): string {
  return userId.normalize('NFC')
}
