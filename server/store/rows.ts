import { z } from 'zod'
import { HINT_BYTES } from '../../keys/ratchet.ts'
import { Secret } from '../../keys/secret.ts'
import { KEY_BYTES } from '../../keys/x25519.ts'

/** What a column may hold; a row that says otherwise was not written by this program. */
const blob = (length: number) =>
  z.instanceof(Uint8Array).refine((bytes) => bytes.length === length, `expected ${length} bytes`)
const secret = blob(KEY_BYTES).transform((bytes) => new Secret(bytes))
const optional = <T extends z.ZodType>(schema: T) => schema.nullable().transform((value) => value ?? undefined)
const time = z.int().nonnegative()
const text = z.string().min(1)
export const HASH = blob(32)

export const COUNT = z.object({ count: z.int().nonnegative() })
export const IDENTITY = z.object({ publicKey: blob(KEY_BYTES), secretKey: blob(KEY_BYTES) })
export const ACCOUNT = z.object({ userId: text, password: text, createdAt: time })
export const ATTEMPTS = z.object({ failures: z.int().nonnegative(), lockedUntil: time, lastAt: time })
export const ADDRESS = z.object({ address: text })
export const TICKET = z.object({
  cardId: text,
  ticketId: blob(16),
  secret: optional(secret),
  state: z.enum(['open', 'used', 'revoked']),
  expiresAt: time,
  requestHash: optional(HASH),
  response: optional(z.instanceof(Uint8Array)),
})

export const CARD = z
  .object({
    cardId: text,
    publicKey: blob(KEY_BYTES),
    currentRatchet: secret,
    currentHint: blob(HINT_BYTES),
    previousRatchet: optional(secret),
    previousHint: optional(blob(HINT_BYTES)),
    requestHash: optional(HASH),
    response: optional(z.instanceof(Uint8Array)),
    lockReason: optional(text),
    enrolledAt: time,
  })
  .transform(({ previousRatchet: ratchet, previousHint: hint, requestHash, response, ...card }) => ({
    ...card,
    previous: ratchet && hint && requestHash && response && { ratchet, hint, requestHash, response },
  }))

export const CARD_SUMMARY = z.object({ cardId: text, lockReason: optional(text), enrolledAt: time })
export const PSK = z.object({ psk: blob(KEY_BYTES) })
export const SESSION = z.object({
  id: text,
  groupId: text,
  index: z.int().nonnegative(),
  userId: text,
  cardId: text,
  node: text,
  opened: z
    .int()
    .min(0)
    .max(1)
    .transform((flag) => flag === 1),
  expiresAt: time,
})
export const NOTE = z.object({
  at: time,
  level: z.enum(['alarm', 'notice']),
  event: text,
  subject: z.string(),
  detail: z.string(),
})
