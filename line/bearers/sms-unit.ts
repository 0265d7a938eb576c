import { CARD_SMS_PORTS } from '../../wire/limits.ts'
import type { Clock } from '../clock.ts'
import type { ModemAccess } from '../modem/access.ts'
import { explainModemError } from '../modem/explain-error.ts'
import { parseMessageList, type StoredMessage } from '../modem/message-list.ts'
import { decodePdu, type SmsDeliver } from '../modem/sms/pdu.ts'
import type { SmsStatus } from '../modem/sms/status.ts'
import { encodeSubmit } from '../modem/sms/submit.ts'
import { classifyUrc } from '../modem/urc.ts'
import { SmsReports } from './sms-reports.ts'
import { type SmsSent, setUpSms } from './sms-set-up.ts'

/** A message for one of our ports. */
export interface PortMessage {
  /** As the network says it: a hint for the way back and never a proof. */
  readonly sender: string | undefined
  /** Application ports: of the sender, and ours. */
  readonly source: number
  readonly destination: number
  readonly data: Uint8Array
}

export interface OutgoingSms {
  readonly to: string
  readonly source: number
  readonly destination: number
  /** At most 133 bytes. */
  readonly data: Uint8Array
  /** Told what the service centre says became of it. */
  readonly onReport?: ((status: SmsStatus) => void) | undefined
}

type Foreign = 'no-port' | 'other-port' | 'malformed'

/** Nothing of what a message says is in any of these. */
export type SmsEvent =
  | { readonly event: 'sms.foreign'; readonly why: Foreign }
  | { readonly event: 'sms.deleted'; readonly why: 'memory-full' }
  | { readonly event: 'sms.refused'; readonly code: string; readonly detail: string }

/** To the service centre and back, milliseconds (makers say up to 60 s). */
const SEND_MS = 60_000
const READ_MS = 10_000
/** A +CMTI may be lost, as while a call runs: the memory is looked through so often while somebody waits, milliseconds. */
const SWEEP_MS = 30_000
/** Messages that wait for their turn: a modem needs some seconds for each. */
const SENDS_MAX = 256
/** The lines of a list: its headers, and PDUs, which begin with the length of the SMSC. All else the modem says by itself. */
const LISTED = ['+CMGL', '+CMGR', ...'0123456789']
const MEMORY_FULL = 'CMS_322'
const READ_STORED = 4
const DELETE = 'AT+CMGD='

/**
 * Short messages on one modem that was brought up, in PDU mode with application ports. What comes is stored by the modem first, and
 * deleted only when it was handed on: a crash loses nothing, and who receives bears a duplicate.
 */
export class SmsUnit {
  readonly #modem: ModemAccess
  readonly #clock: Clock
  readonly #log: (event: SmsEvent) => void
  readonly #ports = new Map<number, (message: PortMessage) => void>()
  readonly #reports = new SmsReports()
  readonly #stop: () => void
  #ready: Promise<SmsSent> | undefined
  /** Places to be read; `sweep` reads all. */
  #due: { sweep: boolean; readonly indices: Set<number> } = { sweep: false, indices: new Set() }
  #reading = false
  /** Places of messages that are nobody's here and were told. */
  #told = new Set<number>()
  #turn: Promise<unknown> = Promise.resolve()
  #sends = 0
  #cancelSweep = (): void => {}
  #closed = false

  constructor(modem: ModemAccess, clock: Clock, log: (event: SmsEvent) => void) {
    this.#modem = modem
    this.#clock = clock
    this.#log = log
    this.#stop = modem.onUrc((text) => this.#urc(text))
  }

  /** Once, and again after a reset of the modem. */
  ready(): Promise<SmsSent> {
    this.#ready ??= this.#setUp()
    return this.#ready
  }

