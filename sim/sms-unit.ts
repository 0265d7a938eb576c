import type { Settings } from './at-settings.ts'
import type { Clock } from './clock.ts'
import type { SimCard } from './sim-card.ts'
import type { Sender, SmsCentre } from './sms-centre.ts'
import type { SmsRecipient, Taken } from './sms-outbox.ts'
import { classOf, decodeDeliver, decodeSubmit } from './sms-pdu.ts'
import { arrivedMessage, arrivedReport, formOf } from './sms-show.ts'
import { MessageStore } from './sms-store.ts'

/** How long a terminal may take for +CNMA, milliseconds (TM of TS 24.011 is 10 to 25 s). */
const ACKNOWLEDGE_MS = 15_000
/** From the last byte of a message to its result, milliseconds. */
const SUBMIT_MS = 300
/** Indications that are kept while +CNMI=0 holds them back; the oldest ones go first. */
const BUFFER_MAX = 20
const MESSAGES = 50

/** +CMS ERROR (TS 27.005 §3.2.5). */
const INVALID_PDU = 304
const NO_NETWORK = 331
const NOTHING_TO_ACKNOWLEDGE = 340

export interface SmsHost {
  readonly clock: Clock
  readonly centre: SmsCentre | undefined
  sender(): Sender
  settings(): Settings
  change(set: Partial<Settings>): void
  card(): SimCard | undefined
  /** Known to the network, and working. */
  attached(): boolean
  /** Memories have changed. */
  changed(): void
  /** A result that comes by itself. */
  urc(line: string): void
}

type Submitted = { readonly mr: number } | { readonly cms: number }
type Arrived = Parameters<SmsRecipient['take']>[0]

/** The short message service of one modem: its memories, what it hands in, and what becomes of what arrives. */
export class SmsUnit implements SmsRecipient {
  readonly #host: SmsHost
  readonly #own: MessageStore
  #awaiting: { readonly done: (taken: Taken) => void; readonly cancel: () => void } | undefined
  #buffered: string[] = []
  /** Messages between the terminal and the network. */
  readonly #sending = new Set<() => void>()

  constructor(host: SmsHost, messages: number = MESSAGES) {
    this.#host = host
    this.#own = new MessageStore('ME', messages)
    host.centre?.register(this)
  }

  get number(): string {
    return this.#host.card()?.number ?? ''
  }

  reachable(): boolean {
    return this.#host.attached()
  }

  /** @param name `SM` on the card, `ME` in the modem; undefined without a card */
  memory(name: string): MessageStore | undefined {
    return name === 'ME' ? this.#own : this.#host.card()?.messages
  }

