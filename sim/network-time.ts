import type { Clock } from './clock.ts'

const QUARTER_MS = 15 * 60_000

/** The network's time of day, driven by the same clock as everything else, in the zone of the place. */
export class NetworkTime {
  /** Quarters of an hour east of UTC. */
  readonly zone: number
  readonly #clock: Clock
  readonly #offset: number

  /** @param unixMs time of day now */
  constructor(clock: Clock, unixMs: number, zone: number) {
    this.#clock = clock
    this.#offset = unixMs - clock.now()
    this.zone = zone
  }

  /** Milliseconds since 1970. */
  unixMs(): number {
    return this.#offset + this.#clock.now()
  }

  /** Seven octets of a time stamp (TS 23.040 §9.2.3.11): swapped digits, and the zone's sign in bit 3. */
  stamp(unixMs: number = this.unixMs()): Uint8Array {
    const zone = Math.abs(this.zone)
    const last = swapped(zone) | (this.zone < 0 ? 0x08 : 0)
    return Uint8Array.of(...this.#fields(unixMs).map(swapped), last)
  }

  /** As +CCLK shows it. */
  text(): string {
    return stampText(this.stamp())
  }

  #fields(unixMs: number): number[] {
    const local = new Date(unixMs + this.zone * QUARTER_MS)
    return [
      local.getUTCFullYear() % 100,
      local.getUTCMonth() + 1,
      local.getUTCDate(),
      local.getUTCHours(),
      local.getUTCMinutes(),
      local.getUTCSeconds(),
    ]
  }
}

/** A time stamp as `yy/MM/dd,hh:mm:ss±zz` (TS 27.005 §3.1). */
export function stampText(stamp: Uint8Array): string {
  const [year, month, day, hour, minute, second] = Array.from(stamp.subarray(0, 6), twoDigits)
  const last = stamp[6] ?? 0
  const sign = (last & 0x08) === 0 ? '+' : '-'
  return `${year}/${month}/${day},${hour}:${minute}:${second}${sign}${twoDigits(last & 0xf7)}`
}

function swapped(value: number): number {
  return ((value % 10) << 4) | Math.floor(value / 10)
}

function twoDigits(octet: number): string {
  return `${octet & 0xf}${octet >> 4}`
}
