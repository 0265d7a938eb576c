import { createHmac } from 'node:crypto'
import { z } from 'zod'

/** Digits of the code that the card shows. */
export const CODE_DIGITS = 8
const key = z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'expected 32 bytes as base64url')
const id = z.string().regex(/^[0-9a-f]{16}$/, 'expected 16 hexadecimal digits')
const name = z.string().min(1).max(64)
const nothing = z.strictObject({})

/** In the answer to `card.hello` of a card that wants its PC paired. */
export const pairingNeeded = z.strictObject({
  /** Names this card to PCs; no serial number. */
  card: id,
  /** 32 bytes, new with each hello. */
  challenge: key,
})
export type PairingNeeded = z.infer<typeof pairingNeeded>

/** Who has not proved that it was paired gets nothing but these and `card.hello`. */
export const PAIRING_METHODS = {
  /** The card shows a code on its log console, for two minutes and three tries. */
  'card.pair.begin': { params: nothing, result: z.strictObject({ seconds: z.number().int().positive() }) },
  'card.pair.finish': {
    params: z.strictObject({ code: z.string().regex(/^[0-9]{8}$/, 'expected 8 digits'), name }),
    /** `key` is given once, over the cable, and never again. */
    result: z.strictObject({ pc: id, key }),
  },
  /** `proof`: proofOf('pc', …). The answer's is proofOf('card', …): a card that cannot give it is not the one that was paired. */
  'card.prove': { params: z.strictObject({ pc: id, nonce: key, proof: key }), result: z.strictObject({ proof: key }) },
  'card.paired': {
    params: nothing,
    result: z.strictObject({ pcs: z.array(z.strictObject({ pc: id, name })).max(8) }),
  },
  /** Without `pc` all of them. */
  'card.unpair': {
    params: z.strictObject({ pc: id.optional() }),
    result: z.strictObject({ removed: z.number().int().nonnegative() }),
  },
} as const

/** What shows, once, that its sender has the key of the pairing. All are base64url. */
export function proofOf(by: 'pc' | 'card', key: Uint8Array, challenge: string, nonce: string): Uint8Array {
  return new Uint8Array(createHmac('sha256', key).update(`keyline pairing 1 ${by} ${challenge} ${nonce}`).digest())
}
