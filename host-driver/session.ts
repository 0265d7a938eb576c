import type { Duplex } from 'node:stream'
import type { OnBytes } from '../internet/connect.ts'
import { Secret } from '../keys/secret.ts'
import type { SessionKey } from '../keys/session-keys.ts'
import type { CallReport } from '../wire/usb/methods.ts'
import { type Downloaded, type DownloadOptions, download } from './download/download.ts'
import { fault, KeylineError } from './errors.ts'
import type { OnProgress } from './events.ts'
import { type Fetch, type RequestOptions, send } from './requests/http.ts'
import { type KeyedAgent, keyedAgent } from './requests/keyed-agent.ts'
import { internetPath } from './requests/secret-routes.ts'
import { drain, type MenuItem, problemOf, readMenu } from './requests/server-api.ts'
import type { CallKeys, KeyPool, StoredKey } from './stored/key-pool.ts'
import { type After, after, afterUnheld } from './timers.ts'

/** The server is given so long to erase its keys before ours are erased without it, milliseconds. */
const CLOSE_MS = 5000

export interface SessionParts {
  readonly from: CallKeys
  /** Taken over, and wiped by the session. */
  readonly key: SessionKey
  /** Those that wait, for `rekey`. */
  readonly keys: KeyPool
  readonly call: CallReport
  readonly onProgress: OnProgress
  /** Interface or address that its connections leave by; that of its call unless said otherwise. */
  readonly via?: string | undefined
  /** Tests hold time in their hands with these two. */
  readonly after?: After
  readonly now?: () => number
}

/**
 * What a login opens: requests over the Internet path under the session keys (S17), until it is closed or its lifetime is
 * over (S18). Then its keys are overwritten and its connections cut.
 */
export class Session {
  readonly userId: string
  /** `host:port` of the server's Internet port. */
  readonly server: string
  /** Interface or address that its connections leave by; undefined where the system may choose. */
  readonly via: string | undefined
  /** The card that brought the key. */
  readonly cardId: string
  /** What the call over the line cost; all of it is 0 where no call was made. */
  readonly call: CallReport
  /** Paths that never go over the Internet; the list came over the line. */
  readonly secretRoutes: readonly string[]
  /** Runs once when the session ended, however it did. */
  readonly ended: Promise<'closed' | 'expired'>
  readonly #onProgress: OnProgress
  readonly #now: () => number
  readonly #after: After
  readonly #lifetimeMs: number
  readonly #tellEnded: (how: 'closed' | 'expired') => void
  #state: 'open' | 'closed' | 'expired' = 'open'
  #cancelExpiry = (): void => {}
  #expiresAt = 0
  readonly #pool: KeyPool
  #key: SessionKey
  #link: KeyedAgent
  /** A rekey whose answer did not come may be repeated with the same key only. */
  #next: StoredKey | undefined
  #rekeying: Promise<void> | undefined
  #retired: { readonly key: SessionKey; readonly link: KeyedAgent }[] = []

  /** @throws KeylineError CARD_PROTOCOL when the server's address is none */
  constructor(parts: SessionParts) {
    const { from, now = Date.now, after: wait = afterUnheld } = parts
    this.userId = from.userId
    this.server = from.server
    this.cardId = from.cardId
    this.call = parts.call
    this.secretRoutes = from.secretRoutes
    this.#key = parts.key
    this.#pool = parts.keys
    this.#onProgress = parts.onProgress
    this.#now = now
    this.#after = wait
    this.#lifetimeMs = from.lifetimeSeconds * 1000
    this.via = parts.via ?? from.via
    this.#link = keyedAgent(from.server, parts.key, this.via)
    let tell: (how: 'closed' | 'expired') => void = () => {}
    this.ended = new Promise((resolve) => {
      tell = resolve
    })
    this.#tellEnded = tell
    this.opened()
  }

  /** S16: the lifetime counts from here, as it does at the server. */
  opened(): void {
    this.#cancelExpiry()
    this.#expiresAt = this.#now() + this.#lifetimeMs
    this.#cancelExpiry = this.#after(this.#lifetimeMs, () => this.#end('expired'))
  }

