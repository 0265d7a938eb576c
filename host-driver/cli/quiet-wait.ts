import { fault } from '../errors.ts'
import { type After, pause } from '../timers.ts'
import { isQuiet, type QuietHours, quietMoment } from './quiet-hours.ts'

/** Timers stand still while a computer sleeps, and its clock may be set: it is looked at so often, milliseconds. */
const LOOK_MS = 60_000

export interface QuietWait {
  readonly now: () => Date
  readonly after: After
  /** 0 … below 1. */
  readonly chance: () => number
  readonly signal: AbortSignal
  /** Told when the call is planned; again when the quiet hours were slept through. */
  readonly planned: (at: Date) => void
}

/** Waits for a moment by chance in the quiet hours. @throws KeylineError CANCELLED */
export async function waitForQuiet(hours: QuietHours, wait: QuietWait): Promise<void> {
  const { now, after, chance, signal, planned } = wait
  let at = quietMoment(hours, now(), chance())
  planned(at)
  for (;;) {
    if (signal.aborted) throw fault('CANCELLED')
    const left = at.getTime() - now().getTime()
    if (left <= 0) {
      // A timer may be a little late, also at the very end of the quiet hours.
      if (-left < LOOK_MS || isQuiet(hours, now())) return
      at = quietMoment(hours, now(), chance())
      planned(at)
    } else await pause(Math.min(left, LOOK_MS), after, signal)
  }
}
