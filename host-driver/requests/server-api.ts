import { z } from 'zod'
import { fault, KeylineError, ORIGINS } from '../errors.ts'
import type { Fetch, RequestOptions } from './http.ts'

/** How long an answer in JSON may be, bytes. */
const BODY_MAX = 2 ** 20
const ITEMS_MAX = 10_000

const sha256 = z.union([
  z.string().regex(/^[0-9a-f]{64}$/, 'expected SHA-256 in hexadecimal'),
  z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'expected SHA-256 as base64url'),
])
const item = z.object({
  name: z.string().min(1).max(255),
  title: z.string().max(500),
  /** Media type, or a word for it. */
  kind: z.string().max(100),
  /** Bytes. */
  size: z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER),
  sha256: sha256.transform((text) => Buffer.from(text, text.length === 64 ? 'hex' : 'base64url').toString('hex')),
  /** As in the header, with its quotes (RFC 9110 §8.8.3). */
  etag: z.string().min(2).max(200),
})
/** One title of the menu; `sha256` is hexadecimal. */
export type MenuItem = z.output<typeof item>

const menu = z.object({ items: z.array(item).max(ITEMS_MAX) })
export const sessionAnswer = z.object({
  userId: z.string(),
  expiresAt: z.iso.datetime({ offset: true }),
  keysLeft: z.number().int().nonnegative(),
})
/** Of keys that wait: how many the server knows, and how long one may wait from its call. */
export const spareAnswer = z.object({
  keysLeft: z.number().int().nonnegative(),
  lifetimeSeconds: z
    .number()
    .int()
    .positive()
    .max(30 * 86_400),
})
const problem = z.object({
  code: z.string().regex(/^[A-Z][A-Z0-9_]{1,63}$/),
  what: z.string().max(1000),
  cure: z.string().max(1000),
  origin: z.enum(ORIGINS).default('server'),
})

/** Menu of titles (S17). @throws KeylineError */
export async function readMenu(fetch: Fetch, signal?: AbortSignal): Promise<MenuItem[]> {
  return (await ask(fetch, '/menu', menu, signal && { signal })).items
}

/** @returns what the server answered, checked @throws KeylineError SERVER_PROTOCOL, or the server's own code unchanged */
export async function ask<T>(fetch: Fetch, path: string, schema: z.ZodType<T>, options?: RequestOptions): Promise<T> {
  const response = await fetch(path, options)
  if (!response.ok) throw await problemOf(response)
  const checked = schema.safeParse(await readJson(response))
  if (!checked.success) throw fault('SERVER_PROTOCOL', { what: `the answer to ${path} is not valid` })
  return checked.data
}

/** The error that a response of another status than 2xx tells; its body is read. */
export async function problemOf(response: Response): Promise<KeylineError> {
  const checked = problem.safeParse(await readJson(response).catch(() => undefined))
  if (checked.success) return new KeylineError(checked.data)
  return fault('SERVER_PROTOCOL', { what: `the server answered with status ${response.status} and no reason` })
}

/** Reads an answer that says nothing more, so that its connection is free for the next request. */
export async function drain(response: Response): Promise<void> {
  await readBytes(response)
}

/** @throws KeylineError SERVER_PROTOCOL for what is no JSON or too long */
async function readJson(response: Response): Promise<unknown> {
  const bytes = await readBytes(response)
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch (error) {
    throw fault('SERVER_PROTOCOL', { what: 'expected JSON', cause: error })
  }
}

/** @param max bytes @throws KeylineError SERVER_PROTOCOL beyond that */
export async function readBytes(response: Response, max = BODY_MAX): Promise<Buffer> {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of response.body ?? []) {
    length += part.length
    if (length > max) throw fault('SERVER_PROTOCOL', { what: `expected an answer of at most ${max} bytes` })
    parts.push(part)
  }
  return Buffer.concat(parts)
}
