import { SMS_PAYLOAD_MAX } from '../../../wire/limits.ts'
import type { SmsConcat, SmsPorts } from './header.ts'

/** What `encodeSubmit` needs of one part, besides the number. */
export interface SmsFragment {
  readonly data: Uint8Array
  readonly ports: SmsPorts
  readonly concat: SmsConcat | undefined
}

/** Octets of one part among several: 140 less 7 of the ports and 5 or 6 of the concatenation (TS 23.040 §9.2.3.24.1, .8). */
const PART_MAX = { 8: 128, 16: 127 } as const
const PARTS_MAX = 255

/**
 * Up to 133 bytes go in one message, more in parts with the concatenation header.
 * @param ref below 256 it takes one octet unless `bits` says 16; another one for each message to the same number
 * @throws RangeError for more than 255 parts
 */
export function fragmentSms(
  message: Uint8Array,
  ports: SmsPorts,
  ref: number,
  bits: 8 | 16 = ref < 256 ? 8 : 16,
): SmsFragment[] {
  if (message.length <= SMS_PAYLOAD_MAX) return [{ data: message, ports, concat: undefined }]
  const size = PART_MAX[bits]
  const total = Math.ceil(message.length / size)
  if (total > PARTS_MAX) throw new RangeError(`expected at most ${PARTS_MAX * size} bytes, got ${message.length}`)
  return Array.from({ length: total }, (_, n) => ({
    data: message.subarray(n * size, (n + 1) * size),
    ports,
    concat: { ref, bits, total, part: n + 1 },
  }))
}
