import type { Secret } from '../../keys/secret.ts'
import type { KeyPair } from '../../keys/x25519.ts'
import type { ShopStore } from './shop-store.ts'

/*
 * What must outlive a process, and be seen by every node at once. Asynchronous, so that a database shared by several machines
 * can stand behind it. Times are Unix milliseconds. Whatever belongs together is one call and one transaction; where two
 * nodes could race, the call compares before it sets and answers false when it came too late.
 *
 * Secrets in answers belong to the caller, who wipes them. A store never changes bytes it was given.
 */

export interface Account {
  readonly userId: string
  /** Argon2id with its parameters, as accounts/password.ts writes it. */
  readonly password: string
  readonly createdAt: number
}

/** Failed logins of one user ID. */
export interface Attempts {
  readonly failures: number
  readonly lockedUntil: number
  readonly lastAt: number
}

export interface AccountStore {
  /** @returns false when there is such a user already */
  addAccount(account: Account): Promise<boolean>
  /** Ends the user's sessions. @returns false when there is no such user */
  setPassword(userId: string, password: string): Promise<boolean>
  account(userId: string): Promise<Account | undefined>
  accounts(): Promise<readonly Account[]>
  /** Ends the user's sessions. @returns false when there was no such user */
  removeAccount(userId: string): Promise<boolean>
  /** @param key 32 bytes that stand for a user ID, known or not */
  attempts(key: Uint8Array): Promise<Attempts | undefined>
  /** @returns false when the counter is not `expected` any more: read it again */
  replaceAttempts(key: Uint8Array, expected: Attempts | undefined, next: Attempts): Promise<boolean>
  /** @returns false when there was nothing to forget */
  clearAttempts(key: Uint8Array): Promise<boolean>
  /** Forgets counters whose lock is over and whose last failure was before `before`, then the oldest beyond `keep`. */
  pruneAttempts(now: number, before: number, keep: number): Promise<number>
}

export interface NewTicket {
  readonly cardId: string
  /** 16 random bytes: tells this ticket from earlier ones for the same card. */
  readonly ticketId: Uint8Array
  readonly secret: Secret
  readonly issuedAt: number
  readonly expiresAt: number
  /** Called addresses (IDb) in it: those that the prologue of a handshake may name. */
  readonly addresses: readonly string[]
}

export interface StoredTicket {
  readonly cardId: string
  readonly ticketId: Uint8Array
  /** Gone some days after expiry: such a ticket gets no answer any more. */
  readonly secret: Secret | undefined
  readonly state: 'open' | 'used' | 'revoked'
  readonly expiresAt: number
  /** SHA-256 of the request that used it, and what was answered. */
  readonly requestHash: Uint8Array | undefined
  readonly response: Uint8Array | undefined
}

export interface EnrolmentCommit {
  /** SHA-256 of the request. */
  readonly requestHash: Uint8Array
  readonly cardId: string
  readonly ticketId: Uint8Array
  readonly at: number
  readonly cardPublic: Uint8Array
  /** R₀ and the hint of it. */
  readonly ratchet: Secret
  readonly hint: Uint8Array
  readonly response: Uint8Array
}

export interface TicketStore {
  /** Replaces an earlier ticket for this card. */
  issueTicket(ticket: NewTicket): Promise<void>
  ticket(cardId: string): Promise<StoredTicket | undefined>
  /** @returns false when there is no open ticket for this card */
  revokeTicket(cardId: string, at: number): Promise<boolean>
  /** Erases the secrets of tickets that expired before this time. */
  eraseTicketSecrets(expiredBefore: number): Promise<number>
  /** All called addresses ever put on a ticket, the latest first. */
  lineAddresses(): Promise<readonly string[]>
  /**
   * The ticket is used, the card has new keys and no lock, its sessions end, the audit log says so.
   * @returns false when this ticket is not open any more
   */
  commitEnrolment(commit: EnrolmentCommit): Promise<boolean>
}

export interface StoredCard {
  readonly cardId: string
  readonly publicKey: Uint8Array
  readonly currentRatchet: Secret
  readonly currentHint: Uint8Array
  /** The ratchet before, until the current one is seen in use; with the request that used it and its response. */
  readonly previous:
    | {
        readonly ratchet: Secret
        readonly hint: Uint8Array
        readonly requestHash: Uint8Array
        readonly response: Uint8Array
      }
    | undefined
  /** Why the card is locked, or undefined. */
  readonly lockReason: string | undefined
  readonly enrolledAt: number
}

/** A card without its secrets. */
export type CardSummary = Pick<StoredCard, 'cardId' | 'lockReason' | 'enrolledAt'>

