import { CallAnswerer } from '../../line/bearers/answer.ts'
import { type Clock, systemClock } from '../../line/clock.ts'
import { ModemKeeper } from '../../line/modem/keeper.ts'
import type { Modem } from '../../line/modem/modem.ts'
import type { ModemPort } from '../../line/modem/port.ts'
import { openSerialPort } from '../../line/modem/serial-port.ts'
import type { LineStream } from '../../line/stream.ts'
import { streamPath } from '../../line/stream-path.ts'
import type { AnsweredCall } from '../sessions/line-service.ts'
import { type TakenCall, takeCall } from './taken-call.ts'

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
 * The first port of the server (401): several modems, one call each. A modem that vanishes, resets or goes silent is got back
 * for as long as the bank is open, and disturbs no other.
 */
export async function openModemBank(options: ModemBankOptions): Promise<ModemBank> {
  const modems = options.paths.map((path) => new BankModem(path, options))
  // Up or lost: either way the operator has been told about each modem when this resolves.
  await Promise.all(modems.map((modem) => modem.start()))
  return {
    close: async () => {
      await Promise.all(modems.map((modem) => modem.close()))
    },
  }
}

class BankModem {
  readonly #path: string
  readonly #options: ModemBankOptions
  readonly #clock: Clock
  readonly #keeper: ModemKeeper
  #answerer: CallAnswerer | undefined
  #call: TakenCall | undefined

  constructor(path: string, options: ModemBankOptions) {
    const { log, clock = systemClock, openPort = openSerialPort } = options
    this.#path = path
    this.#options = options
    this.#clock = clock
    this.#keeper = new ModemKeeper({
      path,
      clock,
      openPort,
      log: (it) => {
        if (it.event === 'modem.usable') log({ event: 'modem.ready', path: 'line', port: path })
        else log({ ...it, path: 'line', port: path })
      },
      onUp: (modem) => this.#up(modem),
      onLost: () => this.#lost(),
    })
  }

  async start(): Promise<void> {
    await this.#keeper.start()
  }

  async close(): Promise<void> {
    this.#answerer?.close()
    this.#call?.close()
    await this.#call?.ended
    await this.#keeper.close()
  }

  #up(modem: Modem): void {
    this.#answerer = new CallAnswerer(modem, this.#clock, {
      call: (stream) => this.#take(stream),
      ready: () => this.#options.log({ event: 'modem.ready', path: 'line', port: this.#path }),
      // The keeper looks after it: at the latest with its next look.
      failed: (detail) => this.#options.log({ event: 'modem.refuses', path: 'line', port: this.#path, detail }),
    })
  }

  #lost(): void {
    this.#answerer?.close()
    this.#answerer = undefined
    this.#call?.close()
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
