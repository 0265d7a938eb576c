import { CallAnswerer } from '../../line/bearers/answer.ts'
import { type Clock, systemClock } from '../../line/clock.ts'
import type { ModemPort } from '../../line/modem/port.ts'
import { openSerialPort } from '../../line/modem/serial-port.ts'
import type { LineStream } from '../../line/stream.ts'
import { streamPath } from '../../line/stream-path.ts'
import type { AnsweredCall } from '../sessions/line-service.ts'
import { type TakenCall, takeCall } from './taken-call.ts'

/** Pauses before a lost modem's port is opened again, milliseconds; the last one repeats. */
const REOPEN_MS = [500, 1000, 2000, 5000, 15_000]

export interface ModemBankOptions {
  /** Serial ports, one modem each. */
  readonly paths: readonly string[]
  /** Whoever answers the messages of a call that was taken; closed when the call ends. @param caller as the network showed it */
  readonly open: (caller: string | undefined) => AnsweredCall
  readonly log: (event: Record<string, unknown>) => void
  readonly clock?: Clock
  readonly openPort?: (path: string) => Promise<ModemPort>
}

export interface ModemBank {
  close(): Promise<void>
}

/**
 * The first port of the server (401): several modems, one call each. A modem that vanishes, resets or goes silent is opened
 * again for as long as the bank is open, and disturbs no other.
 */
export async function openModemBank(options: ModemBankOptions): Promise<ModemBank> {
  const modems = options.paths.map((path) => new BankModem(path, options))
  // Ready or lost: either way the operator has been told about each modem when this resolves.
  await Promise.all(modems.map((modem) => modem.settled))
  return {
    close: async () => {
      await Promise.all(modems.map((modem) => modem.close()))
    },
  }
}

class BankModem {
  readonly settled: Promise<void>
  readonly #path: string
  readonly #options: ModemBankOptions
  readonly #clock: Clock
  #answerer: CallAnswerer | undefined
  #call: TakenCall | undefined
  #failures = 0
  #closed = false
  #cancelReopen = (): void => {}
  #settle = (): void => {}

  constructor(path: string, options: ModemBankOptions) {
    this.#path = path
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.settled = new Promise((resolve) => {
      this.#settle = resolve
    })
    this.#open()
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#cancelReopen()
    this.#call?.close()
    await this.#call?.ended
    await this.#answerer?.close()
  }

  #open(): void {
    const open = this.#options.openPort ?? openSerialPort
    open(this.#path).then(
      (port) => {
        if (this.#closed) return port.close()
        this.#answerer = new CallAnswerer(port, this.#clock, {
          call: (stream) => this.#take(stream),
          ready: () => this.#ready(),
          lost: (detail) => this.#lose(detail),
        })
        return undefined
      },
      (error: unknown) => this.#lose(error instanceof Error ? error.message : String(error)),
    )
  }

  #ready(): void {
    this.#failures = 0
    this.#options.log({ event: 'modem.ready', path: 'line', port: this.#path })
    this.#settle()
  }

  #lose(detail: string): void {
    if (this.#closed) return
    const pause = REOPEN_MS[Math.min(this.#failures++, REOPEN_MS.length - 1)] ?? 0
    this.#options.log({ event: 'modem.lost', path: 'line', port: this.#path, detail, againInMs: pause })
    this.#settle()
    const answerer = this.#answerer
    this.#answerer = undefined
    this.#call?.close()
    const again = (): void => {
      this.#cancelReopen = this.#clock.after(pause, () => this.#open())
    }
    if (answerer === undefined) again()
    else answerer.close().then(again, again)
  }

  #take(stream: LineStream): void {
    const { open, log } = this.#options
    log({ event: 'call.taken', path: 'line', port: this.#path, caller: stream.peer ?? 'withheld' })
    this.#call = takeCall(streamPath(stream), this.#clock, open(stream.peer), (by) => {
      this.#call = undefined
      log({ event: 'call.ended', path: 'line', port: this.#path, by })
    })
  }
}
