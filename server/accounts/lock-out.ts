import type { Attempts } from '../store/store.ts'

/** Wrong passwords that are free: slips of the finger. The lock begins with the fifth. */
const FREE_FAILURES = 4
/** First lock, seconds; doubled by each further failure. Two guesses a minute become one a day within 12 guesses. */
const FIRST_LOCK_S = 30
/** Longest lock, seconds: an attacker must not shut a user out for good. */
const LOCK_MAX_S = 86_400
/** A counter is forgotten so long after its last failure, milliseconds: twice the longest lock. */
export const FORGET_MS = 2 * LOCK_MAX_S * 1000
/** Counters that are kept; names that nobody has take room too. */
export const ATTEMPTS_MAX = 100_000

/** @returns how long the account is locked after so many failures, seconds */
export function lockSeconds(failures: number): number {
  if (failures <= FREE_FAILURES) return 0
  return Math.min(LOCK_MAX_S, FIRST_LOCK_S * 2 ** (failures - FREE_FAILURES - 1))
}

/** The counter as it stands if the login that begins now fails. */
export function oneMore(attempts: Attempts | undefined, now: number): Attempts {
  const stale = attempts === undefined || attempts.lastAt < now - FORGET_MS
  const failures = (stale ? 0 : attempts.failures) + 1
  return { failures, lockedUntil: now + lockSeconds(failures) * 1000, lastAt: now }
}

/** @returns seconds from `now`, rounded up; 0 when it is not locked */
export function lockedFor(attempts: Attempts | undefined, now: number): number {
  const seconds = Math.ceil(((attempts?.lockedUntil ?? 0) - now) / 1000)
  return Math.min(LOCK_MAX_S, Math.max(0, seconds))
}
