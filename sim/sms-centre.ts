import { type Chance, chanceOf } from './chance.ts'
import type { Clock } from './clock.ts'
import type { MessageEvent } from './events.ts'
import type { NetworkTime } from './network-time.ts'
import { addressOf } from './sms-address.ts'
import { type Copy, Outbox, type SmsRecipient } from './sms-outbox.ts'
import { encodeDeliver, encodeStatusReport, type Submit } from './sms-pdu.ts'

/** Two centres; the first is what SIMs come with. */
export const CENTRES = ['+819000000001', '+819000000002'] as const

/** How long the network tries without being told, milliseconds. */
const VALID_MS = 2 * 24 * 3_600_000
/** The longest that a message waits for another one to overtake it, milliseconds. */
const OVERTAKE_MS = 3000
/** Messages on their way to one recipient; further ones are refused. */
const QUEUE_MAX = 1000

/** TS 24.011 annex E-2 and TS 27.005 §3.2.5, as +CMS ERROR. */
const CONGESTION = 42
const CENTRE_UNKNOWN = 330

/** TS 23.040 §9.2.3.15. */
const DELIVERED = 0x00
const NOT_OBTAINABLE = 0x43
const EXPIRED = 0x46

/** What goes wrong with messages from now on; probabilities are per message. */
export interface SmsFaults {
  readonly loss: number
  readonly duplicate: number
  /** A message that another one to the same recipient overtakes, if one comes within 3 s. */
  readonly reorder: number
  /** The other service centre delivers it. */
  readonly swap: number
  /** From the centre to the recipient, milliseconds, and so much more by chance. */
  readonly delayMs: number
  readonly jitterMs: number
  /** Of status reports. */
  readonly reportLoss: number
  /** +CMS ERROR that every sender gets; 0 for none. */
  readonly refuse: number
}

export const NO_FAULTS: SmsFaults = {
  loss: 0,
  duplicate: 0,
  reorder: 0,
  swap: 0,
  delayMs: 300,
  jitterMs: 0,
  reportLoss: 0,
  refuse: 0,
}

export interface SmsHooks {
  event(event: Omit<MessageEvent, 'event' | 'atMs'>): void
  /** What was handed in, before anything happens to it. */
  tap(id: number, tpdu: Uint8Array): void
}

export interface Sender {
  /** Where reports go, and who the recipient believes sent it. */
  readonly number: string
  readonly shownNumber: string
}

/** The short message service of the network: stores what is handed in, and forwards it when the recipient can be reached. */
export class SmsCentre {
  readonly #clock: Clock
  readonly #time: NetworkTime
  readonly #seed: number
  readonly #hooks: SmsHooks
  readonly #recipients = new Set<SmsRecipient>()
  readonly #outboxes = new Map<SmsRecipient, Outbox>()
  readonly #timers = new Set<() => void>()
  readonly #held = new Map<SmsRecipient, (() => void)[]>()
  #faults = NO_FAULTS
  #lastId = 0
  /** Copies between the centre and an outbox. */
  #moving = 0

  constructor(clock: Clock, time: NetworkTime, seed: number, hooks: SmsHooks) {
    this.#clock = clock
    this.#time = time
    this.#seed = seed
    this.#hooks = hooks
  }

  register(recipient: SmsRecipient): void {
    this.#recipients.add(recipient)
  }

  get faults(): SmsFaults {
    return this.#faults
  }

  set(change: Partial<SmsFaults>): void {
    this.#faults = { ...this.#faults, ...change }
  }

