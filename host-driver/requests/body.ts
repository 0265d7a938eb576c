import type { IncomingMessage } from 'node:http'

/** Bytes that may wait for their reader before the server is held back. */
const WAITING_MAX = 262_144

/**
 * The body of an answer as a web stream. What came before a break is still read, and only then the break is told: Node's
 * own adapters drop those bytes, and a download over a bad network would receive them again and again.
 * @param broken makes the error of the stream from the socket's
 */
export function bodyStream(incoming: IncomingMessage, broken: (error: unknown) => Error): ReadableStream<Uint8Array> {
  const waiting: Uint8Array[] = []
  let bytes = 0
  let end: { readonly error?: Error } | undefined
  let wake = (): void => {}
  incoming
    .on('data', (chunk: Buffer) => {
      waiting.push(chunk)
      bytes += chunk.length
      if (bytes >= WAITING_MAX) incoming.pause()
      wake()
    })
    .on('end', () => {
      end ??= {}
      wake()
    })
    .on('error', (error) => {
      end ??= { error: broken(error) }
      wake()
    })
    .on('close', () => {
      end ??= { error: broken(new Error('closed before its end')) }
      wake()
    })
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
    if (waiting.length === 0 && end === undefined) {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
    const chunk = waiting.shift()
    if (chunk !== undefined) {
      bytes -= chunk.length
      if (bytes < WAITING_MAX) incoming.resume()
      controller.enqueue(chunk)
    } else if (end?.error) controller.error(end.error)
    else controller.close()
  }
  const cancel = (): void => {
    incoming.destroy()
    wake()
  }
  // No queue of its own: nothing is taken from ours before it is wanted.
  return new ReadableStream({ pull, cancel }, { highWaterMark: 0 })
}
