import type { Accounts, AccountVerdict } from '../accounts/accounts.ts'
import type { Log } from '../events.ts'
import type { SessionStore, StoredSession } from '../store/store.ts'

export interface SessionsOptions {
  readonly store: SessionStore
  readonly accounts: Pick<Accounts, 'check'>
  /** Name of this node: it erases at its start the sessions it made before. */
  readonly node: string
  /** Of a session, from its opening. */
  readonly lifetimeSeconds: number
  /** Of a key that has not opened its session yet, from its call. */
  readonly keysLifetimeSeconds: number
  /** Unix milliseconds. */
  readonly now: () => number
  readonly log: Log
}

/** What the terminal may know of its session. */
export interface SessionSummary {
  readonly userId: string
  /** ISO 8601. */
  readonly expiresAt: string
  /** Spare keys that are left, for later sessions or `rekey`. */
  readonly keysLeft: number
}

/** What the terminal may know of its spare keys. */
export interface SpareSummary {
  readonly keysLeft: number
  /** How long a key may wait for its session, from its call. */
  readonly lifetimeSeconds: number
}

export type LoginVerdict =
  | AccountVerdict
  | { readonly permitted: false; readonly reason: 'KEY_USED'; readonly retryAfterSeconds: 0 }

const KEY_USED = { permitted: false, reason: 'KEY_USED', retryAfterSeconds: 0 } as const

/**
 * Session keys from S9 to S18. They live in the store only: a key that was made at one node's line port opens another node's
 * Internet port, and one that was erased opens nothing anywhere. Each key opens one session, once, or takes over a running one.
 */
export class Sessions {
  readonly #options: SessionsOptions
  readonly #listeners = new Set<(groupId?: string) => void>()

  constructor(options: SessionsOptions) {
    this.#options = options
  }

  /** Erases what this node made before: after a crash no key of before opens anything. */
  async eraseOwn(): Promise<void> {
    const { store, node, log } = this.#options
    const count = await store.eraseNode(node)
    if (count > 0) log({ event: 'sessions.erased', step: 'S18', path: 'internet', keys: count, why: 'node' })
  }

  /** @returns the key, for the receiver to keep as long as a handshake or connection needs it; undefined when it is gone */
  findPsk(id: string): Promise<Uint8Array | undefined> {
    return this.#options.store.psk(id, this.#options.now())
  }

  find(id: string): Promise<StoredSession | undefined> {
    return this.#options.store.session(id, this.#options.now())
  }

  /** Whether the session goes on under another key: after `rekey` a connection of an old key may end its response. */
  async groupLives(groupId: string): Promise<boolean> {
    return (await this.#options.store.group(groupId, this.#options.now())).length > 0
  }

  async summary(session: StoredSession): Promise<SessionSummary> {
    // As it is now: the request may have opened it.
    const { userId, expiresAt } = (await this.find(session.id)) ?? session
    const { keysLeft } = await this.spare(session)
    return { userId, expiresAt: new Date(expiresAt).toISOString(), keysLeft }
  }

  async spare({ userId, cardId }: StoredSession): Promise<SpareSummary> {
    const { store, now, keysLifetimeSeconds: lifetimeSeconds } = this.#options
    return { keysLeft: await store.spareKeys(userId, cardId, now()), lifetimeSeconds }
  }

  /** S12–S16: the login once more, under the session key. Anything but the right one erases the key: it was used. */
  async login(session: StoredSession, userId: string, password: string): Promise<LoginVerdict> {
    const { store, accounts, now, lifetimeSeconds } = this.#options
    if (session.opened) return this.#used(session)
    this.#step('S12', 'login.received', session)
    this.#step('S13', 'login.decrypted', session)
    const verdict = await accounts.check(userId, password, session.userId)
    this.#step('S14', 'login.checked', session)
    if (verdict.permitted && (await store.openSession(session.id, now(), now() + lifetimeSeconds * 1000))) {
      this.#step('S16', 'connection.permitted', session)
      this.changed(session.groupId) // it ends at another time than an unopened key
      return verdict
    }
    // Another connection was faster, with the right login too: the session is that one's.
    if (verdict.permitted && (await this.find(session.id))?.opened) return this.#used(session)
    // Nothing was checked: the user may ask again, and learns nothing by it.
    if (!verdict.permitted && verdict.reason === 'SERVER_BUSY') return verdict
    const refused = verdict.permitted
      ? ({ permitted: false, reason: 'LOGIN_REFUSED', retryAfterSeconds: 0 } as const)
      : verdict
    await this.#erase(session)
    this.#step('S15', 'login.refused', session, { reason: refused.reason })
    return refused
  }

  /**
   * The session of the key `from` goes on under this one. It may be repeated, when the answer was lost.
   * @returns why not
   */
  async rekey(session: StoredSession, from: string): Promise<'KEY_USED' | 'SESSION_NOT_OPENED' | undefined> {
    const { store, now } = this.#options
    const current = await this.find(from)
    if (session.opened) return current === undefined ? undefined : 'KEY_USED'
    if (current === undefined || !(await store.rekeySession(session.id, from, now()))) return 'SESSION_NOT_OPENED'
    this.#options.log({ event: 'session.rekeyed', path: 'internet', session: short(current), key: session.index + 1 })
    // Connections of this key first: they are the session's now.
    this.changed(session.groupId)
    this.changed(current.groupId)
    return undefined
  }

  /** S18 */
  async close(session: StoredSession): Promise<void> {
    await this.#erase(session)
    this.#step('S18', 'session.erased', session, { why: 'logout' })
  }

  /** S18 for all keys of this user by this card, spare ones and those of running sessions. Who holds one key may erase all. */
  async eraseKeys(session: StoredSession): Promise<void> {
    const { store, log } = this.#options
    const keys = await store.eraseKeys(session.userId, session.cardId)
    log({ event: 'sessions.erased', step: 'S18', path: 'internet', session: short(session), keys, why: 'logout' })
    this.changed()
  }

  /** Erases what has expired, whichever node made it. */
  async sweep(): Promise<void> {
    const { store, now, log } = this.#options
    const count = await store.eraseExpired(now())
    if (count > 0) log({ event: 'sessions.erased', step: 'S18', path: 'internet', keys: count, why: 'lifetime' })
    this.changed()
  }

  /** @param listener told that sessions may have ended or have another end, one or any: look again whose connections must end */
  onChanged(listener: (groupId?: string) => void): void {
    this.#listeners.add(listener)
  }

  changed(groupId?: string): void {
    for (const listener of this.#listeners) listener(groupId)
  }

  #used(session: StoredSession): LoginVerdict {
    this.#options.log({ event: 'key.refused', path: 'internet', session: short(session), reason: KEY_USED.reason })
    return KEY_USED
  }

  async #erase({ groupId }: StoredSession): Promise<void> {
    await this.#options.store.eraseGroup(groupId)
    this.changed(groupId)
  }

  #step(step: 'S12' | 'S13' | 'S14' | 'S15' | 'S16' | 'S18', event: string, session: StoredSession, more = {}): void {
    this.#options.log({ event, step, path: 'internet', session: short(session), ...more })
  }
}

/** Enough of a group id to follow one session through the events, also when it is rekeyed. */
export function short({ groupId }: { readonly groupId: string }): string {
  return groupId.slice(0, 8)
}
