import type { Clock } from '../../line/clock.ts'
import { type CardProblem, problemOf } from '../card/errors.ts'
import { within } from '../card/waiting.ts'
import { type CardApi, UsbLink, type UsbPort } from './usb-link.ts'

/** Pauses before a port is opened again, milliseconds; the last one repeats. */
export const REOPEN_MS = [250, 500, 1000, 2000, 5000] as const

export interface UsbKeeperOptions {
  readonly open: () => Promise<UsbPort>
  readonly api: CardApi
  readonly clock: Clock
  /** The PC or its cable is gone: nobody waits for the running job any more. */
  readonly onGone: () => void
  readonly log: (event: 'usb.open' | 'usb.gone' | 'usb.closed', problem?: CardProblem) => void
}

/** A PC that does not read is not waited for longer, milliseconds. */
const FLUSH_MS = 500

/** Keeps the port to the PC open, for as long as the program runs: cables are pulled, PCs restarted. */
export class UsbKeeper {
  readonly #options: UsbKeeperOptions
  #link: UsbLink | undefined
  #port: UsbPort | undefined
  #failures = 0
  #closed = false
  #cancelReopen = (): void => {}

  constructor(options: UsbKeeperOptions) {
    this.#options = options
  }

  /**
   * The first time: a wrong path is told at once.
   * @param waits for a port that is not there yet: a board starts before its cable does
   * @throws CardError USB_PORT_UNUSABLE unless it waits
   */
  async start(waits = false): Promise<void> {
    try {
      this.#serve(await this.#options.open())
    } catch (error) {
      if (!waits) throw error
      this.#options.log('usb.closed', problemOf(error))
      this.#again()
    }
  }

  /** The link to the PC that is there now. */
  get link(): UsbLink | undefined {
    return this.#link
  }

  /** What was answered last still goes out, to a PC that reads. */
  async close(): Promise<void> {
    this.#closed = true
    this.#cancelReopen()
    const port = this.#port
    if (port !== undefined) await flush(port, this.#options.clock)
    this.#port = undefined
    this.#link?.close()
    await port?.close()
  }

  #serve(port: UsbPort): void {
    if (this.#closed) {
      port.close().catch(() => {}) // nobody is there to be told
      return
    }
    this.#failures = 0
    this.#port = port
    this.#link = new UsbLink(port, this.#options.api, () => this.#gone())
    this.#options.log('usb.open')
  }

  #gone(): void {
    const port = this.#port
    this.#link = undefined
    this.#port = undefined
    this.#options.onGone()
    if (this.#closed) return
    this.#options.log('usb.gone')
    const again = (): void => this.#again()
    if (port === undefined) again()
    else port.close().then(again, again)
  }

  #again(): void {
    if (this.#closed) return
    const ms = REOPEN_MS[Math.min(this.#failures++, REOPEN_MS.length - 1)] ?? REOPEN_MS[0]
    this.#cancelReopen = this.#options.clock.after(ms, () => {
      this.#options.open().then(
        (port) => this.#serve(port),
        (error: unknown) => {
          this.#options.log('usb.closed', problemOf(error))
          this.#again()
        },
      )
    })
  }
}

/** An empty line, which means nothing, behind all that waits. */
async function flush({ sink }: UsbPort, clock: Clock): Promise<void> {
  // Answers to jobs that have just ended are on their way through promises.
  await new Promise((resolve) => setImmediate(resolve))
  if (!sink.writable || sink.writableLength === 0) return
  await within(clock, FLUSH_MS, new Promise((resolve) => sink.write('\n', resolve)))
}