  /** Messages that are stored or on their way. */
  get waiting(): number {
    return [...this.#outboxes.values()].reduce((sum, { length }) => sum + length, this.#moving)
  }

  /**
   * @param centre number of the service centre
   * @param tpdu what `submit` was read from
   * @returns +CMS ERROR, undefined once the message is in the centre's hands
   */
  submit(from: Sender, centre: string, submit: Submit, tpdu: Uint8Array): number | undefined {
    if (this.#faults.refuse > 0) return this.#faults.refuse
    if (!CENTRES.some((known) => known === centre)) return CENTRE_UNKNOWN
    const to = this.#find(submit.to.text)
    if (to !== undefined && this.#outbox(to).length + this.#moving >= QUEUE_MAX) return CONGESTION
    const id = ++this.#lastId
    this.#hooks.tap(id, tpdu)
    const message = { id, from: from.number, to: submit.to.text, octets: tpdu.length, report: false, centre }
    this.#hooks.event({ ...message, state: 'accepted' })
    const stamp = this.#time.stamp()
    const report = (status: number): void => {
      if (submit.reportWanted) this.#report(from.number, submit, stamp, status, message)
    }
    if (to === undefined) {
      this.#hooks.event({ ...message, state: 'failed', reason: 'no-such-number' })
      report(NOT_OBTAINABLE)
      return undefined
    }
    const deliver = encodeDeliver({ ...submit, from: addressOf(from.shownNumber), stamp })
    this.#send(to, { ...message, tpdu: deliver, validMs: submit.validMs ?? VALID_MS }, report)
    return undefined
  }

  knows(number: string): boolean {
    return this.#find(number) !== undefined
  }

  /** A DELIVER as it is, also a malformed one. */
  inject(from: string, number: string, tpdu: Uint8Array): void {
    const to = this.#find(number)
    if (to === undefined) return
    const message = { id: ++this.#lastId, from, to: number, octets: tpdu.length, report: false, centre: CENTRES[0] }
    this.#hooks.event({ ...message, state: 'accepted' })
    this.#send(to, { ...message, tpdu, validMs: VALID_MS }, () => {})
  }

  /** The recipient has come back, or has room again. */
  available(recipient: SmsRecipient): void {
    this.#outboxes.get(recipient)?.retry()
  }

  /** Nothing waits any more, and what was stored is gone. */
  close(): void {
    for (const cancel of this.#timers) cancel()
    this.#timers.clear()
    this.#held.clear()
    for (const outbox of this.#outboxes.values()) outbox.close()
  }

  /** One message on its way through all that may happen to it. Chances are drawn always, so that no setting shifts them. */
  #send(to: SmsRecipient, message: Omit<Copy, 'settled'>, report: (status: number) => void): void {
    const chance = chanceOf(this.#seed, `sms-${message.id}`)
    const [lost, twice, overtaken, swapped] = [chance(), chance(), chance(), chance()]
    const { loss, duplicate, reorder, swap } = this.#faults
    if (lost < loss) return this.#hooks.event({ ...facts(message), state: 'lost' })
    const centre =
      swapped < swap ? (CENTRES.find((other) => other !== message.centre) ?? message.centre) : message.centre
    const settled = (outcome: 'delivered' | 'expired'): void => report(outcome === 'delivered' ? DELIVERED : EXPIRED)
    this.#forward(to, { ...message, centre, settled }, chance, overtaken < reorder)
    if (twice >= duplicate) return
    this.#hooks.event({ ...facts(message), state: 'duplicated' })
    this.#forward(to, { ...message, centre, settled: () => {} }, chance, false)
  }

  #report(
    number: string,
    submit: Submit,
    stamp: Uint8Array,
    status: number,
    about: { readonly id: number; readonly centre: string },
  ): void {
    const to = this.#find(number)
    const { reference, to: recipient } = submit
    const tpdu = encodeStatusReport({ reference, to: recipient, stamp, discharge: this.#time.stamp(), status })
    const message = {
      id: about.id,
      from: recipient.text,
      to: number,
      octets: tpdu.length,
      report: true,
      centre: about.centre,
    }
    const chance = chanceOf(this.#seed, `sms-report-${about.id}`)
    if (to === undefined || chance() < this.#faults.reportLoss) return this.#hooks.event({ ...message, state: 'lost' })
    this.#forward(to, { ...message, tpdu, validMs: VALID_MS, settled: () => {} }, chance, false)
  }

  /** @param held it waits until another one overtakes it */
  #forward(to: SmsRecipient, copy: Copy, chance: Chance, held: boolean): void {
    const { delayMs, jitterMs } = this.#faults
    this.#moving++
    this.#after(delayMs + chance() * jitterMs, () => {
      if (held) return this.#hold(to, copy)
      this.#moving--
      this.#outbox(to).push(copy)
      for (const release of this.#held.get(to)?.splice(0) ?? []) release()
    })
  }

  #hold(to: SmsRecipient, copy: Copy): void {
    const release = (): void => {
      cancel()
      this.#moving--
      this.#outbox(to).push(copy)
    }
    const waiting = this.#held.get(to) ?? []
    this.#held.set(to, waiting)
    waiting.push(release)
    const cancel = this.#after(OVERTAKE_MS, () => {
      waiting.splice(waiting.indexOf(release), 1)
      release()
    })
  }

  #after(ms: number, run: () => void): () => void {
    const cancelTimer = this.#clock.after(ms, () => {
      this.#timers.delete(cancel)
      run()
    })
    const cancel = (): void => {
      this.#timers.delete(cancel)
      cancelTimer()
    }
    this.#timers.add(cancel)
    return cancel
  }

  #outbox(recipient: SmsRecipient): Outbox {
    const found = this.#outboxes.get(recipient)
    if (found !== undefined) return found
    const outbox = new Outbox(this.#clock, recipient, (copy, state, reason) => {
      this.#hooks.event({ ...facts(copy), state, ...(reason === undefined ? {} : { reason }) })
    })
    this.#outboxes.set(recipient, outbox)
    return outbox
  }

  /** As dialled: with `+`, with 00, or without either. */
  #find(number: string): SmsRecipient | undefined {
    const forms = [number, `+${number}`, number.replace(/^00/, '+')]
    return [...this.#recipients].reverse().find((recipient) => forms.includes(recipient.number))
  }
}

function facts({ id, from, to, octets, report, centre }: Omit<Copy, 'settled'>) {
  return { id, from, to, octets, report, centre }
}