  /** @param take gets each message for this port, perhaps twice @returns ends it */
  listen(port: number, take: (message: PortMessage) => void): () => void {
    this.#ports.set(port, take)
    this.#sweepNow()
    return () => {
      this.#ports.delete(port)
      if (this.#ports.size === 0) this.#cancelSweep()
    }
  }

  isFree(port: number): boolean {
    return !this.#ports.has(port)
  }

  /** One message, when its turn comes, so that the engine's queue has room for what must be read. Never repeated here. */
  async send(message: OutgoingSms): Promise<SmsSent> {
    const { path } = this.#modem
    if (this.#sends >= SENDS_MAX) return { ok: false, reason: 'refused', detail: `${path}: ${SENDS_MAX} messages wait` }
    this.#sends++
    const sent = this.#turn.then(() => this.#sendNow(message)).finally(() => this.#sends--)
    this.#turn = sent.catch(() => {})
    return sent
  }

  async #sendNow({ to, source, destination, data, onReport }: OutgoingSms): Promise<SmsSent> {
    const set = await this.ready()
    if (!set.ok) return set
    const statusReport = onReport !== undefined
    const { pdu, tpduLength } = encodeSubmit({ to, data, ports: { source, destination }, statusReport })
    if (statusReport) this.#reports.begin()
    const { final, lines } = await this.#modem.engine.send(`AT+CMGS=${tpduLength}`, pdu, SEND_MS, ['+CMGS'])
    if (onReport !== undefined) this.#reports.sent(final.type === 'ok' ? referenceOf(lines) : undefined, onReport)
    const { path } = this.#modem
    if (final.type === 'ok') return { ok: true }
    if (final.type === 'timeout') return { ok: false, reason: 'unknown', detail: `${path}: no answer to the message` }
    if (final.type === 'reset') return { ok: false, reason: 'lost', detail: `${path}: the modem reset or vanished` }
    const words = final.type === 'error' ? final.text : final.type
    const known = explainModemError(words)
    if (known?.code === MEMORY_FULL) this.#sweepNow()
    const detail = `${path}: ${known === undefined ? words : `${known.what}; ${known.cure}`}`
    this.#log({ event: 'sms.refused', code: known?.code ?? 'ERROR', detail })
    return { ok: false, reason: 'refused', detail }
  }

  close(): void {
    this.#closed = true
    this.#cancelSweep()
    this.#stop()
    this.#ports.clear()
    this.#reports.clear()
  }

  async #setUp(): Promise<SmsSent> {
    const done = await setUpSms(this.#modem)
    if (!done.ok) this.#ready = undefined
    return done
  }

  #urc(text: string): void {
    if (text === 'RDY') {
      this.#ready = undefined
      this.#reports.clear()
      return
    }
    const [head = '', data] = text.split('\n')
    const urc = classifyUrc(head)
    if (urc.type === 'sms-stored') {
      this.#told.delete(urc.index)
      this.#due.indices.add(urc.index)
      this.#read()
    } else if (urc.type === 'sms-memory' && urc.full) this.#sweepNow()
    else if (urc.type === 'sms' && data !== undefined) {
      const { foreign } = this.#take(data, urc.length)
      if (foreign !== undefined) this.#log({ event: 'sms.foreign', why: foreign })
      if (urc.kind !== 'broadcast') this.#acknowledge().catch(() => {})
    }
  }

