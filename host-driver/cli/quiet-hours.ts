import { fault } from '../errors.ts'

/** Hours of the day, local time, in minutes from midnight; over midnight where the end is before the begin. */
export interface QuietHours {
  readonly from: number
  readonly to: number
}

const DAY_MIN = 1440

/** `02:00-05:00`. @throws KeylineError USAGE */
export function readQuietHours(given: string): QuietHours {
  const found = /^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)$/.exec(given)
  const [, hour, minute, toHour, toMinute] = found ?? []
  const from = Number(hour) * 60 + Number(minute)
  const to = Number(toHour) * 60 + Number(toMinute)
  if (found !== null && from !== to) return { from, to }
  throw fault('USAGE', { what: `--between: expected HH:MM-HH:MM, got ${JSON.stringify(given)}` })
}

/**
 * When to call: a moment by chance in what is left of the quiet hours, or else in the next ones, so that of a fleet not all call at once.
 * @param chance 0 … below 1
 */
export function quietMoment({ from, to }: QuietHours, now: Date, chance: number): Date {
  const length = (to - from + DAY_MIN) % DAY_MIN
  for (const day of [-1, 0, 1]) {
    // By the calendar: a day may have 23 or 25 hours.
    const at = (minutes: number): number =>
      new Date(now.getFullYear(), now.getMonth(), now.getDate() + day, 0, minutes).getTime()
    const begin = Math.max(now.getTime(), at(from))
    const end = at(from + length)
    if (begin < end) return new Date(Math.floor(begin + chance * (end - begin)))
  }
  return now // not reached: the next quiet hours end after now
}

/** Whether it is quiet. */
export function isQuiet({ from, to }: QuietHours, now: Date): boolean {
  const minutes = now.getHours() * 60 + now.getMinutes()
  return from < to ? minutes >= from && minutes < to : minutes >= from || minutes < to
}