  /** Where what arrives is stored (mem3). */
  get full(): boolean {
    return this.memory(this.#host.settings().memories[2] ?? 'SM')?.full ?? false
  }

  /**
   * Who closes the port has sent it all the same; only a reset forgets it.
   *
   * @param centre empty for the card's own
   * @param done TP-MR, or +CMS ERROR; never at once
   * @returns how to forget about the result
   */
  submit(centre: string, tpdu: Uint8Array, done: (result: Submitted) => void): () => void {
    let wanted = true
    const cancel = this.#host.clock.after(SUBMIT_MS, () => {
      this.#sending.delete(cancel)
      const result = this.#submit(centre, tpdu)
      if (wanted) done(result)
    })
    this.#sending.add(cancel)
    return () => {
      wanted = false
    }
  }

  take(arrived: Arrived, done: (taken: Taken) => void): void {
    if (arrived.report) this.#takeReport(arrived, done)
    else this.#takeMessage(arrived, done)
    this.#host.changed()
  }

  /** +CNMA. @returns +CMS ERROR if there is nothing to acknowledge */
  acknowledge(positive: boolean): number | undefined {
    const awaiting = this.#awaiting
    if (awaiting === undefined) return NOTHING_TO_ACKNOWLEDGE
    this.#settle(positive ? 'taken' : 'failed')
    return undefined
  }

  /** There may be room again. */
  freed(): void {
    this.#host.centre?.available(this)
  }

  /** +CNMI was set. @param clear what was held back is thrown away */
  routed(clear: boolean): void {
    if ((this.#host.settings().cnmi[0] ?? 0) === 0) return
    const lines = this.#buffered.splice(0)
    if (!clear) for (const line of lines) this.#host.urc(line)
  }

  /** Switched off or reset: what was not acknowledged comes again. */
  reset(): void {
    this.#buffered = []
    for (const cancel of this.#sending) cancel()
    this.#sending.clear()
    this.#settle('failed')
  }

  #submit(centre: string, tpdu: Uint8Array): Submitted {
    const card = this.#host.card()
    const submit = decodeSubmit(tpdu)
    if (submit === undefined) return { cms: INVALID_PDU }
    if (card === undefined || this.#host.centre === undefined || !this.#host.attached()) return { cms: NO_NETWORK }
    const mr = card.nextReference()
    const sent = Uint8Array.from(tpdu)
    sent[1] = mr
    const from = this.#host.sender()
    const cms = this.#host.centre.submit(from, centre === '' ? card.centre : centre, { ...submit, reference: mr }, sent)
    return cms === undefined ? { mr } : { cms }
  }

  #takeMessage(arrived: Arrived, done: (taken: Taken) => void): void {
    const deliver = decodeDeliver(arrived.tpdu)
    const [, mt = 0] = this.#host.settings().cnmi
    const kind = deliver && classOf(deliver.coding)
    // TS 23.040 §9.2.3.9: a message of type 0 is acknowledged, and nothing else happens.
    if (deliver?.protocol === 0x40) return done('taken')
    // Class 0 is shown at once and not kept, class 2 belongs on the card (TS 27.005 table 3.4.1).
    const direct = kind !== 2 && (mt === 2 || (mt === 3 && kind === 3) || (mt > 0 && kind === 0))
    if (direct) return this.#direct(`+CMT: ${arrivedMessage(arrived, formOf(this.#host.settings()))}`, done)
    const indication = mt > 0 ? '+CMTI' : undefined
    this.#keep(arrived, kind === 2 ? 'SM' : undefined, indication, done)
  }

  #takeReport(arrived: Arrived, done: (taken: Taken) => void): void {
    const ds = this.#host.settings().cnmi[3] ?? 0
    if (ds === 1) return this.#direct(`+CDS: ${arrivedReport(arrived, formOf(this.#host.settings()))}`, done)
    if (ds === 2) return this.#keep(arrived, undefined, '+CDSI', done)
    done('taken')
  }

  #keep(
    { centre, tpdu }: Arrived,
    name: 'SM' | undefined,
    indication: string | undefined,
    done: (taken: Taken) => void,
  ): void {
    const memory = this.memory(name ?? this.#host.settings().memories[2] ?? 'SM')
    const index = memory?.add({ status: 0, centre, tpdu })
    if (memory === undefined || index === undefined) return done('full')
    if (indication !== undefined) this.#indicate(`${indication}: "${memory.name}",${index}`)
    done('taken')
  }

  /** With +CSMS=1 the network waits for +CNMA; without it in time, all such routing ends (TS 27.005 §3.4.4). */
  #direct(line: string, done: (taken: Taken) => void): void {
    this.#indicate(line)
    if (this.#host.settings().csms === 0) return done('taken')
    const cancel = this.#host.clock.after(ACKNOWLEDGE_MS, () => {
      const [mode = 0, , bm = 0, , bfr = 0] = this.#host.settings().cnmi
      this.#host.change({ cnmi: [mode, 0, bm, 0, bfr] })
      this.#settle('failed')
    })
    this.#awaiting = { done, cancel }
  }

  #indicate(line: string): void {
    if ((this.#host.settings().cnmi[0] ?? 0) !== 0) return this.#host.urc(line)
    this.#buffered.push(line)
    if (this.#buffered.length > BUFFER_MAX) this.#buffered.shift()
  }

  #settle(taken: Taken): void {
    const awaiting = this.#awaiting
    this.#awaiting = undefined
    awaiting?.cancel()
    awaiting?.done(taken)
  }
}
