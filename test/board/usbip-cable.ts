import { writeFileSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'

// The USB cable between two machines: each kernel is handed one end of a TCP connection (USB/IP). It runs inside them, on Node alone.
//   usbip-cable.ts card PORT        for whoever connects, one after the other
//   usbip-cable.ts pc HOST PORT     plugs in, and ends

const CARD = '/sys/devices/platform/usbip-vudc.0/usbip_sockfd'
const PC = '/sys/devices/platform/vhci_hcd.0/attach'
/** The first port of the PC's controller; bus 1, device 1; high speed. */
const attach = (fd: number): string => `0 ${fd} 65537 3`
const TRIES = 50

/** Node has no public way to a socket's descriptor. */
function descriptor(socket: Socket): number {
  const fd = (socket as unknown as { readonly _handle?: { readonly fd?: number } })._handle?.fd
  if (fd === undefined || fd < 0) throw new Error('the connection has no descriptor')
  return fd
}

function card(port: number): void {
  let last: Socket | undefined
  createServer({ pauseOnConnect: true }, (socket) => {
    last?.destroy()
    last = socket
    socket.on('error', () => {})
    try {
      writeFileSync(CARD, String(descriptor(socket)))
    } catch {
      socket.destroy() // the last cable is not out yet: the PC sees the end and comes again
    }
  }).listen(port)
}

function pc(host: string, port: number, tries = 0): void {
  const socket = connect({ host, port, noDelay: true })
  socket.pause()
  socket.once('error', (error) => {
    if (tries >= TRIES) throw error
    setTimeout(() => pc(host, port, tries + 1), 200)
  })
  socket.once('connect', () => {
    writeFileSync(PC, attach(descriptor(socket)))
    process.exit(0) // the kernel holds the connection now
  })
}

const [side, ...rest] = process.argv.slice(2)
if (side === 'card') card(Number(rest[0]))
else pc(rest[0] ?? '', Number(rest[1]))
