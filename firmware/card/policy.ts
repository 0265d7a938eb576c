import type { BearerName } from '../../wire/line/ticket.ts'
import type { CardErrorCode } from './errors.ts'
import type { EnrolledAddress } from './phone-book.ts'

/** One bearer of the card's policy, and how long a job stays with it, milliseconds. The list is in order: the best one first. */
export interface BearerBudget {
  readonly bearer: BearerName
  readonly budgetMs: number
}

/** What a bearer can do for one job: its enrolled addresses, one after the other. */
export interface Leg extends BearerBudget {
  readonly addresses: readonly EnrolledAddress[]
}

/** What a job has behind it on the leg it is on. */
export interface Trying {
  readonly leg: number
  /** Calls begun on this leg. */
  readonly calls: number
  /** Since the leg was begun, milliseconds. */
  readonly spentMs: number
}

export type Onward =
  | { readonly type: 'again'; readonly pauseMs: number }
  | { readonly type: 'next' }
  | { readonly type: 'over' }

/** Calls on one leg, at most: each costs money, and a number that stays busy must not be hammered. */
export const CALLS_PER_LEG = 3
/** Before the second and the third call, milliseconds: a number that was busy or a cell that was lost needs a moment. */
export const PAUSES_MS = [3000, 10_000] as const

/** Failures after which another call may help: by itself, without anybody changing anything. */
export const PASSING: ReadonlySet<CardErrorCode> = new Set([
  'LINE_BUSY',
  'LINE_NO_CARRIER',
  'LINE_LOST',
  'LINE_NO_RESPONSE',
])

/** Failures of one bearer: another one may be well. All else would be the same everywhere, or is not to be repeated at all. */
export const OF_BEARER: ReadonlySet<CardErrorCode> = new Set([
  ...PASSING,
  'LINE_NO_ANSWER',
  'LINE_NO_DIALTONE',
  'LINE_TIMEOUT',
  'MODEM_ABSENT',
  'MODEM_FAULT',
  'LINE_IS_INTERNET',
  'LINE_NOT_REGISTERED',
  'SIM_UNUSABLE',
])

/** @param addresses usable ones in the order of the policy @returns legs that have any */
export function legsOf(policy: readonly BearerBudget[], addresses: readonly EnrolledAddress[]): readonly Leg[] {
  return policy.flatMap((budget): Leg[] => {
    const own = addresses.filter(({ bearer }) => bearer === budget.bearer)
    return own.length === 0 ? [] : [{ ...budget, addresses: own }]
  })
}

/** The number that the next call of a leg goes to: one after the other. */
export function addressOf({ addresses }: Leg, calls: number): EnrolledAddress | undefined {
  return addresses[calls % Math.max(1, addresses.length)]
}

/** What follows a failure. */
export function onward(code: CardErrorCode, legs: readonly Leg[], { leg, calls, spentMs }: Trying): Onward {
  const current = legs[leg]
  if (current === undefined) return { type: 'over' }
  const pauseMs = PAUSES_MS[calls - 1] ?? PAUSES_MS[1]
  const again = PASSING.has(code) && calls < CALLS_PER_LEG && spentMs + pauseMs < current.budgetMs
  if (again) return { type: 'again', pauseMs }
  return OF_BEARER.has(code) && leg + 1 < legs.length ? { type: 'next' } : { type: 'over' }
}
