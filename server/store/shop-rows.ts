import { z } from 'zod'

/** What a column of the shop's tables may hold. */
const optional = <T extends z.ZodType>(schema: T) => schema.nullable().transform((value) => value ?? undefined)
const time = z.int().nonnegative()
const amount = z.int().nonnegative()
const text = z.string().min(1)
const flag = z
  .int()
  .min(0)
  .max(1)
  .transform((value) => value === 1)
const access = z.enum(['open', 'session'])

export const GOODS = z.object({
  product: text,
  name: text,
  specification: z.string(),
  price: amount,
  currency: text,
  available: z.int().nonnegative(),
  withdrawn: flag,
})
export const PHOTO = z.object({
  type: z.enum(['image/jpeg', 'image/png', 'image/webp']),
  bytes: z.instanceof(Uint8Array),
})
export const BASKET = z.object({
  basketId: text,
  number: z.int().positive(),
  userId: text,
  access,
  tag: optional(text),
})
export const ITEM = z.object({ product: text, quantity: z.int().positive() })
export const PRICED_ITEM = ITEM.extend({ price: amount })
export const TAG = z.object({
  tag: text,
  basketId: text,
  basketNumber: z.int().positive(),
  userId: text,
  access,
  cardId: optional(text),
  state: z.enum(['open', 'paying', 'used', 'lapsed', 'cancelled']),
  amount,
  currency: text,
  issuedAt: time,
  lapsesAt: time,
  orderId: optional(z.int().positive()),
})
export const ORDER = z.object({
  orderId: z.int().positive(),
  tag: text,
  userId: text,
  cardId: text,
  state: z.enum(['authorising', 'authorised', 'paid', 'refused', 'voided']),
  amount,
  currency: text,
  key: text,
  refusal: z.string(),
  brand: text,
  lastFour: text,
  name: z.string(),
  street: z.string(),
  postalCode: z.string(),
  city: z.string(),
  country: z.string(),
  contact: z.string(),
  createdAt: time,
  paidAt: optional(time),
  receipt: optional(z.instanceof(Uint8Array)),
  shipment: z.enum(['none', 'pending', 'shipped']),
})
export const NAME = z.object({ name: z.string() })
export const ID = z.object({ id: z.int().positive() })
export const POSITION = z.object({ next: z.int().positive() })
