import type { Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import type { TLSSocket } from 'node:tls'
import type { ExecutionContext } from 'ava'
import { connectOpen } from '../../../internet/connect-open.ts'
import { CA, CERTIFICATE, type PortOptions, portWorld, Terminal } from './port-world.ts'

/** A port with the open shop beside the sessions, and two goods on its shelf. */
export async function openWorld(t: ExecutionContext, options: PortOptions = {}) {
  const it = await portWorld(t, { certificate: CERTIFICATE, ...options })
  const usual = { specification: 'Plain.', price: 1000, currency: 'EUR', stock: 5, photo: undefined }
  await it.store.shop.putGoods([
    { ...usual, product: 'L-100', name: 'Lamp' },
    { ...usual, product: 'T-1', name: 'Single piece', stock: 1 },
  ])
  const port = Number(it.port.address.split(':')[1])
  const socket = async (): Promise<TLSSocket> => {
    const one = await connectOpen({ host: '127.0.0.1', port, ca: CA })
    t.teardown(() => one.destroy())
    return one.on('error', () => {})
  }
  const visitor = async (): Promise<Terminal> => new Terminal(t, await socket())
  return { ...it, socket, visitor }
}

/** All that comes after these bytes, up to the end of the connection. */
export async function answerTo(socket: Socket, bytes: string | Buffer): Promise<string> {
  socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
  return text(socket)
}

/** Resolves when it is, however that came. */
export async function closed(socket: Socket): Promise<void> {
  if (!socket.closed) await new Promise((resolve) => socket.resume().once('close', resolve))
}
