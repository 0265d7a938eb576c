import type { Socket } from 'node:net'
import type { Clock } from '../../line/clock.ts'
import type { LineStream, StreamEnd } from '../../line/stream.ts'

/** What a peer that does not read may leave unsent, bytes: many times the largest answer. */
const UNSENT_MAX = 262_144
/** A peer that does not close its side after ours is closed, milliseconds. */
export const HALF_OPEN_MS = 5_000

/** A connection in the private network as the line knows calls. */
export function socketStream(socket: Socket, clock: Clock): LineStream {
  let ended: StreamEnd | undefined
  let onEnd = (_reason: StreamEnd): void => {}
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  const end = (reason: StreamEnd): void => {
    if (ended !== undefined) return
    ended = reason
    onEnd(reason)
  }
  socket.setNoDelay(true)
  // Followed by `close`, as everything that ends a connection.
  socket.on('error', () => {})
  socket.once('end', () => end('remote'))
  socket.once('close', () => end('remote'))
  return {
    peer: socket.remoteAddress,
    write: (bytes) => {
      if (ended !== undefined || socket.destroyed) return
      socket.write(bytes)
      if (socket.writableLength > UNSENT_MAX) socket.destroy()
    },
    open: (onData, whenEnded) => {
      onEnd = whenEnded
      if (ended !== undefined) return whenEnded(ended)
      socket.on('data', onData)
    },
    hangUp: async () => {
      end('local')
      if (socket.destroyed) return
      const cancel = clock.after(HALF_OPEN_MS, () => socket.destroy())
      socket.end()
      // What still comes is read and thrown away: else its end would never be seen.
      socket.resume()
      await closed
      cancel()
    },
  }
}