  get expiresAt(): Date {
    return new Date(this.#expiresAt)
  }

  /** Keys for later sessions or `rekey`, of this user at this server (D-2). */
  get keysLeft(): number {
    return this.#pool.left(this.userId, this.server) + (this.#next === undefined ? 0 : 1)
  }

  get state(): 'open' | 'closed' | 'expired' {
    // A computer that slept did not run its timers.
    if (this.#state === 'open' && this.#now() >= this.#expiresAt) this.#end('expired')
    return this.#state
  }

  /**
   * One request over the Internet path.
   * @param path on the server, with its query
   * @returns a web Response of whatever status, its body streaming
   * @throws KeylineError ROUTE_NEEDS_LINE, PATH_INVALID, SESSION_EXPIRED, SESSION_CLOSED, INTERNET_*
   */
  readonly fetch: Fetch = async (path, options) => {
    this.#assertOpen()
    const wanted = internetPath(path, this.secretRoutes)
    const response = await this.#send(this.#link, wanted, options)
    return response
  }

  /** S17: the menu of titles. @throws KeylineError */
  async menu(): Promise<MenuItem[]> {
    const items = await readMenu(this.fetch)
    this.#onProgress({ type: 'step', step: 'S17', path: 'internet', text: `menu of ${items.length} titles` })
    return items
  }

  /**
   * S17': one title into a file. What an earlier try left is continued; what is not the promised bytes never gets the
   * file's name.
   * @throws KeylineError CONTENT_*, UNSAFE_NAME, FILE_EXISTS, FILE_FAILED, DISK_FULL, CANCELLED, SESSION_*, INTERNET_*
   */
  async download(name: string, options: DownloadOptions = {}): Promise<Downloaded> {
    const done = await download({ fetch: this.fetch, after, onProgress: this.#onProgress }, name, options)
    this.#onProgress({ type: 'step', step: "S17'", path: 'internet', text: `${name} received and verified` })
    return done
  }

  /**
   * Goes on under a key that waits, without another call. Running requests end under the old key, which is then wiped; the session
   * ends when it would have. Who asks while a rekey runs gets the same one.
   * @throws KeylineError NO_KEYS_LEFT; after INTERNET_* it may be repeated
   */
  rekey(): Promise<void> {
    this.#rekeying ??= this.#rekey().finally(() => {
      this.#rekeying = undefined
    })
    return this.#rekeying
  }

  async #rekey(): Promise<void> {
    this.#assertOpen()
    const next = this.#next ?? this.#pool.take(this.userId, this.server)
    if (next === undefined) throw fault('NO_KEYS_LEFT')
    this.#next = next
    // The session's own: what the pool gave is wiped when it is settled.
    const key = { id: next.key.id, psk: new Secret(Uint8Array.from(next.key.psk.reveal())) }
    const link = keyedAgent(this.server, key, this.via)
    try {
      await this.#takeOver(link)
      this.#assertOpen()
    } catch (error) {
      link.destroy()
      key.psk.wipe()
      // The server does not know it, or refused it: it is of no more use.
      const code = error instanceof KeylineError ? error.code : ''
      if (code === 'INTERNET_PATH_REFUSED') this.#pool.drop(next.from)
      if (!code.startsWith('INTERNET_') || code === 'INTERNET_PATH_REFUSED') this.#settleNext()
      throw error
    }
    this.#settleNext()
    const old = { key: this.#key, link: this.#link }
    this.#key = key
    this.#link = link
    old.link.retire()
    this.#retired.push(old)
    // TLS holds its own traffic keys by now: the old PSK is not needed to end what runs, and starts nothing new.
    old.key.psk.wipe()
  }

  async #takeOver(link: KeyedAgent): Promise<void> {
    const headers = { 'content-type': 'application/json' }
    const body = JSON.stringify({ from: this.#key.id })
    const response = await this.#send(link, '/session/rekey', { method: 'POST', headers, body })
    if (!response.ok) throw await problemOf(response)
    await drain(response)
  }

  #settleNext(): void {
    if (this.#next !== undefined) this.#pool.spent(this.#next)
    this.#next = undefined
  }

  /**
   * A connection of its own under the session key, for whoever speaks on it himself. It is cut when the session ends.
   * @param halfOpen the end of one direction is not the end of the other
   * @throws KeylineError SESSION_*, INTERNET_*
   */
  async connect(halfOpen = false): Promise<Duplex> {
    this.#assertOpen()
    return this.#link.dial(halfOpen)
  }

  /** The same for bulk bytes, which come to `onBytes` and not as a stream. @throws KeylineError SESSION_*, INTERNET_* */
  async connectBulk(onBytes: OnBytes): Promise<Duplex> {
    this.#assertOpen()
    return this.#link.dialBulk(onBytes)
  }

  /** S62: every connection ends at once, the keys stay; the next request makes a new one. @throws KeylineError SESSION_* */
  disconnect(): void {
    this.#assertOpen()
    this.#link.destroy()
    for (const { link } of this.#retired) link.destroy()
    this.#retired = []
    this.#link = keyedAgent(this.server, this.#key, this.via)
  }

  /**
   * S18: both ends erase the session's key. Ours is erased in any case; keys that wait are left for later sessions.
   * @param options.spareKeys the server erases those too that came by this card; here `eraseKeys` does
   * @returns whether the server confirmed; if not, its keys end with their lifetime
   */
  async close({
    spareKeys = false,
  }: {
    readonly spareKeys?: boolean
  } = {}): Promise<{ readonly serverErased: boolean }> {
    if (this.state !== 'open') return { serverErased: this.#state === 'closed' }
    let serverErased = false
    try {
      const options = { method: 'DELETE', signal: AbortSignal.timeout(CLOSE_MS) }
      const response = await this.#send(this.#link, spareKeys ? '/session/keys' : '/session', options)
      serverErased = response.ok
      await response.body?.cancel()
    } catch {
      // Without the server: the keys here must not wait for a network.
    }
    this.#end('closed')
    return { serverErased }
  }

  /** Erases the keys here at once and tells nobody; harmless when repeated. */
  forget(): void {
    this.#end('closed')
  }

  async #send(link: KeyedAgent, path: string, options?: RequestOptions): Promise<Response> {
    try {
      return await send({ agent: link.agent, host: this.server }, path, options)
    } catch (error) {
      // The connection was cut because the session ended meanwhile: say so.
      this.#assertOpen()
      throw error
    }
  }

  #assertOpen(): void {
    if (this.state === 'open') return
    throw fault(this.#state === 'expired' ? 'SESSION_EXPIRED' : 'SESSION_CLOSED')
  }

  #end(how: 'closed' | 'expired'): void {
    if (this.#state !== 'open') return
    this.#state = how
    this.#cancelExpiry()
    // Connections first: a handshake that runs would ask for a key that is gone.
    this.#link.destroy()
    for (const { link } of this.#retired) link.destroy()
    this.#key.psk.wipe()
    this.#settleNext()
    this.#retired = []
    const text = how === 'closed' ? 'session keys erased' : 'the lifetime is over, session keys erased'
    this.#onProgress({ type: 'step', step: 'S18', path: 'here', text })
    this.#tellEnded(how)
  }
}
