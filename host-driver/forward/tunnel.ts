import type { Duplex } from 'node:stream'
import { z } from 'zod'
import { fault, KeylineError } from '../errors.ts'
import type { Session } from '../session.ts'
import { type After, after } from '../timers.ts'

export const BACKEND_NAME = /^[a-z0-9-]{1,32}$/
const HEAD_MAX = 8192
const ANSWER_MS = 20_000
const problem = z.object({ code: z.string().regex(/^[A-Z][A-Z0-9_]{1,63}$/), what: z.string(), cure: z.string() })

/**
 * Raw bytes to a backend that the server's operator allowed, under the session key: CONNECT (RFC 9110 §9.3.6).
 * @throws KeylineError INPUT_INVALID, SESSION_*, INTERNET_*, SERVER_PROTOCOL, or the server's BACKEND_UNKNOWN, BACKEND_UNREACHABLE, …
 */
export async function openTunnel(
  session: Pick<Session, 'connect'>,
  name: string,
  wait: After = after,
): Promise<Duplex> {
  if (!BACKEND_NAME.test(name)) throw fault('INPUT_INVALID', { what: 'expected the name of a backend: a-z, 0-9, -' })
  const socket = await session.connect(true)
  socket.on('error', () => {}) // its end is seen by 'close'
  try {
    socket.write(`CONNECT ${name} HTTP/1.1\r\nhost: ${name}\r\n\r\n`)
    const { head, rest } = await answer(socket, wait)
    if (!/^HTTP\/1\.1 200 /.test(head)) throw refusal(rest)
    if (rest.length > 0) socket.unshift(rest)
    return socket
  } catch (error) {
    socket.destroy()
    throw error
  }
}

/** Up to the end of the head; of a refusal the body too, which ends with the connection. */
function answer(socket: Duplex, wait: After): Promise<{ readonly head: string; readonly rest: Buffer }> {
  return new Promise((resolve, reject) => {
    let seen: Buffer = Buffer.alloc(0)
    const done = (finish: () => void): void => {
      cancel()
      socket.off('data', take).off('end', ended).off('close', ended).off('error', ended).pause()
      finish()
    }
    const look = (over: boolean): void => {
      const end = seen.indexOf('\r\n\r\n')
      const refused = end !== -1 && !seen.toString('latin1', 0, 13).startsWith('HTTP/1.1 200 ')
      if (end !== -1 && (!refused || over)) {
        const rest = Buffer.from(seen.subarray(end + 4))
        done(() => resolve({ head: seen.toString('latin1', 0, end), rest }))
      } else if (over) done(() => reject(fault('INTERNET_BROKEN')))
      else if (seen.length > HEAD_MAX)
        done(() => reject(fault('SERVER_PROTOCOL', { what: 'expected an answer to CONNECT' })))
    }
    const take = (bytes: Buffer): void => {
      seen = Buffer.concat([seen, bytes])
      look(false)
    }
    const ended = (): void => look(true)
    const cancel = wait(ANSWER_MS, () => done(() => reject(fault('INTERNET_STALLED'))))
    socket.on('data', take).on('end', ended).on('close', ended).on('error', ended)
  })
}

function refusal(body: Buffer): KeylineError {
  try {
    const { code, what, cure } = problem.parse(JSON.parse(body.toString('utf8')))
    return new KeylineError({ code, what, cure, origin: 'server' })
  } catch {
    return fault('SERVER_PROTOCOL', { what: 'the server refused CONNECT without a reason' })
  }
}
