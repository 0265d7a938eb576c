import { createHash } from 'node:crypto'
import type { PinState } from './pin-state.ts'

export interface PinQuestion {
  readonly state: PinState
  /** Attempts at the PIN that are left (`parsePinRetries`); undefined when the modem does not say. */
  readonly retries: number | undefined
  /** Of the card that is in the modem; undefined when it cannot be read. */
  readonly iccid: string | undefined
  /** 4 to 8 digits; undefined when none is stored. */
  readonly pin: string | undefined
  /** Marks of what a card refused before (`pinMark`), kept over restarts. */
  readonly refused: ReadonlySet<string>
}

export type PinStep =
  | { readonly type: 'ready' }
  /** The card is being read: ask again in a second. */
  | { readonly type: 'wait' }
  /** Keep `mark` as refused before AT+CPIN goes out, and forget it when the card took the PIN: a crash burns no attempt twice. */
  | { readonly type: 'enter'; readonly mark: string }
  | {
      readonly type: 'refuse'
      readonly reason: PinRefusal
      readonly what: string
      readonly cure: string
    }

/** Why no PIN is entered. */
export type PinRefusal = keyof typeof REFUSALS

/**
 * A machine enters a PIN only while so many attempts are left: a wrong one then leaves two to a human, who counts on
 * them before the card is blocked.
 */
export const PIN_RETRIES_MIN = 3

const REFUSALS = {
  'no-pin': { what: 'the SIM card asks for a PIN, and none is stored', cure: 'give the PIN of this card' },
  'not-a-pin': { what: 'what is stored is no PIN', cure: 'give a PIN of 4 to 8 digits' },
  'retries-unknown': {
    what: 'the modem does not say how many attempts at the PIN are left',
    cure: 'switch the PIN off with a telephone, or use a modem that says it',
  },
  'retries-few': {
    what: 'too few attempts at the PIN are left for a machine to try',
    cure: 'put the SIM card into a telephone and enter the right PIN there: this gives all attempts back',
  },
  'card-unknown': {
    what: 'the number of the SIM card cannot be read, so nobody knows whether it refused this PIN before',
    cure: 'check that the card sits well, and switch the modem off and on again',
  },
  'refused-before': { what: 'this SIM card refused this PIN before', cure: 'give the right PIN of this card' },
  puk: {
    what: 'the SIM card is blocked and asks for its PUK',
    cure: 'put it into a telephone and enter the PUK by hand: no machine should',
  },
  'modem-locked': { what: 'the modem takes only certain SIM cards', cure: 'ask its seller to unlock it' },
  absent: { what: 'there is no SIM card', cure: 'put one in, and start the modem again' },
  failed: { what: 'the SIM card does not answer as it should', cure: 'try it in a telephone' },
  'state-unknown': { what: 'the modem does not say what its SIM card needs', cure: 'switch it off and on again' },
} as const satisfies Readonly<Record<string, { readonly what: string; readonly cure: string }>>

/** States in which nothing is entered at all. */
const NEVER: Readonly<Partial<Record<PinState, PinRefusal>>> = {
  puk: 'puk',
  'modem-locked': 'modem-locked',
  absent: 'absent',
  failed: 'failed',
  unknown: 'state-unknown',
}

/** What stands for one PIN at one card without being it, for the list of refused ones. */
export function pinMark(iccid: string, pin: string): string {
  return createHash('sha256').update(`keyline pin\n${iccid}\n${pin}`).digest('base64url')
}

/** The one place that decides whether a PIN goes to a card: no attempt is ever burnt blindly. */
export function nextPinStep({ state, retries, iccid, pin, refused }: PinQuestion): PinStep {
  // The second PIN guards fixed numbers and charges (TS 27.007 §8.3): the card works without it.
  if (state === 'ready' || state === 'pin2' || state === 'puk2') return { type: 'ready' }
  if (state === 'not-yet') return { type: 'wait' }
  const never = NEVER[state]
  if (never !== undefined) return refuse(never)
  if (pin === undefined) return refuse('no-pin')
  if (!/^\d{4,8}$/.test(pin)) return refuse('not-a-pin')
  if (retries === undefined || !Number.isInteger(retries)) return refuse('retries-unknown')
  if (retries < PIN_RETRIES_MIN) return refuse('retries-few')
  if (iccid === undefined || iccid === '') return refuse('card-unknown')
  const mark = pinMark(iccid, pin)
  return refused.has(mark) ? refuse('refused-before') : { type: 'enter', mark }
}

function refuse(reason: PinRefusal): PinStep {
  return { type: 'refuse', reason, ...REFUSALS[reason] }
}
