/** What became of a message, as a status report says it (TS 23.040 §9.2.3.15). */
export interface SmsStatus {
  readonly code: number
  /** `trying`: the SMSC goes on, and another report follows. */
  readonly outcome: 'delivered' | 'trying' | 'failed'
  readonly what: string
}

const WORDS: Readonly<Record<number, string>> = {
  0: 'received by the recipient',
  1: 'forwarded, and the SMSC does not know whether it was received',
  2: 'replaced by the SMSC',
  32: 'congestion',
  33: 'recipient busy',
  34: 'no response from the recipient',
  35: 'service rejected',
  36: 'quality of service not available',
  37: 'error in the recipient',
  64: 'remote procedure error',
  65: 'incompatible destination',
  66: 'connection rejected by the recipient',
  67: 'not obtainable',
  68: 'quality of service not available',
  69: 'no interworking available',
  70: 'validity period expired',
  71: 'deleted by the sender',
  72: 'deleted by the SMSC',
  73: 'does not exist',
  96: 'congestion',
  97: 'recipient busy',
  98: 'no response from the recipient',
  99: 'service rejected',
  100: 'quality of service not available',
  101: 'error in the recipient',
}

const TRYING = 0x20
const FAILED = 0x40
const RESERVED = 0x80
/** In each group the upper half is the SMSC's own. */
const OWN = 0x10
const REJECTED = 'service rejected'

/** A reserved value means that the service was rejected (§9.2.3.15). */
export function statusOf(code: number): SmsStatus {
  const what = WORDS[code] ?? (code < RESERVED && (code & OWN) !== 0 ? 'a reason of this SMSC' : undefined)
  if (what === undefined) return { code, outcome: 'failed', what: REJECTED }
  return { code, outcome: code < TRYING ? 'delivered' : code < FAILED ? 'trying' : 'failed', what }
}
