import type { Duplex } from 'node:stream'
import type { OnBytes } from '../internet/connect.ts'
import type { SessionKey } from '../keys/session-keys.ts'
import type { CallReport } from '../wire/usb/methods.ts'
import { type Downloaded, type DownloadOptions, download } from './download/download.ts'
import { fault } from './errors.ts'
import type { OnProgress } from './events.ts'
import { type Fetch, type RequestOptions, send } from './requests/http.ts'
import { type KeyedAgent, keyedAgent } from './requests/keyed-agent.ts'
import { internetPath } from './requests/secret-routes.ts'
import { drain, type MenuItem, problemOf, readMenu } from './requests/server-api.ts'
import { type After, after, afterUnheld } from './timers.ts'

/** The server is given so long to erase its keys before ours are erased without it, milliseconds. */
const CLOSE_MS = 5000

export interface SessionParts {
  readonly userId: string
  /** `host:port` of the server's Internet port. */
  readonly internet: string
  /** Key 1 … key k; taken over, and wiped by the session. */
  readonly keys: readonly SessionKey[]
  readonly lifetimeSeconds: number
  readonly secretRoutes: readonly string[]
  readonly call: CallReport
  readonly onProgress: OnProgress
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
  /** What the call over the line cost. */
  readonly call: CallReport
  /** Paths that never go over the Internet; the list came over the line. */
  readonly secretRoutes: readonly string[]
  readonly expiresAt: Date
  /** Runs once when the session ended, however it did. */
  readonly ended: Promise<'closed' | 'expired'>
  readonly #onProgress: OnProgress
  readonly #now: () => number
  readonly #cancelExpiry: () => void
  readonly #tellEnded: (how: 'closed' | 'expired') => void
  #state: 'open' | 'closed' | 'expired' = 'open'
  /** The key in use, then those that wait. */
  #keys: SessionKey[]
  #link: KeyedAgent
  #retired: { readonly key: SessionKey; readonly link: KeyedAgent }[] = []

  /** @throws KeylineError CARD_PROTOCOL when the server's address is none */
  constructor(parts: SessionParts) {
    const { now = Date.now, after: wait = afterUnheld } = parts
    const [first] = parts.keys
    if (first === undefined) throw new RangeError('expected at least one session key')
    this.userId = parts.userId
    this.server = parts.internet
    this.call = parts.call
    this.secretRoutes = parts.secretRoutes
    this.#keys = [...parts.keys]
    this.#onProgress = parts.onProgress
    this.#now = now
    this.#link = keyedAgent(parts.internet, first)
    this.expiresAt = new Date(now() + parts.lifetimeSeconds * 1000)
    const { promise, resolve } = Promise.withResolvers<'closed' | 'expired'>()
    this.ended = promise
    this.#tellEnded = resolve
    this.#cancelExpiry = wait(parts.lifetimeSeconds * 1000, () => this.#end('expired'))
  }

  /** Keys for later sessions or `rekey`, exchanged in the same call (D-2). */
  get keysLeft(): number {
    return Math.max(0, this.#keys.length - 1)
  }

  get state(): 'open' | 'closed' | 'expired' {
    // A computer that slept did not run its timers.
    if (this.#state === 'open' && this.#now() >= this.expiresAt.getTime()) this.#end('expired')
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
   * Goes on under the next of the k keys, without another call. Running requests end under the old key, which is then wiped.
   * @throws KeylineError NO_KEYS_LEFT; after INTERNET_* it may be repeated
   */
  async rekey(): Promise<void> {
    this.#assertOpen()
    const [current, next] = this.#keys
    if (current === undefined || next === undefined) throw fault('NO_KEYS_LEFT')
    const link = keyedAgent(this.server, next)
    try {
      const response = await this.#send(link, '/session/rekey', { method: 'POST' })
      if (!response.ok) throw await problemOf(response)
      await drain(response)
      this.#assertOpen()
    } catch (error) {
      link.destroy()
      throw error
    }
    const old = { key: current, link: this.#link }
    this.#keys = this.#keys.filter((key) => key !== current)
    this.#link = link
    old.link.retire()
    this.#retired.push(old)
    // TLS holds its own traffic keys by now: the old PSK is not needed to end what runs, and starts nothing new.
    old.key.psk.wipe()
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
    const [key] = this.#keys
    if (key === undefined) return
    this.#link.destroy()
    for (const { link } of this.#retired) link.destroy()
    this.#retired = []
    this.#link = keyedAgent(this.server, key)
  }

  /**
   * S18: both ends erase their keys. Ours are erased in any case.
   * @returns whether the server confirmed; if not, its keys end with their lifetime
   */
  async close(): Promise<{ readonly serverErased: boolean }> {
    if (this.state !== 'open') return { serverErased: this.#state === 'closed' }
    let serverErased = false
    try {
      const options = { method: 'DELETE', signal: AbortSignal.timeout(CLOSE_MS) }
      const response = await this.#send(this.#link, '/session', options)
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
    for (const { psk } of this.#keys) psk.wipe()
    this.#keys = []
    this.#retired = []
    const text = how === 'closed' ? 'session keys erased' : 'the lifetime is over, session keys erased'
    this.#onProgress({ type: 'step', step: 'S18', path: 'here', text })
    this.#tellEnded(how)
  }
}
