import { PORT_HEADER_BYTES, SMS_TIMING, SmsSender } from '../../line/bearers/sms-path.ts'
import { type PortMessage, SmsUnit } from '../../line/bearers/sms-unit.ts'
import { type Clock, systemClock } from '../../line/clock.ts'
import { ModemKeeper } from '../../line/modem/keeper.ts'
import type { ModemPort } from '../../line/modem/port.ts'
import { openSerialPort } from '../../line/modem/serial-port.ts'
import type { LinePath } from '../../line/path.ts'
import type { StreamEnd } from '../../line/stream.ts'
import { SERVER_SMS_PORT, SMS_PAYLOAD_MAX } from '../../wire/limits.ts'
import type { AnsweredCall } from '../sessions/line-service.ts'
import { Budgets } from './sms-budget.ts'
import { type TakenCall, takeCall } from './taken-call.ts'

/** Conversations at a time; the one that is idle longest makes room. */
const CONVERSATIONS_MAX = 256
/** A conversation lasts no longer, milliseconds: messages may take minutes each. */
const CONVERSATION_MAX_MS = 60 * 60_000

export interface SmsPortOptions {
  /** Serial ports, one modem each. */
  readonly paths: readonly string[]
  /** Whoever answers the messages of a conversation; closed when it ends. @param sender as the network showed it */
  readonly open: (sender: string | undefined) => AnsweredCall
  readonly log: (event: Record<string, unknown>) => void
  readonly clock?: Clock
  readonly openPort?: (path: string) => Promise<ModemPort>
}

export interface SmsPort {
  close(): Promise<void>
}

/**
 * The first port of the server (401) for the SMS bearer: modems that receive for one application port, and answer whoever writes.
 * A conversation is a sender and the port he names; nothing is granted because of either.
 */
export async function openSmsPort(options: SmsPortOptions): Promise<SmsPort> {
  const modems = options.paths.map((path) => new SmsModem(path, options))
  // Up or lost: either way the operator has been told about each modem when this resolves.
  await Promise.all(modems.map((modem) => modem.start()))
  return {
    close: async () => {
      await Promise.all(modems.map((modem) => modem.close()))
    },
  }
}

interface Conversation {
  readonly deliver: (data: Uint8Array) => void
  readonly call: TakenCall
}

class SmsModem {
  readonly #options: SmsPortOptions
  readonly #path: string
  readonly #clock: Clock
  readonly #keeper: ModemKeeper
  readonly #budgets: Budgets
  /** By sender and port; the one that was heard longest ago is first. */
  readonly #conversations = new Map<string, Conversation>()
  #unit: SmsUnit | undefined

  constructor(path: string, options: SmsPortOptions) {
    const { log, clock = systemClock, openPort = openSerialPort } = options
    this.#options = options
    this.#path = path
    this.#clock = clock
    this.#budgets = new Budgets(() => clock.now())
    this.#keeper = new ModemKeeper({
      path,
      clock,
      openPort,
      log: (it) => {
        if (it.event !== 'modem.usable') log({ ...it, path: 'line', port: path })
      },
      onUp: (modem) => {
        const unit = new SmsUnit(modem, clock, (it) => log({ ...it, path: 'line', port: path }))
        this.#unit = unit
        unit.listen(SERVER_SMS_PORT, (message) => this.#take(message))
        unit.ready().then(
          (ready) => {
            if (ready.ok) log({ event: 'modem.ready', path: 'line', port: path })
            else log({ event: 'modem.refuses', path: 'line', port: path, detail: ready.detail })
          },
          () => {},
        )
      },
      onLost: () => {
        this.#unit?.close()
        this.#unit = undefined
      },
    })
  }

  async start(): Promise<void> {
    await this.#keeper.start()
    await this.#unit?.ready()
  }

  async close(): Promise<void> {
    const all = [...this.#conversations.values()]
    for (const { call } of all) call.close()
    await Promise.all(all.map(({ call }) => call.ended))
    this.#unit?.close()
    await this.#keeper.close()
  }

  #take({ sender, source, data }: PortMessage): void {
    const { log } = this.#options
    // Nobody could be answered.
    if (sender === undefined || !/^\+?[0-9]{1,20}$/.test(sender)) return
    const key = `${sender} ${source}`
    const known = this.#conversations.get(key)
    if (known === undefined && !this.#budgets.allows(sender)) {
      log({ event: 'sms.ignored', path: 'line', port: this.#path, why: 'too-many' })
      return
    }
    log({ event: 'sms.received', path: 'line', port: this.#path, octets: data.length })
    const conversation = known ?? this.#begin(key, sender, source)
    // The newest is last.
    this.#conversations.delete(key)
    this.#conversations.set(key, conversation)
    conversation.deliver(data)
  }

  #begin(key: string, sender: string, source: number): Conversation {
    const { log } = this.#options
    if (this.#conversations.size >= CONVERSATIONS_MAX) this.#conversations.values().next().value?.call.close()
    let onPacket: (packet: Uint8Array, wireBytes: number) => void = () => {}
    let onEnd: (reason: StreamEnd) => void = () => {}
    const out = new SmsSender(
      async (data) => {
        if (!this.#budgets.spend(sender)) return { ok: false, reason: 'refused', detail: 'too many answers' }
        const unit = this.#unit
        if (unit === undefined) return { ok: false, reason: 'refused', detail: `${this.#path}: no modem` }
        const sent = await unit.send({ to: sender, source: SERVER_SMS_PORT, destination: source, data })
        log({ event: 'sms.answered', path: 'line', port: this.#path, octets: data.length, sent: sent.ok })
        return sent
      },
      () => onEnd('modem'),
    )
    const path: LinePath = {
      peer: sender,
      packetMax: SMS_PAYLOAD_MAX,
      timing: SMS_TIMING,
      send: (packet) => out.push(packet),
      open: (take, ended) => {
        onPacket = take
        onEnd = ended
      },
      hangUp: async () => out.stop(),
    }
    const call = takeCall(
      path,
      this.#clock,
      this.#options.open(sender),
      (by) => {
        this.#conversations.delete(key)
        log({ event: 'sms.ended', path: 'line', port: this.#path, by })
      },
      CONVERSATION_MAX_MS,
    )
    return { deliver: (data) => onPacket(Uint8Array.from(data), data.length + PORT_HEADER_BYTES), call }
  }
}
