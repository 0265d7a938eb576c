import { CARD_SMS_PORTS, SERVER_SMS_PORT, SMS_PAYLOAD_MAX } from '../../wire/limits.ts'
import type { LinePath, LinkTiming } from '../path.ts'
import type { StreamEnd } from '../stream.ts'
import type { SmsSent } from './sms-set-up.ts'
import type { SmsUnit } from './sms-unit.ts'

/** The header with both ports in front of the data (TS 23.040 §9.2.3.24.4), octets. */
export const PORT_HEADER_BYTES = 7
/** Refusals in a row after which the modem is given up. */
const REFUSALS_MAX = 3

/** Messages take seconds, and minutes where a telephone is out of reach; they overtake each other. */
export const SMS_TIMING: LinkTiming = {
  firstRtoMs: 20_000,
  rtoMinMs: 5000,
  slowestBitsPerSecond: 0,
  sends: 12,
  idleMs: 15 * 60_000,
}

/** The sending half, the same for both ends: in order, one after the other, until the path is over. */
export class SmsSender {
  readonly #send: (data: Uint8Array) => ReturnType<SmsUnit['send']>
  readonly #onFailed: () => void
  #last: Promise<unknown> = Promise.resolve()
  #waiting = 0
  #refusals = 0
  #over = false

  /** @param onFailed told once, when the modem takes no messages */
  constructor(send: (data: Uint8Array) => ReturnType<SmsUnit['send']>, onFailed: () => void) {
    this.#send = send
    this.#onFailed = onFailed
  }

  /** @returns octets of user data; what is lost on the way is the transport's to repeat */
  push(packet: Uint8Array): number {
    const data = Uint8Array.from(packet)
    this.#waiting++
    this.#last = this.#last.then(async () => {
      this.#waiting--
      if (this.#over) return
      const sent = await this.#send(data).catch(notSent)
      this.#refusals = sent.ok || sent.reason === 'unknown' ? 0 : this.#refusals + 1
      if (this.#refusals >= REFUSALS_MAX || (!sent.ok && sent.reason === 'lost')) this.#fail()
    })
    return data.length + PORT_HEADER_BYTES
  }

  /** Messages that wait for their turn. */
  get waiting(): number {
    return this.#waiting
  }

  stop(): void {
    this.#over = true
  }

  #fail(): void {
    if (this.#over) return
    this.#over = true
    this.#onFailed()
  }
}

/** A fault of the program must end one conversation and not all of them. */
function notSent(error: unknown): SmsSent {
  return { ok: false, reason: 'refused', detail: String(error) }
}

/**
 * Places among the ports for conversations, one after the other from one drawn by chance. Drawn anew each time, one would soon be that of
 * a conversation which the server has not forgotten: it answers the first request there with what it answered to that of long ago.
 * @returns what `openSms` takes for `random`
 */
export function portsInTurn(random: () => number = Math.random): () => number {
  const count = CARD_SMS_PORTS.last - CARD_SMS_PORTS.first + 1
  let turn = Math.floor(random() * count)
  return () => {
    turn = (turn + 1) % count
    // The middle of its place, so that no rounding makes it another one.
    return (turn + 0.5) / count
  }
}

/**
 * The card's end of a conversation by short messages. Its own port, chosen anew for each, is the conversation's name: what comes late of
 * an earlier one is for a port that nobody listens to.
 * @param to the server's number @param random 0 … 1
 */
export function openSms(unit: SmsUnit, to: string, random: () => number = Math.random): LinePath {
  const port = freePort(unit, random)
  let over = false
  let onEnd: (reason: StreamEnd) => void = () => {}
  let stop = (): void => {}
  const end = (reason: StreamEnd): void => {
    if (over) return
    over = true
    stop()
    sender.stop()
    onEnd(reason)
  }
  const message = { to, source: port, destination: SERVER_SMS_PORT }
  const sender = new SmsSender(
    (data) =>
      unit.send({
        ...message,
        data,
        // The centre gave up: so does this conversation, and the policy decides.
        onReport: ({ outcome }) => outcome === 'failed' && end('remote'),
      }),
    () => end('modem'),
  )
  return {
    peer: to,
    packetMax: SMS_PAYLOAD_MAX,
    timing: SMS_TIMING,
    send: (packet) => sender.push(packet),
    open: (onPacket, onEnded) => {
      onEnd = onEnded
      stop = unit.listen(port, ({ source, data }) => {
        if (!over && source === SERVER_SMS_PORT) onPacket(Uint8Array.from(data), data.length + PORT_HEADER_BYTES)
      })
    },
    hangUp: async () => end('local'),
  }
}

function freePort(unit: SmsUnit, random: () => number): number {
  const { first, last } = CARD_SMS_PORTS
  const count = last - first + 1
  const start = Math.floor(random() * count) % count
  for (let n = 0; n < count; n++) {
    const port = first + ((start + n) % count)
    if (unit.isFree(port)) return port
  }
  throw new RangeError('expected a free port for a conversation')
}
