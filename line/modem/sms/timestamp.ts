export interface SmsTimestamp {
  /** As the SMSC wrote it, its own time zone included: `2011-02-28T11:50:50-05:00`. */
  readonly iso: string
  /** Milliseconds since 1970. */
  readonly epochMs: number
  /** Minutes east of Greenwich. */
  readonly offsetMinutes: number
}

/** Octets of a time stamp: year, month, day, hour, minute, second, zone; each with its halves swapped. */
export const TIMESTAMP_OCTETS = 7
/** Years of two digits: the first short message was sent in 1992. */
const FIRST_YEAR = 90
/** The zone in quarters of an hour has 7 bits in its two halves; the sign is bit 3 of the octet as it is sent (§9.2.3.11). */
const WEST = 0x08

/** @returns undefined for what is no date: an SMSC without a clock sends zeros, and the message counts all the same */
export function timestampOf(octets: Uint8Array): SmsTimestamp | undefined {
  const parts = Array.from(octets.subarray(0, 6), decimal)
  const zone = octets[6] ?? 0
  const quarters = decimal(zone & ~WEST)
  if (parts.some((part) => part === undefined) || quarters === undefined || quarters > 79) return undefined
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.map((part) => part ?? 0)
  if (hour > 23 || minute > 59 || second > 59) return undefined
  const fullYear = year >= FIRST_YEAR ? 1900 + year : 2000 + year
  const local = Date.UTC(fullYear, month - 1, day, hour, minute, second)
  const date = new Date(local)
  // A day that its month does not have is one of another month.
  if (date.getUTCMonth() !== month - 1) return undefined
  const offsetMinutes = (zone & WEST ? -15 : 15) * quarters || 0
  return {
    iso: date.toISOString().replace('.000Z', offset(offsetMinutes)),
    epochMs: local - offsetMinutes * 60_000,
    offsetMinutes,
  }
}

function decimal(octet: number): number | undefined {
  const [tens, units] = [octet & 15, octet >> 4]
  return tens > 9 || units > 9 ? undefined : 10 * tens + units
}

function offset(minutes: number): string {
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60]
  return `${minutes < 0 ? '-' : '+'}${String(hours).padStart(2, '0')}:${String(rest).padStart(2, '0')}`
}