export interface NewSession {
  /** TLS PSK identity. */
  readonly id: string
  readonly psk: Secret
  readonly index: number
  /** Each key is a group of its own until a session is rekeyed. */
  readonly groupId: string
}

export interface ExchangeCommit {
  readonly cardId: string
  /** Hint of the ratchet that the request used; the ratchet becomes the previous one. */
  readonly expectedHint: Uint8Array
  readonly nextRatchet: Secret
  readonly nextHint: Uint8Array
  readonly requestHash: Uint8Array
  readonly response: Uint8Array
  /** Whether the card was found locked; a lock in between makes the commit too late. */
  readonly locked: boolean
  /** Made when permitted; none when refused. */
  readonly sessions:
    | {
        readonly userId: string
        readonly node: string
        /** Until then a key of these must have opened its session. */
        readonly expiresAt: number
        readonly keys: readonly NewSession[]
      }
    | undefined
}

export interface CardStore {
  cardByHint(
    hint: Uint8Array,
  ): Promise<{ readonly card: StoredCard; readonly uses: 'current' | 'previous' } | undefined>
  cards(): Promise<readonly CardSummary[]>
  /**
   * Advances the ratchet, keeps the response and makes the keys. The ratchet before the one just used is dropped, and so are the
   * oldest unopened keys of this user by this card beyond SPARE_KEYS_MAX.
   * @returns false when another node was faster, the card was locked or removed, or the user removed
   */
  commitExchange(commit: ExchangeCommit): Promise<boolean>
  /** Locks a card, ends its sessions and raises an alarm. @returns false when it is locked already or unknown */
  lockCard(cardId: string, reason: string, at: number): Promise<boolean>
  /** @returns false when it is not locked or unknown */
  unlockCard(cardId: string, at: number): Promise<boolean>
  /** Removes card, ticket and sessions. @returns false when it is unknown */
  removeCard(cardId: string, at: number): Promise<boolean>
}

/** One key: unopened it waits for a session (a spare key), opened it is one. */
export interface StoredSession {
  readonly id: string
  /** Stays when another key takes over by rekeying: it names the session. */
  readonly groupId: string
  /** Which of the keys of its call, from 0. */
  readonly index: number
  readonly userId: string
  readonly cardId: string
  readonly node: string
  readonly opened: boolean
  /** Of an opened key the end of its session, of another one until when it may be opened. */
  readonly expiresAt: number
}

/** A key that has expired is as good as erased: no call below finds it. */
export interface SessionStore {
  psk(id: string, now: number): Promise<Uint8Array | undefined>
  session(id: string, now: number): Promise<StoredSession | undefined>
  /** The key of a session, while it lives. */
  group(groupId: string, now: number): Promise<readonly StoredSession[]>
  /**
   * Each key opens one session, once, at whichever node.
   * @param expiresAt end of the session @returns false when it is gone, or was opened already
   */
  openSession(id: string, now: number, expiresAt: number): Promise<boolean>
  /**
   * Opens an unopened key in the place of the opened key `from` of the same user, which is erased; the session keeps its group and its end.
   * @returns false when either is not so, or gone
   */
  rekeySession(id: string, from: string, now: number): Promise<boolean>
  /** How many unopened keys this user has by this card. */
  spareKeys(userId: string, cardId: string, now: number): Promise<number>
  /** @returns how many keys were erased */
  eraseGroup(groupId: string): Promise<number>
  /** All keys of this user by this card, opened or not. @returns how many were erased */
  eraseKeys(userId: string, cardId: string): Promise<number>
  eraseNode(node: string): Promise<number>
  eraseExpired(now: number): Promise<number>
}

export interface Note {
  readonly at: number
  readonly level: 'alarm' | 'notice'
  readonly event: string
  /** Card or user it is about. */
  readonly subject: string
  readonly detail: string
}

export interface AuditStore {
  addNote(note: Note): Promise<void>
  /** Newest first. */
  notes(level: Note['level'] | undefined, limit: number): Promise<readonly Note[]>
  /** Forgets the oldest beyond `keep`. */
  pruneNotes(keep: number): Promise<number>
}

export interface Store extends AccountStore, TicketStore, CardStore, SessionStore, AuditStore {
  /** Goods, baskets, tags and orders, in the same transactions' reach. */
  readonly shop: ShopStore
  /** The server's static X25519 pair, made at the first call ever. The secret is the store's: do not wipe it. */
  identity(): Promise<KeyPair>
  /** Makes what was erased unreadable in the files too, as far as a file system lets. */
  scrub(): Promise<void>
  close(): Promise<void>
}
