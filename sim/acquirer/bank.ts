import { z } from 'zod'

/** What a payment is asked for, as it comes from outside. */
export const AuthoriseBody = z.strictObject({
  amount: z.int().min(0).max(1e12),
  currency: z.string().regex(/^[A-Z]{3}$/),
  card: z.strictObject({
    cardNumber: z.string().regex(/^[0-9]{12,19}$/),
    expiryMonth: z.int().min(1).max(12),
    expiryYear: z.int().min(2000).max(9999),
    securityCode: z.string().regex(/^([0-9]{3,4})?$/),
    name: z.string().min(1).max(120),
  }),
})
export type AuthoriseBody = z.output<typeof AuthoriseBody>

interface TestCard {
  readonly brand: string
  /** Why it is refused; undefined for an approval. */
  readonly refusal?: string
}

/** The numbers that this company knows; any other one is refused. */
export const TEST_CARDS: Readonly<Record<string, TestCard>> = {
  '4242424242424242': { brand: 'Visa' },
  '5555555555554444': { brand: 'Mastercard' },
  '378282246310005': { brand: 'American Express' },
  '3530111333300000': { brand: 'JCB' },
  '6011111111111117': { brand: 'Discover' },
  '4000000000000002': { brand: 'Visa', refusal: 'do-not-honour' },
  '4000000000009995': { brand: 'Visa', refusal: 'insufficient-funds' },
}

/** What the card company says to a card. @param now for the expiry */
export function decide(
  { card }: AuthoriseBody,
  now: Date,
): { readonly brand: string; readonly refusal: string | undefined } {
  const known = Object.hasOwn(TEST_CARDS, card.cardNumber) ? TEST_CARDS[card.cardNumber] : undefined
  if (known === undefined) return { brand: 'card', refusal: 'no-such-card' }
  const expired = new Date(card.expiryYear, card.expiryMonth, 1) <= now
  return { brand: known.brand, refusal: known.refusal ?? (expired ? 'expired-card' : undefined) }
}
