import type { Endpoint } from '../../wire/line/packet-address.ts'
import type { Clock } from '../clock.ts'
import type { ModemAccess } from '../modem/access.ts'
import type { DataEnd } from '../modem/data-mode.ts'
import { CURES } from '../modem/modem-error.ts'
import type { PacketSetUp, PacketTarget } from '../modem/profiles/profile.ts'
import type { DialResult } from '../stream.ts'
import { cancelled, dialFailure, type Refusal } from './at-line.ts'
import { CallStream } from './call-stream.ts'
import { askCanary } from './canary.ts'
import { PacketContext } from './packet-context.ts'
import { closeSocket, openSocket } from './packet-socket.ts'

/** Once more after the network was found to have taken the context away. */
const ATTEMPTS = 2

type DialFailed = Exclude<DialResult, { readonly ok: true }>
export type ProveResult = { readonly ok: true } | DialFailed

/** The packet bearer: one modem, its private network, and at most one connection in it. */
export class PacketModem {
  readonly #modem: ModemAccess
  readonly #clock: Clock
  readonly #setUp: PacketSetUp | undefined
  readonly #context: PacketContext | undefined
  #opening = false

  constructor(modem: ModemAccess, clock: Clock) {
    this.#modem = modem
    this.#clock = clock
    this.#setUp = modem.profile.packet
    this.#context = this.#setUp && new PacketContext(modem, clock, this.#setUp)
  }

  /**
   * Enters the private network if the modem is not in it, sees once that this is not the Internet, and connects.
   * @param canary address on the Internet that must not be reached; without one nothing is proved
   * @returns in bounded time; after `signal` as soon as the modem takes commands again
   */
  open(target: PacketTarget, canary: Endpoint | undefined, signal: AbortSignal): Promise<DialResult> {
    return this.#alone((setUp, context) => this.#attempts(setUp, context, target, canary, signal))
  }

  /** Enters the network and asks the canary anew, and connects to nobody. */
  prove(target: PacketTarget, canary: Endpoint | undefined, signal: AbortSignal): Promise<ProveResult> {
    return this.#alone(async (setUp, context): Promise<ProveResult> => {
      context.proved = false
      const refused = await this.#enter(setUp, context, target, canary, signal)
      if (refused === undefined) return { ok: true }
      return 'reason' in refused ? refused : dialFailure(refused, 'no-answer')
    })
  }

  async #alone<T>(run: (setUp: PacketSetUp, context: PacketContext) => Promise<T>): Promise<T | DialFailed> {
    const { path, profile, user } = this.#modem
    const [setUp, context] = [this.#setUp, this.#context]
    if (setUp === undefined || context === undefined) {
      return { ok: false, reason: 'modem-fault', detail: `${path}: ${profile.missing ?? 'no packet connections'}` }
    }
    if (user !== undefined || this.#opening) {
      return { ok: false, reason: 'busy', detail: `${path}: the modem is used already` }
    }
    this.#opening = true
    try {
      return await run(setUp, context)
    } finally {
      this.#opening = false
    }
  }

  /** Out of the private network, for whoever wants the radio for something else. After the connection was hung up. */
  async leave(): Promise<void> {
    await this.#context?.leave()
  }

  /** Listens to the modem no more, as when it is brought up anew. */
  close(): void {
    this.#context?.close()
  }

  async #attempts(
    setUp: PacketSetUp,
    context: PacketContext,
    target: PacketTarget,
    canary: Endpoint | undefined,
    signal: AbortSignal,
  ): Promise<DialResult> {
    for (let attempt = 1; ; attempt++) {
      const refused = await this.#enter(setUp, context, target, canary, signal)
      const result = refused ?? (await this.#connect(setUp, target, signal))
      if ('stream' in result || 'reason' in result) return result
      const broke = result.cause?.cure === CURES.reopen
      // Then the next attempt, or the next call, begins with entering the network.
      if (broke || result.why === 'timeout' || result.why === 'lost') context.lost()
      if (!broke || attempt === ATTEMPTS) return dialFailure(result, 'no-answer')
    }
  }

  /** @returns undefined when the network is entered, and proved where there is a canary */
  async #enter(
    setUp: PacketSetUp,
    context: PacketContext,
    target: PacketTarget,
    canary: Endpoint | undefined,
    signal: AbortSignal,
  ): Promise<DialFailed | Refusal | undefined> {
    const entered = await context.enter(target, signal)
    if (!entered.ok) return dialFailure(entered, 'no-carrier')
    if (canary !== undefined && !context.proved) {
      const verdict = await askCanary(this.#modem, this.#clock, setUp, target, canary, signal)
      if (!verdict.ok) return verdict
      if (verdict.network === 'internet') {
        await context.leave()
        const detail = `${this.#modem.path}: ${canary.host}:${canary.port} is reached from this access point`
        return { ok: false, reason: 'internet', detail }
      }
      context.proved = true
    }
    return undefined
  }

  async #connect(setUp: PacketSetUp, target: PacketTarget, signal: AbortSignal): Promise<DialResult | Refusal> {
    const { engine } = this.#modem
    const stream = new CallStream(
      `${target.host}:${target.port}`,
      (bytes) => engine.write(bytes),
      async () => {
        await closeSocket(this.#modem, this.#clock, setUp, user)
        stream.end('local')
      },
    )
    const user = {
      deliver: (bytes: Uint8Array) => stream.deliver(bytes),
      left: (end: DataEnd | 'lost') => stream.left(end),
    }
    const opened = await openSocket(this.#modem, setUp, target, user, signal)
    if (!opened.ok) return opened
    if (!signal.aborted) return { ok: true, stream, connect: opened.connect }
    await stream.hangUp()
    return cancelled(this.#modem)
  }
}
