import { createServer as createHttp } from 'node:http'
import { type AddressInfo, connect, createServer } from 'node:net'
import { BrowserConnection } from '../host-driver/gateway/browser-connection.ts'
import { wayOf } from '../host-driver/gateway/way.ts'
import { after } from '../host-driver/timers.ts'
import { PskAcceptor } from '../internet/accept.ts'
import { connectPsk } from '../internet/connect.ts'
import { Secret } from '../keys/secret.ts'

/*
 * `parts.ts server`: an HTTP server, plain on one port and under a session key on another.
 * `parts.ts gateway PORT`: the gateway's connections in front of that.
 * Each prints its ports as a JSON line and ends with its standard input.
 */
export const KEY = { id: 'AAAAAAAAAAAAAAAAAAAAAA', psk: '1a'.repeat(32) }
const SMALL = Buffer.alloc(1024, 'k')
const LARGE = Buffer.alloc(64 * 2 ** 20, 'k')

function listen(server: ReturnType<typeof createServer>): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)) // it listens on TCP
  })
}

async function server(): Promise<void> {
  const http = createHttp({ keepAliveTimeout: 60_000 }, (request, response) => {
    const body = request.url === '/large' ? LARGE : SMALL
    response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': body.length })
    response.end(body)
  })
  const acceptor = new PskAcceptor({
    findPsk: async () => Buffer.from(KEY.psk, 'hex'),
    onConnection: (socket) => http.emit('connection', socket),
  })
  const keyed = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => acceptor.accept(socket))
  const plain = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => http.emit('connection', socket))
  process.stdout.write(`${JSON.stringify({ keyed: await listen(keyed), plain: await listen(plain) })}\n`)
}

async function gateway(target: number): Promise<void> {
  const front = createServer({ noDelay: true }, (socket) => {
    new BrowserConnection(socket, {
      decide: (head) => wayOf(head, { hosts: ['bench'], secretRoutes: ['/pay'] }),
      local: async () => ({ status: 404, body: '' }),
      refused: (status, code) => ({ status, body: code }),
      dial: async () => {
        const key = { id: KEY.id, psk: new Secret(Buffer.from(KEY.psk, 'hex')) }
        return {
          socket: await connectPsk(connect({ port: target, host: '127.0.0.1', noDelay: true }), key),
          host: 'bench',
        }
      },
      count: () => {},
      after,
    })
  })
  process.stdout.write(`${JSON.stringify({ port: await listen(front) })}\n`)
}

if (process.argv[2] === 'server') await server()
else if (process.argv[2] === 'gateway') await gateway(Number(process.argv[3]))
process.stdin.on('end', () => process.exit(0)).resume()
