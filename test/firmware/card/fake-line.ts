import type { LineCall, LineCallResult, LinePort } from '../../../firmware/card/line-call.ts'
import { assertEnrolled, type EnrolledAddress } from '../../../firmware/card/phone-book.ts'
import type { DialFailure } from '../../../line/stream.ts'
import type { Check } from '../../../wire/usb/methods.ts'
import type { ServerDouble } from './server-double.ts'

/** What happens to one call. Lost: the call breaks off before the server got the request, or before the card got the response. */
export type CallScript =
  | 'answered'
  | 'silent'
  | 'request-lost'
  | 'response-lost'
  | 'garbage'
  | 'never-ends'
  | 'never-dials'
  | DialFailure

export interface FakeCall {
  readonly address: string
  readonly requests: Buffer[]
  hungUp: number
}

/** A line whose other end is a server double, and whose fate the test decides call by call. */
export class FakeLine implements LinePort {
  readonly calls: FakeCall[] = []
  readonly server: ServerDouble
  /** For the next calls; then all are answered. */
  script: CallScript[] = []
  /** Which request of a call its script happens to; those before are answered. */
  scriptAt = 0
  /** A modem that hears no command. */
  hangUpNeverEnds = false
  /** Told of each request, before anything happens to it. */
  onRequest: () => void = () => {}
  /** Told of each dialling. */
  onDial: () => void = () => {}

  constructor(server: ServerDouble) {
    this.server = server
  }

  modem(): string {
    return '/dev/fake'
  }

  network(): undefined {
    return undefined
  }

  async check(addresses: readonly EnrolledAddress[] | undefined): Promise<readonly Check[]> {
    for (const address of addresses ?? []) assertEnrolled(address)
    return [{ name: 'modem', verdict: 'ok', what: `${addresses?.length ?? 'no'} addresses` }]
  }

  async call(address: EnrolledAddress, signal: AbortSignal): Promise<LineCallResult> {
    assertEnrolled(address)
    const script = this.script.shift() ?? 'answered'
    const call: FakeCall = { address: address.address, requests: [], hungUp: 0 }
    this.calls.push(call)
    this.server.newCall()
    this.onDial()
    if (script === 'never-dials') return new Promise(() => {})
    if (isDialFailure(script)) return { ok: false, reason: script, detail: `/dev/fake: ${script}` }
    if (signal.aborted) return { ok: false, reason: 'cancelled', detail: 'cancelled' }
    return { ok: true, call: this.#call(call, script) }
  }

  get open(): number {
    return this.calls.reduce((sum, { hungUp, requests }) => sum + (requests.length > 0 && hungUp === 0 ? 1 : 0), 0)
  }

  #call(call: FakeCall, fate: CallScript): LineCall {
    let lost = false
    const report = { bytesUp: 0, bytesDown: 0, messagesUp: 0, messagesDown: 0, exchangeMs: 7 }
    const request = async (message: Uint8Array, signal: AbortSignal): Promise<Uint8Array | undefined> => {
      call.requests.push(Buffer.from(message))
      report.bytesUp += message.length
      report.messagesUp++
      this.onRequest()
      const script = call.requests.length > this.scriptAt ? fate : 'answered'
      if (signal.aborted || script === 'silent') return undefined
      if (script === 'never-ends') return new Promise(() => {})
      if (script === 'garbage') return Buffer.alloc(60, 0x55)
      lost = script === 'request-lost'
      if (lost) return undefined
      const response = this.server.handle(message, call.address)
      lost = script === 'response-lost'
      if (lost) return undefined
      report.bytesDown += response?.length ?? 0
      report.messagesDown++
      return response
    }
    return {
      request,
      get lost() {
        return lost
      },
      report: () => report,
      hangUp: () => {
        call.hungUp++
        return this.hangUpNeverEnds ? new Promise(() => {}) : Promise.resolve()
      },
    }
  }
}

function isDialFailure(script: CallScript): script is DialFailure {
  const calls = ['busy', 'no-answer', 'no-carrier', 'no-dialtone', 'cancelled']
  return [...calls, 'modem-absent', 'modem-fault', 'internet'].includes(script)
}
