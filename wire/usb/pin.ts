import { z } from 'zod'

/** Characters of a card's PIN. */
export const PIN_MIN = 4
export const PIN_MAX = 32

export const pinState = z.enum(['none', 'locked', 'open'])
const pin = z.string().min(PIN_MIN).max(PIN_MAX)
const answer = z.strictObject({
  pin: pinState,
  /** Wrong PINs that may follow before the card erases its memory. */
  triesLeft: z.number().int().nonnegative(),
})
export type PinAnswer = z.infer<typeof answer>

/** The card's own PIN (not the SIM card's): its memory is sealed with it. */
export const PIN_METHODS = {
  /** After each start, until it was right nothing else is done. */
  'card.pin.unlock': { params: z.strictObject({ pin }), result: answer },
  /** `current` is empty where there is none; `wanted` is empty for none. */
  'card.pin.set': {
    params: z.strictObject({ current: z.union([z.literal(''), pin]), wanted: z.union([z.literal(''), pin]) }),
    result: answer,
  },
} as const