  /** Phase 2+: what is not acknowledged comes again, and after some the modem brings no more (TS 27.005 §3.4.4). */
  async #acknowledge(): Promise<void> {
    await this.#modem.engine.command('AT+CNMA=0', READ_MS)
  }

  #sweepNow(): void {
    this.#due.sweep = true
    this.#read()
    this.#cancelSweep()
    if (this.#ports.size > 0 && !this.#closed) this.#cancelSweep = this.#clock.after(SWEEP_MS, () => this.#sweepNow())
  }

  /** One reading at a time; what comes meanwhile is read after it. */
  #read(): void {
    // In data mode nothing can be asked: the next sweep will.
    if (this.#reading || this.#closed || this.#modem.user !== undefined || this.#ports.size === 0) return
    this.#reading = true
    this.#readDue()
      .catch(() => {})
      .finally(() => {
        this.#reading = false
        if (this.#due.sweep || this.#due.indices.size > 0) this.#read()
      })
  }

  async #readDue(): Promise<void> {
    const due = this.#due
    this.#due = { sweep: false, indices: new Set() }
    if (!(await this.ready()).ok) return
    if (due.sweep) return await this.#sweep()
    for (const index of due.indices) {
      const { lines } = await this.#modem.engine.command(`AT+CMGR=${index}`, READ_MS, LISTED)
      for (const message of this.#listed(lines)) await this.#handOn({ ...message, index })
    }
  }

  async #sweep(): Promise<void> {
    const { engine } = this.#modem
    const { lines, final } = await engine.command(`AT+CMGL=${READ_STORED}`, READ_MS, LISTED)
    if (final.type !== 'ok') return
    const left: number[] = []
    for (const message of this.#listed(lines)) {
      if (!(await this.#handOn(message)) && message.index !== undefined) left.push(message.index)
    }
    this.#told = new Set(left)
    if (left.length === 0 || !(await this.#isFull())) return
    // Otherwise nothing of ours could come any more.
    for (const index of left) await engine.command(`${DELETE}${index}`, READ_MS)
    this.#told.clear()
    this.#log({ event: 'sms.deleted', why: 'memory-full' })
  }

  /** What the modem said by itself between the lines of a list is heard as ever. */
  #listed(lines: readonly string[]): readonly StoredMessage[] {
    const { messages, others } = parseMessageList(lines)
    for (const text of others) this.#urc(text)
    return messages.filter(({ status }) => status === 'unread' || status === 'read')
  }

  /** @returns false for a message that is nobody's here and stays where it is; it is told once and not with each look */
  async #handOn({ index, pdu, length }: StoredMessage): Promise<boolean> {
    const { done, foreign } = this.#take(pdu, length)
    if (foreign !== undefined && (index === undefined || !this.#told.has(index))) {
      this.#log({ event: 'sms.foreign', why: foreign })
    }
    if (index !== undefined && !done) this.#told.add(index)
    if (index !== undefined && done) await this.#modem.engine.command(`${DELETE}${index}`, READ_MS)
    return done
  }

  /** @returns whether it is of no more use */
  #take(hex: string, length: number | undefined): { readonly done: boolean; readonly foreign?: Foreign } {
    const pdu = decodePdu(hex, 'received', length)
    if (pdu.type === 'status-report') {
      this.#reports.came(pdu.mr, pdu.status)
      return { done: true }
    }
    return pdu.type === 'deliver' ? this.#deliver(pdu) : { done: false, foreign: 'malformed' }
  }

  #deliver({ ports, sender, data }: SmsDeliver): { readonly done: boolean; readonly foreign?: Foreign } {
    if (ports === undefined) return { done: false, foreign: 'no-port' }
    const take = this.#ports.get(ports.destination)
    // To a conversation that is over: of no use to anybody any more.
    if (take === undefined) return { done: isOurs(ports.destination), foreign: 'other-port' }
    take({ sender: sender?.text, source: ports.source, destination: ports.destination, data })
    return { done: true }
  }

  async #isFull(): Promise<boolean> {
    const { lines } = await this.#modem.engine.command('AT+CPMS?', READ_MS, ['+CPMS'])
    const [, used, total] = /^\+CPMS:\s*"[A-Z]{2}",\s*(\d+),\s*(\d+)/.exec(lines[0] ?? '') ?? []
    return used !== undefined && total !== undefined && Number(used) >= Number(total)
  }
}

function referenceOf(lines: readonly string[]): number | undefined {
  const reference = Number(/^\+CMGS:\s*(\d+)/.exec(lines[0] ?? '')?.[1])
  return reference <= 0xff ? reference : undefined
}

function isOurs(port: number): boolean {
  return port >= CARD_SMS_PORTS.first && port <= CARD_SMS_PORTS.last
}
