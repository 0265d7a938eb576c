import { PassThrough } from 'node:stream'
import type { UsbPort } from '../../../firmware/usb/usb-link.ts'
import { decodeRpc, type RpcMessage } from '../../../wire/usb/json-rpc.ts'

/** The PC's end of a cable of two pipes. */
export class Pc {
  readonly port: UsbPort
  readonly #up = new PassThrough()
  readonly #down = new PassThrough()
  readonly messages: RpcMessage[] = []
  closed = 0
  #rest = ''
  #waiting: (() => void)[] = []

  /** @param reads whether the PC reads at all */
  constructor(reads = true) {
    this.port = {
      source: this.#up,
      sink: this.#down,
      close: async () => {
        this.closed++
        this.#up.destroy()
        this.#down.destroy()
      },
    }
    if (reads) this.read()
  }

  /** Bytes of the card that nobody has read. */
  get unread(): number {
    return this.#down.writableLength + this.#down.readableLength
  }

  /** Bytes for the card that it has not read. */
  get unheard(): number {
    return this.#up.writableLength + this.#up.readableLength
  }

  read(): void {
    this.#down.on('data', (bytes: Buffer) => {
      const lines = (this.#rest + bytes.toString('utf8')).split('\n')
      this.#rest = lines.pop() ?? ''
      for (const line of lines) {
        if (line === '') continue
        const message = decodeRpc(line)
        if (message.type === 'malformed') throw new Error(`the card sent ${line}`)
        this.messages.push(message)
      }
      for (const wake of this.#waiting.splice(0)) wake()
    })
  }

  /** Writes; resolves when it may write more. */
  async write(text: string | Uint8Array): Promise<void> {
    if (this.#up.write(text)) return
    await new Promise((resolve) => this.#up.once('drain', resolve))
  }

  ask(id: number | string, method: string, params: unknown): Promise<RpcMessage> {
    this.#up.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`)
    return this.answer(id)
  }

  /** The answer with this id. */
  async answer(id: number | string | null): Promise<RpcMessage> {
    for (;;) {
      const it = this.messages.find((message) => 'id' in message && message.id === id)
      if (it !== undefined) return it
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
  }

  /** Pulls the cable. */
  vanish(): void {
    this.#up.destroy()
    this.#down.destroy()
  }
}

export function failureOf(message: RpcMessage): string | undefined {
  return message.type === 'error' ? message.error.data.code : undefined
}

export const HELLO = { version: 1, driver: 'test' } as const
