import { CallModem } from '../../line/bearers/call-modem.ts'
import { PacketModem } from '../../line/bearers/packet-modem.ts'
import { openSms, portsInTurn } from '../../line/bearers/sms-path.ts'
import { SmsUnit } from '../../line/bearers/sms-unit.ts'
import type { Clock } from '../../line/clock.ts'
import { LinkClient } from '../../line/link-client.ts'
import type { PowerKey } from '../../line/modem/climber.ts'
import { type KeeperEvent, ModemKeeper } from '../../line/modem/keeper.ts'
import type { Modem } from '../../line/modem/modem.ts'
import type { Service } from '../../line/modem/network.ts'
import type { ModemPort } from '../../line/modem/port.ts'
import type { SimOptions } from '../../line/modem/sim-card.ts'
import type { LinePath } from '../../line/path.ts'
import type { DialFailure, DialResult, StreamEnd } from '../../line/stream.ts'
import { streamPath } from '../../line/stream-path.ts'
import { parseCanary, parsePacketAddress } from '../../wire/line/packet-address.ts'
import type { Check, NetworkLook } from '../../wire/usb/methods.ts'
import type { LineCall, LineCallResult, LinePort } from './line-call.ts'
import { checkLine } from './line-checks.ts'
import { assertEnrolled, type EnrolledAddress } from './phone-book.ts'

export interface ModemLineOptions {
  /** Serial port of the modem. */
  readonly path: string
  readonly clock: Clock
  readonly openPort: (path: string) => Promise<ModemPort>
  readonly sim?: SimOptions
  readonly powerKey?: PowerKey
  readonly log: (event: KeeperEvent) => void
}

/** A network is found again within this time, or the next bearer is better, milliseconds. */
const REGISTER_MS = 30_000

/** What to do about a modem that could not be brought up. */
const CURES = {
  'modem-absent': 'check its cable and power, the path given with --modem, and that no other program uses it',
  'modem-fault': 'switch the modem off and on again',
  'sim-unusable': 'do what is said, then run this again',
} as const

type Opened =
  | { readonly ok: true; readonly path: LinePath }
  | { readonly ok: false; readonly reason: DialFailure; readonly detail: string }

/** The bearers of one modem that was brought up; what they know of it goes with it. */
interface Bearers {
  readonly modem: Modem
  readonly calls: CallModem
  readonly packets: PacketModem
  readonly messages: SmsUnit
}

/** The line by one modem, whichever bearer an address is of. The modem is kept up between the calls. */
export class ModemLine implements LinePort {
  readonly #options: ModemLineOptions
  readonly #keeper: ModemKeeper
  /** Kept while modems come and go: the server's conversations last longer. */
  readonly #nextPort = portsInTurn()
  #bearers: Bearers | undefined

  constructor(options: ModemLineOptions) {
    const { path, clock, openPort, sim, powerKey, log } = options
    this.#options = options
    this.#keeper = new ModemKeeper({ path, clock, openPort, powerKey, log, modem: { sim } })
  }

  modem(): string {
    return this.#keeper.problem ?? this.#options.path
  }

  /** It was brought up, or it is known why not. */
  get known(): boolean {
    return this.#keeper.problem !== undefined || this.#keeper.status !== undefined
  }

  /** Whether the modem's engine goes forward: one that finds no modem does. */
  get progressing(): boolean {
    return this.#keeper.progressing
  }

  network(): NetworkLook | undefined {
    const status = this.#keeper.status
    if (status === undefined) return undefined
    const { name, sim, registration, operator, signalDbm, signalBars } = status
    return {
      sim,
      ...(name !== undefined && { modem: name.slice(0, 64) }),
      ...(registration !== undefined && { registration }),
      ...(operator !== undefined && { operator: operator.slice(0, 64) }),
      ...(signalDbm !== undefined && { signalDbm }),
      ...(signalBars !== undefined && { signalBars }),
    }
  }

