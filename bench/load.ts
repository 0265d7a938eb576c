import { createHash, type Hash } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { LARGE_BYTES, looksRight, material, SMALL_BYTES, sha256 } from './material.ts'

/*
 * `load.ts PORT small|large|upload|verify CONNECTIONS REQUESTS`: each connection asks so many times, one after the other. Prints one JSON
 * line: how much in how many seconds, and how many answers were not what was asked for. Nothing imports this file.
 */
const [, , port = '', what = '', connections = '1', requests = '1'] = process.argv
/** Asked before the time runs: connections, handshakes and compilers. */
const WARM_UP = what === 'small' ? 500 : 0
const BUFFER_BYTES = 262_144
const HEAD_END = Buffer.from('\r\n\r\n')
const whole = material()
const digest = what === 'verify' ? sha256(whole) : ''
let wrong = 0

interface Ask {
  readonly head: Buffer
  readonly body?: Buffer
  /** Length of the answer's body; where the client cannot know it, its text is looked at whole. */
  readonly expect: number | ((text: string) => boolean)
}

const get = (path: string): Buffer => Buffer.from(`GET ${path} HTTP/1.1\r\nHost: bench\r\n\r\n`)
const post = (path: string): Buffer => {
  const headers = `Host: bench\r\nOrigin: http://bench\r\nContent-Type: application/octet-stream\r\nContent-Length: ${LARGE_BYTES}`
  return Buffer.from(`POST ${path} HTTP/1.1\r\n${headers}\r\n\r\n`)
}
const LARGE: Ask = { head: get('/large'), expect: LARGE_BYTES }
const ASKS: Readonly<Record<string, readonly Ask[]>> = {
  small: [{ head: get('/small'), expect: SMALL_BYTES }],
  large: [LARGE],
  upload: [{ head: post('/count'), body: whole, expect: (text) => text === String(LARGE_BYTES) }],
  verify: [LARGE, { head: post('/verify'), body: whole, expect: (text) => text === digest }],
}

/** One connection that asks, waits for the whole answer, and asks again. */
class Client {
  readonly #socket: Socket
  readonly #ready: Promise<void>
  #ask: Ask | undefined
  #head: Buffer = Buffer.alloc(0)
  /** Bytes of the body that are still missing. */
  #left: number | undefined
  #length = 0
  #text = ''
  #hash: Hash | undefined
  #done = (): void => {}

  constructor() {
    const buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES)
    const onread = {
      buffer,
      callback: (length: number) => {
        this.#take(buffer.subarray(0, length))
        return true
      },
    }
    this.#socket = connect({ port: Number(port), host: '127.0.0.1', noDelay: true, onread })
    this.#ready = new Promise((resolve) => this.#socket.once('connect', resolve))
    this.#socket.on('error', () => {}).once('close', () => this.#answered(false))
  }

  async run(times: number): Promise<void> {
    await this.#ready
    for (let n = 0; n < times && !this.#socket.destroyed; n++) {
      for (const ask of ASKS[what] ?? []) await this.#once(ask)
    }
  }

  end(): void {
    this.#socket.destroy()
  }

  #once(ask: Ask): Promise<void> {
    this.#ask = ask
    if (digest !== '') this.#hash = createHash('sha256')
    return new Promise((resolve) => {
      this.#done = resolve
      this.#socket.write(ask.head)
      if (ask.body !== undefined) this.#socket.write(ask.body)
    })
  }

  #take(bytes: Buffer): void {
    let body = bytes
    if (this.#left === undefined) {
      const head = this.#head.length === 0 ? bytes : Buffer.concat([this.#head, bytes])
      const end = head.indexOf(HEAD_END)
      if (end === -1) {
        this.#head = Buffer.from(head)
        return
      }
      const length = contentLength(head.toString('latin1', 0, end))
      if (length === undefined) return this.#answered(false)
      this.#length = this.#left = length
      this.#head = Buffer.alloc(0)
      body = head.subarray(end + 4)
    }
    this.#takeBody(body)
  }

  #takeBody(body: Buffer): void {
    const left = this.#left ?? 0
    const ask = this.#ask
    if (ask === undefined || body.length > left) return this.#answered(false)
    if (typeof ask.expect === 'function') this.#text += body.toString('latin1')
    else if (!looksRight(whole, this.#length - left, body)) wrong++
    else this.#hash?.update(body)
    this.#left = left - body.length
    if (this.#left > 0) return
    this.#answered(this.#isRight(ask))
  }

  #isRight({ expect }: Ask): boolean {
    if (typeof expect === 'function') return expect(this.#text)
    return this.#length === expect && (this.#hash === undefined || this.#hash.digest('hex') === digest)
  }

  #answered(right: boolean): void {
    if (this.#ask === undefined) return
    if (!right) {
      wrong++
      this.#socket.destroy()
    }
    this.#ask = undefined
    this.#left = undefined
    this.#text = ''
    this.#done()
  }
}

function contentLength(head: string): number | undefined {
  if (!head.startsWith('HTTP/1.1 200 ')) return undefined
  const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1]
  return length === undefined ? undefined : Number(length)
}

const clients = Array.from({ length: Number(connections) }, () => new Client())
const times = Number(requests)
const all = (count: number): Promise<unknown> => Promise.all(clients.map((client) => client.run(count)))
await all(WARM_UP)
const startedAt = performance.now()
await all(times)
const seconds = (performance.now() - startedAt) / 1000
for (const client of clients) client.end()
const asked = clients.length * times * (ASKS[what]?.length ?? 0)
const bytes = asked * (what === 'small' ? SMALL_BYTES : LARGE_BYTES)
process.stdout.write(`${JSON.stringify({ asked, bytes, seconds, wrong })}\n`)
process.exit(0)
