import { createHash } from 'node:crypto'
import type { SmsPorts } from './header.ts'
import type { SmsDeliver } from './pdu.ts'

/** A message that is whole. */
export interface WholeSms {
  readonly sender: string | undefined
  readonly ports: SmsPorts | undefined
  readonly data: Uint8Array
  /** Where each part was text. */
  readonly text: string | undefined
  readonly parts: number
}

/** What did not become a message, and why. It holds nothing of the content. */
export interface DiscardedParts {
  /**
   * `duplicate`: this part was there already · `replaced`: the sender used the reference for another message ·
   * `expired`: its other parts did not come · `room`: newer messages took its place · `too-long`: more parts than are kept.
   */
  readonly reason: 'duplicate' | 'replaced' | 'expired' | 'room' | 'too-long'
  readonly sender: string | undefined
  readonly ref: number
  readonly total: number
  /** Parts thrown away, in their order. */
  readonly parts: readonly number[]
}

export interface SmsPartsLimits {
  /** Messages of which parts are missing. */
  readonly messages: number
  /** Parts of one message. */
  readonly parts: number
  /** An SMSC tries this long and longer; milliseconds since the first part. */
  readonly ageMs: number
  /** For this long, parts of a message that is whole are known as duplicates, milliseconds. */
  readonly wholeMs: number
}

const HOUR_MS = 3_600_000
/** 130 parts of 127 bytes hold LINE_MESSAGE_MAX. */
export const SMS_PARTS_LIMITS: SmsPartsLimits = { messages: 16, parts: 130, ageMs: 48 * HOUR_MS, wholeMs: HOUR_MS }

interface Pending {
  readonly sender: string | undefined
  readonly ref: number
  readonly total: number
  readonly since: number
  readonly parts: Map<number, SmsDeliver>
}

interface Whole {
  readonly since: number
  readonly marks: ReadonlyMap<number, string>
}

/**
 * Puts parts together by sender, reference, total and ports, whatever their order and through whichever SMSCs they came.
 * Bounded in messages, parts and time. A sender is what the network says: not proof of anything, so filter by it before and
 * authenticate what comes out.
 */
export class SmsParts {
  readonly #now: () => number
  readonly #discarded: (what: DiscardedParts) => void
  readonly #limits: SmsPartsLimits
  /** In the order of their first parts. */
  readonly #pending = new Map<string, Pending>()
  readonly #whole = new Map<string, Whole>()

  /** @param now milliseconds that never run backwards @param discarded told each time something is thrown away */
  constructor(now: () => number, discarded: (what: DiscardedParts) => void, limits = SMS_PARTS_LIMITS) {
    this.#now = now
    this.#discarded = discarded
    this.#limits = limits
  }

  /** Messages of which parts are missing. */
  get pending(): number {
    return this.#pending.size
  }

  /** @returns the message when this part made it whole; at once for one without parts */
  add(sms: SmsDeliver): WholeSms | undefined {
    this.expire()
    const { concat } = sms
    if (concat === undefined) return whole([sms])
    const sender = sms.sender?.text
    const { ref, total, part } = concat
    const told = { sender, ref, total, parts: [part] }
    if (total > this.#limits.parts) return this.#throwAway({ ...told, reason: 'too-long' })
    const key = JSON.stringify([sender, concat.bits, ref, total, sms.ports?.destination, sms.ports?.source])
    if (this.#whole.get(key)?.marks.get(part) === mark(sms)) return this.#throwAway({ ...told, reason: 'duplicate' })
    const known = this.#pending.get(key)?.parts.get(part)
    if (known !== undefined && mark(known) === mark(sms)) return this.#throwAway({ ...told, reason: 'duplicate' })
    if (known !== undefined) this.#drop(key, 'replaced')
    return this.#keep(key, sms, { sender, ref, total, since: this.#now(), parts: new Map() }, part)
  }

  /** Throws away what is too old; `add` does so too. */
  expire(): void {
    const now = this.#now()
    for (const [key, { since }] of this.#pending) if (now - since >= this.#limits.ageMs) this.#drop(key, 'expired')
    for (const [key, { since }] of this.#whole) if (now - since >= this.#limits.wholeMs) this.#whole.delete(key)
  }

  #keep(key: string, sms: SmsDeliver, fresh: Pending, part: number): WholeSms | undefined {
    const pending = this.#pending.get(key) ?? fresh
    if (!this.#pending.has(key)) this.#makeRoom()
    pending.parts.set(part, sms)
    this.#pending.set(key, pending)
    if (pending.parts.size < pending.total) return undefined
    this.#pending.delete(key)
    this.#remember(key, pending)
    return whole(inOrder(pending).map(([, each]) => each))
  }

  #makeRoom(): void {
    const oldest = this.#pending.keys().next()
    if (this.#pending.size >= this.#limits.messages && !oldest.done) this.#drop(oldest.value, 'room')
  }

  #remember(key: string, { parts }: Pending): void {
    this.#whole.delete(key)
    const oldest = this.#whole.keys().next()
    if (this.#whole.size >= this.#limits.messages && !oldest.done) this.#whole.delete(oldest.value)
    const marks = new Map([...parts].map(([part, sms]) => [part, mark(sms)]))
    this.#whole.set(key, { since: this.#now(), marks })
  }

  #drop(key: string, reason: DiscardedParts['reason']): void {
    const pending = this.#pending.get(key)
    if (pending === undefined) return
    this.#pending.delete(key)
    const { sender, ref, total } = pending
    this.#throwAway({ reason, sender, ref, total, parts: inOrder(pending).map(([part]) => part) })
  }

  #throwAway(what: DiscardedParts): undefined {
    this.#discarded(what)
    return undefined
  }
}

function inOrder({ parts }: Pending): [number, SmsDeliver][] {
  return [...parts].sort(([a], [b]) => a - b)
}

/** The same part sent again is the same bytes; kept as a hash, so that what was handed on is not kept as well. */
function mark({ data }: SmsDeliver): string {
  return createHash('sha256').update(data).digest('base64')
}

function whole(parts: readonly SmsDeliver[]): WholeSms {
  const texts = parts.map(({ text }) => text)
  return {
    sender: parts[0]?.sender?.text,
    ports: parts[0]?.ports,
    data: Buffer.concat(parts.map(({ data }) => data)),
    text: texts.includes(undefined) ? undefined : texts.join(''),
    parts: parts.length,
  }
}
