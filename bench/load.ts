import { connect } from 'node:net'

/** `load.ts PORT small|large CONNECTIONS MILLISECONDS`: prints requests and bytes per second, all checked. */
const [, , port, what = 'small', connections = '32', ms = '2000'] = process.argv
const REQUEST = Buffer.from(`GET /${what} HTTP/1.1\r\nHost: bench\r\n\r\n`)
const LENGTH = what === 'large' ? 64 * 2 ** 20 : 1024
const BYTE = 'k'.charCodeAt(0)

let requests = 0
let bytes = 0
let wrong = 0
let running = true

function client(): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect({ port: Number(port), host: '127.0.0.1', noDelay: true })
    let left = 0
    let head: Buffer = Buffer.alloc(0)
    const ask = (): void => {
      if (running) socket.write(REQUEST)
      else socket.destroy()
    }
    socket.on('data', (chunk: Buffer) => {
      let body = chunk
      if (left === 0) {
        head = head.length === 0 ? chunk : Buffer.concat([head, chunk])
        const end = head.indexOf('\r\n\r\n')
        if (end === -1) return
        if (!head.subarray(0, end).toString('latin1').startsWith('HTTP/1.1 200')) wrong++
        body = head.subarray(end + 4)
        head = Buffer.alloc(0)
        left = LENGTH
      }
      if (body.length > 0 && (body[0] !== BYTE || body[body.length - 1] !== BYTE)) wrong++
      left -= body.length
      bytes += body.length
      if (left < 0) wrong++
      if (left > 0) return
      requests++
      ask()
    })
    socket.on('error', () => wrong++).once('close', () => resolve())
    socket.once('connect', ask)
  })
}

const clients = Array.from({ length: Number(connections) }, client)
const startedAt = performance.now()
await new Promise((resolve) => setTimeout(resolve, Number(ms)))
const seconds = (performance.now() - startedAt) / 1000
process.stdout.write(`${JSON.stringify({ requests: requests / seconds, megabytes: bytes / seconds / 1e6, wrong })}\n`)
running = false
setTimeout(() => process.exit(0), 500).unref()
await Promise.all(clients)
