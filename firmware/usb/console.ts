import type { Clock } from '../../line/clock.ts'
import { REOPEN_MS } from './usb-keeper.ts'
import type { UsbPort } from './usb-link.ts'

/** Waiting for a reader, bytes; what comes then is dropped. */
const WAITING_MAX = 16_384
/** Lines that a reader who comes later still sees. */
const KEPT = 50

/** The log console: lines for people on a second serial port, whether anybody reads them or not. */
export class Console {
  readonly #open: () => Promise<UsbPort>
  readonly #clock: Clock
  #kept: string[] = []
  #port: UsbPort | undefined
  #cancel = (): void => {}
  #failures = 0
  #closed = false

  constructor(open: () => Promise<UsbPort>, clock: Clock) {
    this.#open = open
    this.#clock = clock
    this.#start()
  }

  say(line: string): void {
    this.#kept.push(line)
    if (this.#kept.length > KEPT) this.#kept.shift()
    this.#write(line)
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#cancel()
    await this.#port?.close()
  }

  #write(line: string): void {
    const sink = this.#port?.sink
    if (sink?.writable && sink.writableLength < WAITING_MAX) sink.write(`${line}\r\n`)
  }

  #start(): void {
    this.#open().then(
      (port) => {
        if (this.#closed) return port.close()
        this.#failures = 0
        this.#port = port
        let over = false
        const gone = (): void => {
          if (over) return
          over = true
          this.#port = undefined
          port.close().then(
            () => this.#again(),
            () => this.#again(),
          )
        }
        // What is typed there is nobody's.
        port.source
          .on('data', () => {})
          .on('end', gone)
          .on('close', gone)
          .on('error', gone)
        port.sink.on('error', gone)
        for (const line of this.#kept) this.#write(line)
        return undefined
      },
      () => this.#again(),
    )
  }

  #again(): void {
    if (this.#closed) return
    const ms = REOPEN_MS[Math.min(this.#failures++, REOPEN_MS.length - 1)] ?? REOPEN_MS[0]
    this.#cancel = this.#clock.after(ms, () => this.#start())
  }
}
