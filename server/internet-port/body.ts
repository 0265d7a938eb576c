import type { IncomingMessage } from 'node:http'
import { z } from 'zod'
import type { Clock } from '../../line/clock.ts'
import { PASSWORD_MAX, USER_ID_MAX } from '../../wire/limits.ts'
import type { ProblemCode } from './answers.ts'

/** A login is far shorter, bytes. */
export const BODY_MAX = 4096
/** From the headers to the end of the body, milliseconds. */
const BODY_MS = 10_000

const bytes = (max: number) =>
  z.string().refine((text) => text !== '' && Buffer.byteLength(text) <= max, `expected 1…${max} bytes`)
const login = z.strictObject({ userId: bytes(USER_ID_MAX), password: bytes(PASSWORD_MAX) })
export type LoginBody = z.output<typeof login>

/** `from` is the identity of the key in use. */
const rekey = z.strictObject({ from: z.string().regex(/^[A-Za-z0-9_-]{22}$/, 'expected 16 bytes as base64url') })

/** S12: the login as JSON. @returns what is wrong as a code */
export function readLogin(request: IncomingMessage, clock: Clock): Promise<LoginBody | ProblemCode> {
  return readJson(request, clock, login)
}

/** Whose place a key is to take. @returns what is wrong as a code */
export function readRekey(request: IncomingMessage, clock: Clock): Promise<z.output<typeof rekey> | ProblemCode> {
  return readJson(request, clock, rekey)
}

async function readJson<T>(request: IncomingMessage, clock: Clock, schema: z.ZodType<T>): Promise<T | ProblemCode> {
  const body = await readBody(request, clock)
  if (typeof body === 'string') return body
  try {
    const checked = schema.safeParse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)))
    return checked.success ? checked.data : 'BODY_INVALID'
  } catch {
    return 'BODY_INVALID'
  } finally {
    body.fill(0)
  }
}

/** At most BODY_MAX bytes, in BODY_MS at the latest. @returns what is wrong as a code */
export function readBody(request: IncomingMessage, clock: Clock): Promise<Buffer | ProblemCode> {
  return new Promise((resolve) => {
    const parts: Buffer[] = []
    let length = 0
    const end = (result: Buffer | ProblemCode): void => {
      cancel()
      request.off('data', take)
      request.resume()
      resolve(result)
    }
    const take = (chunk: Buffer): void => {
      length += chunk.length
      if (length > BODY_MAX) end('BODY_TOO_LARGE')
      else parts.push(chunk)
    }
    const cancel = clock.after(BODY_MS, () => end('REQUEST_TIMEOUT'))
    request.on('data', take)
    request.once('end', () => end(Buffer.concat(parts)))
    request.once('error', () => end('BODY_INVALID'))
    request.once('close', () => end('BODY_INVALID'))
  })
}
