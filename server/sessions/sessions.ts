import type { Accounts, AccountVerdict } from '../accounts/accounts.ts'
import type { Log } from '../events.ts'
import type { SessionStore, StoredSession } from '../store/store.ts'

export interface SessionsOptions {
  readonly store: SessionStore
  readonly accounts: Pick<Accounts, 'check'>
  /** Name of this node: it erases at its start the sessions it made before. */
  readonly node: string
  /** Unix milliseconds. */
  readonly now: () => number
  readonly log: Log
}

/** What the terminal may know of its session. */
export interface SessionSummary {
  readonly userId: string
  /** ISO 8601. */
  readonly expiresAt: string
  /** Keys for `rekey` that are left. */
  readonly keysLeft: number
}

/**
 * Session keys from S9 to S18. They live in the store only: a key that was made at one node's line port opens another node's
 * Internet port, and one that was erased opens nothing anywhere.
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

  /** Whether any key of this call is left: after `rekey` a connection of an old key may end its response. */
  async groupLives(groupId: string): Promise<boolean> {
    return (await this.#options.store.group(groupId, this.#options.now())).length > 0
  }

  async summary({ groupId, index, userId, expiresAt }: StoredSession): Promise<SessionSummary> {
    const group = await this.#options.store.group(groupId, this.#options.now())
    const keysLeft = group.filter((key) => key.index > index).length
    return { userId, expiresAt: new Date(expiresAt).toISOString(), keysLeft }
  }

  /** S12–S16: the login once more, under the session key. Anything but the right one ends the whole session. */
  async login(session: StoredSession, userId: string, password: string): Promise<AccountVerdict> {
    const { store, accounts, now } = this.#options
    this.#step('S12', 'login.received', session)
    this.#step('S13', 'login.decrypted', session)
    const verdict = await accounts.check(userId, password, session.userId)
    this.#step('S14', 'login.checked', session)
    if (verdict.permitted && (await store.openSession(session.id, now()))) {
      this.#step('S16', 'connection.permitted', session)
      return verdict
    }
    // Nothing was checked: the user may ask again, and learns nothing by it.
    if (!verdict.permitted && verdict.reason === 'SERVER_BUSY') return verdict
    const refused = verdict.permitted
      ? ({ permitted: false, reason: 'LOGIN_REFUSED', retryAfterSeconds: 0 } as const)
      : verdict
    await this.#erase(session)
    this.#step('S15', 'login.refused', session, { reason: refused.reason })
    return refused
  }

  /** @returns false when no key before this one is in use */
  async rekey(session: StoredSession): Promise<boolean> {
    const { store, now } = this.#options
    if (!(await store.rekeySession(session.id, now()))) return false
    this.#options.log({ event: 'session.rekeyed', path: 'internet', session: short(session), key: session.index + 1 })
    this.changed(session.groupId)
    return true
  }

  /** S18 */
  async close(session: StoredSession): Promise<void> {
    await this.#erase(session)
    this.#step('S18', 'session.erased', session, { why: 'logout' })
  }

  /** Erases what has expired, whichever node made it. */
  async sweep(): Promise<void> {
    const { store, now, log } = this.#options
    const count = await store.eraseExpired(now())
    if (count > 0) log({ event: 'sessions.erased', step: 'S18', path: 'internet', keys: count, why: 'lifetime' })
    this.changed()
  }

  /** @param listener told that sessions may have ended, those of one call or any: look again whose connections must end */
  onChanged(listener: (groupId?: string) => void): void {
    this.#listeners.add(listener)
  }

  changed(groupId?: string): void {
    for (const listener of this.#listeners) listener(groupId)
  }

  async #erase({ groupId }: StoredSession): Promise<void> {
    await this.#options.store.eraseGroup(groupId)
    this.changed(groupId)
  }

  #step(step: 'S12' | 'S13' | 'S14' | 'S15' | 'S16' | 'S18', event: string, session: StoredSession, more = {}): void {
    this.#options.log({ event, step, path: 'internet', session: short(session), ...more })
  }
}

/** Enough of a group id to follow one session through the events. */
export function short({ groupId }: { readonly groupId: string }): string {
  return groupId.slice(0, 8)
}
