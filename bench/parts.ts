import { createHash } from 'node:crypto'
import { createServer as createHttp, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { openForward } from '../host-driver/forward/forward.ts'
import { BrowserConnection } from '../host-driver/gateway/browser-connection.ts'
import { wayOf } from '../host-driver/gateway/way.ts'
import { keyedAgent } from '../host-driver/requests/keyed-agent.ts'
import { after } from '../host-driver/timers.ts'
import { PskAcceptor } from '../internet/accept.ts'
import { dialPsk, type OnBytes } from '../internet/connect.ts'
import { Secret } from '../keys/secret.ts'
import { systemClock } from '../line/clock.ts'
import { acceptForwards } from '../server/internet-port/forward.ts'
import { KEY, looksRight, material, SMALL_BYTES } from './material.ts'

/*
 * `parts.ts ROLE [PORT]`: one part of a way, in a process of its own, which prints its ports as a JSON line and ends with its standard
 * input. Nothing imports this file.
 */
const SESSION = {
  ...{ id: KEY.id, groupId: KEY.id, index: 0, userId: 'bench', cardId: 'bench', node: 'bench', opened: true },
  expiresAt: Number.MAX_SAFE_INTEGER,
}
const key = () => ({ id: KEY.id, psk: new Secret(Buffer.from(KEY.psk, 'hex')) })

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)) // it listens on TCP
  })
}

function keyedServer(onConnection: (socket: Socket) => void): Server {
  const acceptor = new PskAcceptor({ findPsk: async () => Buffer.from(KEY.psk, 'hex'), onConnection })
  return createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {})
    acceptor.accept(socket)
  })
}

/** The server that everything leads to: one port in the clear, one under the session key. */
async function server(): Promise<Record<string, number>> {
  const large = material()
  const small = large.subarray(0, SMALL_BYTES)
  const http = createHttp({ keepAliveTimeout: 60_000 }, (request, response) => {
    if (request.method === 'POST') return take(request, response, large)
    const body = request.url === '/large' ? large : small
    response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': body.length })
    response.end(body)
  })
  http.on('clientError', (_error, socket) => socket.destroy())
  const pass = (socket: Socket): void => {
    socket.on('error', () => {})
    http.emit('connection', socket)
  }
  const plain = createServer({ noDelay: true, allowHalfOpen: true }, pass)
  return { plain: await listen(plain), keyed: await listen(keyedServer(pass)) }
}

/** Says what arrived: the digest when asked for it, else the number of bytes that look right. */
function take(request: IncomingMessage, response: ServerResponse, expected: Buffer): void {
  const hash = request.url === '/verify' ? createHash('sha256') : undefined
  let at = 0
  let right = 0
  request.on('data', (chunk: Buffer) => {
    hash?.update(chunk)
    if (looksRight(expected, at, chunk)) right += chunk.length
    at += chunk.length
  })
  request.on('end', () => response.end(hash?.digest('hex') ?? String(right)))
}

/** The gateway's connections, as `keyline gateway` has them, in front of the keyed port. */
async function gateway(port: number): Promise<Record<string, number>> {
  const options = {
    decide: (head: Parameters<typeof wayOf>[0]) => wayOf(head, { hosts: ['bench'], secretRoutes: ['/pay'] }),
    local: async () => ({ status: 404, body: '' }),
    refused: (status: number, body: string) => ({ status, body }),
    dial: async (onBytes: OnBytes) => {
      return { socket: await dialPsk({ host: '127.0.0.1', port, onBytes, opened: () => {} }, key()), host: 'bench' }
    },
    ...{ count: () => {}, after },
  }
  return {
    port: await listen(createServer({ noDelay: true }, (socket) => void new BrowserConnection(socket, options))),
  }
}

/** The server's end of `keyline forward`, in front of the port in the clear. */
async function forwardServer(port: number): Promise<Record<string, number>> {
  const http = createHttp()
  acceptForwards(http, {
    backends: [{ name: 'web', host: '127.0.0.1', port }],
    connections: {
      of: (socket) => ({ socket, sessionId: SESSION.id, groupId: SESSION.groupId }),
      begin: () => {},
      end: () => {},
    },
    sessions: { find: async () => SESSION },
    ...{ clock: systemClock, log: () => {} },
  })
  return { port: await listen(keyedServer((socket) => http.emit('connection', socket))) }
}

async function forwardClient(port: number): Promise<Record<string, number>> {
  const agent = keyedAgent(`127.0.0.1:${port}`, key())
  const session = () => ({ connect: () => agent.dial(true) })
  const onFault = (report: { readonly code: string }): void => void process.stderr.write(`${report.code}\n`)
  return { port: (await openForward({ port: 0, name: 'web', session, onFault })).port }
}

const [, , role = '', port = ''] = process.argv
const roles = { server, gateway, 'forward-server': forwardServer, 'forward-client': forwardClient }
const chosen = Object.entries(roles).find(([name]) => name === role)?.[1]
if (chosen === undefined) throw new Error(`expected a role, got ${role}`)
process.stdout.write(`${JSON.stringify(await chosen(Number(port)))}\n`)
process.stdin.on('end', () => process.exit(0)).resume()
