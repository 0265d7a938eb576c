import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { COMMAND_MAX, type Command, readCommand } from './control.ts'
import type { DoneEvent, SimEvent } from './events.ts'
import { SimError } from './fault.ts'
import type { Panels } from './panel.ts'

/** Who listens to events at a time, and bytes that wait for one of them before it is sent away. */
const LISTENERS_MAX = 16
const BACKLOG_MAX = 1_048_576
/** How long a request may take, milliseconds. */
const REQUEST_MS = 10_000

export interface HttpHost {
  /** @throws SimError what is wrong with it */
  run(command: Command): DoneEvent
  state(): unknown
  readonly panels: Panels
}

/**
 * The same commands by HTTP, for those who cannot write to the simulator's standard input: POST /command with one command as
 * JSON, GET /state and /panels, POST /panels/N/press, and GET /events as JSON lines without end. Only on 127.0.0.1, and only for programs: what carries a web
 * page's origin, or was sent here under another host's name, is refused.
 */
export class HttpApi {
  readonly #host: HttpHost
  readonly #server: Server
  readonly #listeners = new Set<ServerResponse>()

  constructor(host: HttpHost) {
    this.#host = host
    this.#server = createServer({ requestTimeout: REQUEST_MS }, (request, response) => {
      this.#answer(request, response).catch(() => response.destroy())
    })
  }

  /** 0 before `listen`. */
  get port(): number {
    const address = this.#server.address()
    return typeof address === 'object' && address !== null ? (address satisfies AddressInfo).port : 0
  }

  /** @throws SimError HTTP_PORT_UNUSABLE */
  async listen(port: number): Promise<void> {
    this.#server.listen(port, '127.0.0.1')
    try {
      await once(this.#server, 'listening')
    } catch (cause) {
      throw new SimError('HTTP_PORT_UNUSABLE', `Nothing can listen on port ${port}.`, 'Give another one with --http.', {
        cause,
      })
    }
  }

  publish(event: SimEvent): void {
    for (const listener of this.#listeners) {
      if (listener.writableLength > BACKLOG_MAX) listener.destroy()
      else listener.write(`${JSON.stringify(event)}\n`)
    }
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return
    const closed = once(this.#server, 'close')
    for (const listener of this.#listeners) listener.end()
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { host = '', origin } = request.headers
    if (origin !== undefined || !/^(?:127\.0\.0\.1|localhost)(?::\d+)?$/.test(host)) {
      return reply(
        response,
        403,
        problem('HTTP_FORBIDDEN', 'Web pages may not command the simulator.', 'Use a program.'),
      )
    }
    const pressed = /^POST \/panels\/([1-9][0-9]?)\/press$/.exec(`${request.method} ${request.url}`)?.[1]
    if (pressed !== undefined)
      return this.#carryOut(request, response, (body) => this.#host.panels.press(Number(pressed), body))
    switch (`${request.method} ${request.url}`) {
      case 'POST /command':
        return this.#carryOut(request, response, (body) => this.#host.run(readCommand(body)))
      case 'GET /panels':
        return reply(response, 200, this.#host.panels.views())
      case 'GET /state':
        return reply(response, 200, this.#host.state())
      case 'GET /events':
        return this.#listen(response)
      default:
        return reply(response, 404, problem('HTTP_NOT_FOUND', 'There is no such resource.', 'See sim/COMMANDS.md.'))
    }
  }

  async #carryOut(request: IncomingMessage, response: ServerResponse, run: (body: string) => unknown): Promise<void> {
    try {
      const body = await read(request)
      reply(response, 200, run(body))
    } catch (error) {
      if (!(error instanceof SimError)) throw error
      reply(response, error.code === 'COMMAND_TOO_LONG' ? 413 : 400, problem(error.code, error.message, error.cure))
    }
  }

  #listen(response: ServerResponse): void {
    if (this.#listeners.size >= LISTENERS_MAX) {
      return reply(response, 503, problem('HTTP_TOO_MANY', 'Too many listen to events.', 'Close another one.'))
    }
    response.writeHead(200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' })
    response.flushHeaders()
    this.#listeners.add(response)
    response.once('close', () => this.#listeners.delete(response))
  }
}

/** @throws SimError COMMAND_TOO_LONG */
async function read(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = []
  let length = 0
  for await (const piece of request) {
    // Without an encoding every piece is a buffer.
    pieces.push(piece as Buffer)
    length += (piece as Buffer).length
    if (length > COMMAND_MAX) {
      throw new SimError('COMMAND_TOO_LONG', `Expected at most ${COMMAND_MAX} bytes.`, 'Send one command at a time.')
    }
  }
  return Buffer.concat(pieces).toString('utf8')
}

function problem(code: string, what: string, cure: string) {
  return { event: 'error', code, what, cure }
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  const text = `${JSON.stringify(body)}\n`
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store', connection: 'close' })
  response.end(text)
}
