import type { RegistrationState } from './registration.ts'

/** How long no network has had the modem, and how long it is left alone with that. */
export interface OffAir {
  /** Of the injected clock, milliseconds; undefined while it is registered. */
  readonly sinceMs: number | undefined
  readonly waitMs: number
}

/** A modem finds a network by itself in less, milliseconds. */
const WAIT_MS = 120_000
/** Where there is none it costs power to look for it anew, milliseconds. */
const WAIT_MAX_MS = 30 * 60_000

export const ON_AIR: OffAir = { sinceMs: undefined, waitMs: WAIT_MS }

/**
 * When a radio is to go off and on again: some modems stop looking for a network once it refused them, or lost them. Each time is
 * followed by twice the patience.
 * @param registration as of the last look; undefined when nothing was heard of it
 */
export function offAir(
  off: OffAir,
  registration: RegistrationState | undefined,
  nowMs: number,
): { readonly off: OffAir; readonly restart: boolean } {
  if (registration === undefined) return { off, restart: false }
  if (/^(home|roaming)/.test(registration)) return { off: ON_AIR, restart: false }
  const sinceMs = off.sinceMs ?? nowMs
  if (nowMs - sinceMs < off.waitMs) return { off: { ...off, sinceMs }, restart: false }
  return { off: { sinceMs: nowMs, waitMs: Math.min(off.waitMs * 2, WAIT_MAX_MS) }, restart: true }
}
