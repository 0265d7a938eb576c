import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Server, type Socket, createServer as tcpServer } from 'node:net'
import type { ExecutionContext } from 'ava'
import type { Answer, StreamAnswer } from '../../../host-driver/gateway/answer.ts'
import {
  BrowserConnection,
  type ConnectionOptions,
  type LocalRequest,
} from '../../../host-driver/gateway/browser-connection.ts'
import { wayOf } from '../../../host-driver/gateway/way.ts'
import { type After, after } from '../../../host-driver/timers.ts'

export interface Asked {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}

interface FrontOptions {
  readonly local?: (request: LocalRequest) => Promise<Answer | StreamAnswer>
  readonly after?: After
}

/** A gateway's connections in front of a server that notes what it is asked. */
export async function relayed(
  t: ExecutionContext,
  answer: (asked: Asked, response: ServerResponse) => void,
  options: FrontOptions = {},
) {
  const asked: Asked[] = []
  const upstream = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const { method = '', url = '', headers } = request
      const one = { method, url, headers, body: Buffer.concat(parts) }
      asked.push(one)
      answer(one, response)
    })
  })
  return { asked, ...(await front(t, upstream, options)) }
}

/** The same before a server of bare TCP: `said` are all bytes that reached it. */
export async function relayedRaw(
  t: ExecutionContext,
  serve: (socket: Socket, bytes: Buffer) => void,
  options: FrontOptions = {},
) {
  const said: Buffer[] = []
  const upstream = tcpServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', (bytes: Buffer) => {
      said.push(bytes)
      serve(socket, bytes)
    })
  })
  return { said: () => Buffer.concat(said).toString('latin1'), ...(await front(t, upstream, options)) }
}

async function front(t: ExecutionContext, upstream: Server, options: FrontOptions) {
  const open = new Set<Socket>()
  const target = await listening(t, upstream, open)
  const dials: Socket[] = []
  const counts = { requests: 0, up: 0, down: 0 }
  const parts = (hosts: readonly string[]): ConnectionOptions => ({
    decide: (head) => wayOf(head, { hosts, secretRoutes: ['/pay'] }),
    local: options.local ?? (async ({ target: path, body }) => ({ status: 200, body: `local ${path} ${body.length}` })),
    refused: (status, code) => ({ status, body: code }),
    dial: async (onBytes) => {
      const socket = connect(target, '127.0.0.1')
      socket.on('data', (bytes: Buffer) => {
        if (!onBytes(bytes)) socket.pause()
      })
      dials.push(socket)
      await once(socket, 'connect')
      return { socket, host: 'server.example' }
    },
    count: (what, by) => {
      counts[what] += by
    },
    after: options.after ?? after,
  })
  const server = tcpServer((socket) => {
    new BrowserConnection(socket, parts([host]))
  })
  const port = await listening(t, server, open)
  const host = `127.0.0.1:${port}`
  return { dials, counts, port, host }
}

async function listening(t: ExecutionContext, server: Server, open: Set<Socket>): Promise<number> {
  server.on('connection', (socket: Socket) => open.add(socket))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of open) socket.destroy()
    server.close()
  })
  return (server.address() as AddressInfo).port // it listens on TCP
}

/** Sends bytes as they are. @returns all that comes until the other end closes or `until` is in it */
export function raw(port: number, text: string | Buffer, until?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    let seen = ''
    socket.on('data', (bytes) => {
      seen += bytes.toString('latin1')
      if (until !== undefined && seen.includes(until)) socket.destroy()
    })
    socket.once('close', () => resolve(seen))
    socket.once('error', reject)
    socket.write(text)
  })
}

/** One connection, spoken on step by step. */
export class Spoken {
  readonly socket: Socket
  seen = ''
  closed = false
  #moved = (): void => {}

  constructor(t: ExecutionContext, port: number) {
    this.socket = connect(port, '127.0.0.1')
    this.socket.on('data', (bytes: Buffer) => {
      this.seen += bytes.toString('latin1')
      this.#moved()
    })
    this.socket.on('error', () => {})
    this.socket.once('close', () => {
      this.closed = true
      this.#moved()
    })
    t.teardown(() => this.socket.destroy())
  }

  say(text: string | Buffer): void {
    this.socket.write(text)
  }

  /** Waits for what the test is about; the test's own time-out is the bound. */
  async until(text: string): Promise<void> {
    while (!this.seen.includes(text)) {
      if (this.closed) throw new Error(`closed before ${text}: ${this.seen}`)
      await this.#next()
    }
  }

  async end(): Promise<string> {
    while (!this.closed) await this.#next()
    return this.seen
  }

  #next(): Promise<void> {
    return new Promise((resolve) => {
      this.#moved = resolve
    })
  }
}
