import { type Clock, pause } from '../clock.ts'
import type { ModemAccess } from '../modem/access.ts'
import { CURES } from '../modem/modem-error.ts'
import type { PacketSetUp, PacketTarget } from '../modem/profiles/profile.ts'
import { classifyUrc } from '../modem/urc.ts'
import { cancelled, type LineEnd, NEVER, type Refusal, runLine } from './at-line.ts'
import { causeOf } from './packet-socket.ts'

/** All profiles use the first context (TS 27.007 §10.1.1). */
const CONTEXT = 1
/** Before a network that a run before left open is entered again: its closing takes a moment, milliseconds. */
const AGAIN_MS = 1_000
/** Refusals of what stands in the way and not of what was asked for. */
const IN_THE_WAY: readonly string[] = [CURES.reopen, CURES.soon, CURES.none]

/** Whether the modem is in a private network, and in which one. Whoever opens connections asks it before each. */
export class PacketContext {
  readonly #modem: ModemAccess
  readonly #clock: Clock
  readonly #setUp: PacketSetUp
  readonly #stop: () => void
  /** Access point and user of the network that the modem is in. */
  #entered: string | undefined
  /** That it does not reach the Internet was seen since it was entered. */
  proved = false

  constructor(modem: ModemAccess, clock: Clock, setUp: PacketSetUp) {
    this.#modem = modem
    this.#clock = clock
    this.#setUp = setUp
    this.#stop = modem.onUrc((text) => {
      const urc = classifyUrc(text)
      if (urc.type === 'packet' && !urc.open && (urc.context ?? CONTEXT) === CONTEXT) this.lost()
      if (text === 'RDY') this.lost()
    })
  }

  /** The network took it away, or what the modem says cannot be trusted any more: it is entered anew before the next use. */
  lost(): void {
    this.#entered = undefined
    this.proved = false
  }

  /** Nothing is done when the modem is in that network already. What a run before left open is closed first. */
  async enter(target: PacketTarget, signal: AbortSignal): Promise<LineEnd> {
    const name = JSON.stringify([target.apn, target.user, target.password])
    if (this.#entered === name) return { ok: true }
    this.lost()
    let end = await this.#enter(target, signal)
    if (!end.ok && end.why === 'refused' && IN_THE_WAY.includes(end.cause?.cure ?? CURES.none)) {
      await runLine(this.#modem, this.#clock, this.#setUp.close, signal)
      await pause(this.#clock, AGAIN_MS)
      end = await this.#enter(target, signal)
    }
    if (end.ok && signal.aborted) end = cancelled(this.#modem)
    this.proved = false
    this.#entered = end.ok ? name : undefined
    return end
  }

  /** Not interrupted: who leaves wants to be out. */
  async leave(): Promise<void> {
    this.lost()
    for (const line of this.#setUp.leave) await runLine(this.#modem, this.#clock, line, NEVER)
  }

  /** Listens no more. */
  close(): void {
    this.#stop()
  }

  async #enter(target: PacketTarget, signal: AbortSignal): Promise<LineEnd> {
    for (const line of this.#setUp.enter(target)) {
      const end = await runLine(this.#modem, this.#clock, line, signal)
      const passed = end.ok || (line.optional === true && end.why !== 'cancelled' && end.why !== 'lost')
      if (!passed) return await this.#explained(end)
    }
    return { ok: true }
  }

  async #explained(end: Refusal): Promise<Refusal> {
    return end.why === 'refused' ? await causeOf(this.#modem, this.#setUp, end) : end
  }
}
