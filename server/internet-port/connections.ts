import type { Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../../line/clock.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { StoredSession } from '../store/store.ts'

/** A connection must ask for something within this time, milliseconds; and again after each answer. */
export const FIRST_REQUEST_MS = 15_000
export const NEXT_REQUEST_MS = 75_000
/** Sessions that are looked up without a pause: a few milliseconds with a database in the same process. */
const PORTION = 100

/** One TLS connection and the session key it was made under. */
export interface Connection {
  readonly socket: Socket
  readonly sessionId: string
  /** Another one when its key took over a running session. */
  readonly groupId: string
}

interface Entry extends Connection {
  groupId: string
  /** Requests that are being answered; several when a terminal does not wait for answers. */
  requests: number
  /** The request is about the session itself: its answer, which is short, may tell that the session ended. */
  aboutSession: boolean
  /** Ends when its answer is out. */
  closing: boolean
  cancelDeadline: () => void
  /** When its session ends, Unix milliseconds. */
  expiresAt: number
  cancelExpiry: () => void
}

export interface ConnectionsOptions {
  readonly sessions: Pick<Sessions, 'find' | 'groupLives'>
  readonly clock: Clock
  readonly totalMax: number
  readonly perSessionMax: number
}

/** Which connection is under which session key. No connection outlives its session. */
export class Connections {
  readonly #options: ConnectionsOptions
  readonly #entries = new Map<Socket, Entry>()

  constructor(options: ConnectionsOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#entries.size
  }

  of(socket: Socket): Connection | undefined {
    return this.#entries.get(socket)
  }

  /** @returns false, and destroys the socket, when there is no room */
  add(socket: Socket, { id, groupId, expiresAt }: StoredSession): boolean {
    const { clock, totalMax, perSessionMax } = this.#options
    const same = [...this.#entries.values()].filter((entry) => entry.groupId === groupId).length
    if (socket.destroyed || this.#entries.size >= totalMax || same >= perSessionMax) {
      socket.destroy()
      return false
    }
    const destroy = (): void => void socket.destroy()
    const entry: Entry = {
      socket,
      sessionId: id,
      groupId,
      expiresAt,
      requests: 0,
      aboutSession: false,
      closing: false,
      cancelDeadline: clock.after(FIRST_REQUEST_MS, destroy),
      cancelExpiry: () => {},
    }
    this.#endAt(entry, expiresAt)
    this.#entries.set(socket, entry)
    socket.once('close', () => {
      entry.cancelDeadline()
      entry.cancelExpiry()
      this.#entries.delete(socket)
    })
    return true
  }

  /** The headers of a request are here. @param aboutSession its answer may still go out when the session ended by it */
  begin(socket: Socket, aboutSession: boolean): void {
    const entry = this.#entries.get(socket)
    if (entry === undefined) return
    entry.requests++
    entry.aboutSession = aboutSession
    entry.cancelDeadline()
  }

  /** Its answer is out, or was given up. */
  end(socket: Socket): void {
    const entry = this.#entries.get(socket)
    if (entry === undefined || --entry.requests > 0) return
    entry.cancelDeadline()
    if (entry.closing) socket.destroySoon()
    else entry.cancelDeadline = this.#options.clock.after(NEXT_REQUEST_MS, () => socket.destroy())
  }

  /**
   * Looks in the store which sessions are gone, whoever erased them, and ends their connections. After a rekey the old key's
   * connections may finish the answer they are sending: what is encrypted by then cannot be called back anyway.
   * @param only one session; else all, in portions between which other work gets its turn
   */
  async recheck(only?: string): Promise<void> {
    const { sessions } = this.#options
    const entries = [...this.#entries.values()].filter(({ groupId }) => only === undefined || groupId === only)
    let looked = 0
    for (const [sessionId, groupId] of new Map(entries.map((entry) => [entry.sessionId, entry.groupId]))) {
      if (++looked % PORTION === 0) await setImmediate()
      if (this.#entries.size === 0) return // all closed meanwhile
      const session = await sessions.find(sessionId)
      if (session !== undefined) {
        this.#follow(session)
        continue
      }
      const rekeyed = await sessions.groupLives(groupId)
      for (const entry of [...this.#entries.values()].filter((one) => one.sessionId === sessionId)) {
        if (entry.requests > 0 && (rekeyed || entry.aboutSession)) entry.closing = true
        else entry.socket.destroy()
      }
    }
  }

  /** A key that opened its session, or took one over, ends at another time than it did before. */
  #follow({ id, groupId, expiresAt }: StoredSession): void {
    for (const entry of this.#entries.values()) {
      if (entry.sessionId !== id) continue
      entry.groupId = groupId
      if (entry.expiresAt !== expiresAt) this.#endAt(entry, expiresAt)
    }
  }

  /** Keys may expire by themselves (S18). */
  #endAt(entry: Entry, expiresAt: number): void {
    const { clock } = this.#options
    entry.expiresAt = expiresAt
    entry.cancelExpiry()
    entry.cancelExpiry = clock.after(Math.max(0, expiresAt - clock.now()), () => void entry.socket.destroy())
  }

  destroyAll(): void {
    for (const socket of [...this.#entries.keys()]) socket.destroy()
  }
}