  async check(addresses: readonly EnrolledAddress[] | undefined, signal: AbortSignal): Promise<readonly Check[]> {
    for (const address of addresses ?? []) assertEnrolled(address)
    const acquired = await this.#keeper.acquire()
    if (!acquired.ok) {
      const name = acquired.reason === 'sim-unusable' ? 'SIM card' : 'modem'
      return [{ name, verdict: 'failed', what: acquired.detail.slice(0, 400), cure: CURES[acquired.reason] }]
    }
    const { modem } = acquired
    const trouble = await modem.look()
    if (trouble !== undefined) {
      return [{ name: 'SIM card', verdict: 'failed', what: trouble.slice(0, 400), cure: CURES['sim-unusable'] }]
    }
    const { packets, messages } = this.#of(modem)
    return checkLine({ modem, packets, messages }, addresses, signal)
  }

  /** Brings the modem up now, so that `modem()` says how it is; goes on by itself. Never fails. */
  async probe(): Promise<void> {
    await this.#keeper.start().catch(() => {})
  }

  /** @throws CardError NUMBER_NOT_ENROLLED (as a rejection) */
  async call(address: EnrolledAddress, signal: AbortSignal): Promise<LineCallResult> {
    assertEnrolled(address)
    const acquired = await this.#keeper.acquire()
    if (!acquired.ok) return acquired
    const opened = await this.#open(this.#of(acquired.modem), address, signal)
    return opened.ok ? { ok: true, call: callOn(opened.path, this.#options.clock) } : opened
  }

  async close(): Promise<void> {
    this.#closeBearers()
    await this.#keeper.close()
  }

  #of(modem: Modem): Bearers {
    if (this.#bearers?.modem === modem) return this.#bearers
    this.#closeBearers()
    const { clock } = this.#options
    this.#bearers = {
      modem,
      calls: new CallModem(modem),
      packets: new PacketModem(modem, clock),
      messages: new SmsUnit(modem, clock, () => {}),
    }
    return this.#bearers
  }

  #closeBearers(): void {
    this.#bearers?.packets.close()
    this.#bearers?.messages.close()
  }

  async #open(
    { modem, calls, packets, messages }: Bearers,
    { bearer, address, canary }: EnrolledAddress,
    signal: AbortSignal,
  ): Promise<Opened> {
    switch (bearer) {
      case 'call':
        return onStream(await calls.dial(address, signal))
      case 'packet': {
        const out = await this.#unregistered(modem, 'packet', signal)
        if (out !== undefined) return out
        const network = canary === undefined ? undefined : parseCanary(canary)
        return onStream(await packets.open(parsePacketAddress(address), network, signal))
      }
      case 'sms': {
        const out = await this.#unregistered(modem, 'sms', signal)
        if (out !== undefined) return out
        const ready = await messages.ready()
        if (ready.ok) return { ok: true, path: openSms(messages, address, this.#nextPort) }
        return { ok: false, reason: ready.reason === 'lost' ? 'modem-absent' : 'modem-fault', detail: ready.detail }
      }
    }
  }

  async #unregistered(modem: Modem, service: Service, signal: AbortSignal): Promise<Opened | undefined> {
    const registered = await modem.registered(service, REGISTER_MS, signal)
    if (signal.aborted) return { ok: false, reason: 'cancelled', detail: 'cancelled before connecting' }
    if (registered.ok) return undefined
    return { ok: false, reason: 'not-registered', detail: `${modem.path}: ${registered.state}` }
  }
}

function onStream(result: DialResult): Opened {
  return result.ok ? { ok: true, path: streamPath(result.stream) } : result
}

function callOn(path: LinePath, clock: Clock): LineCall {
  let ended: StreamEnd | undefined
  const link = new LinkClient(
    {
      ...path,
      open: (onPacket, onEnd) =>
        path.open(onPacket, (end) => {
          ended = end
          onEnd(end)
        }),
    },
    clock,
  )
  return {
    request: (message, signal) => link.request(message, signal),
    get lost() {
      return ended === 'remote' || ended === 'modem'
    },
    report: () => link.report,
    hangUp: () => path.hangUp(),
  }
}
