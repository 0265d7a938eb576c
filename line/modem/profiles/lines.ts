import type { AtLine, EscapeRules, PacketTarget } from './profile.ts'

/** A setting is answered at once; the margin is for a modem that does something else, milliseconds. */
export const SETTING_MS = 5_000
/** Reading the SIM card: seconds on a cold one (3GPP gives none, makers 5 s), milliseconds. */
export const CARD_MS = 10_000
/** Attaching and activating a context: makers allow 140 to 150 s, milliseconds. */
export const ACTIVATE_MS = 150_000
/** Closing it again: 40 s by Quectel, milliseconds. */
export const DEACTIVATE_MS = 40_000
/** A TCP connection inside the modem: 75 s is the makers' default, 150 s the most, milliseconds. */
export const OPEN_MS = 150_000
/** From ATD to CONNECT: ringing and the training of the modems (V.250 S7 allows 255 s), milliseconds. */
export const CONNECT_MS = 90_000

/** The silence of one second that V.250 S12 asks for by default, with a margin. */
export const ESCAPE: EscapeRules = { guardMs: 1_060, withinMs: 1_000, settable: false }

export function setting(text: string, timeoutMs = SETTING_MS): AtLine {
  return { text, timeoutMs }
}

export function optional(text: string, timeoutMs = SETTING_MS): AtLine {
  return { text, timeoutMs, optional: true }
}

export function question(text: string, prefix: string, timeoutMs = CARD_MS): AtLine {
  return { text, timeoutMs, prefixes: [prefix], optional: true }
}

/** TS 27.007 §8.65, then an empty VERIFY of PIN 1: it counts nothing down and says what is left (TS 102 221 §11.1.9). */
export const STANDARD_RETRIES: readonly AtLine[] = [
  question('AT+CPINR', '+CPINR'),
  question('AT+CSIM=10,"0020000100"', '+CSIM'),
]

/** The bearer of a data call: 9600 bit/s V.32, asynchronous, non-transparent; then V.110, whatever is not refused. */
export const CSD_BEARER: readonly AtLine[] = [optional('AT+CBST=7,0,1'), optional('AT+CBST=71,0,1')]

/**
 * A text in quotes, as it may stand in a command. Names of access points, addresses and passwords come from the enrolment,
 * and still nothing goes to a modem that could end the command or begin another one.
 * @throws RangeError for quotes, control characters, semicolons, more than 64 letters
 */
export function quoted(text: string, what: string): string {
  if (!/^[A-Za-z0-9 !#$%&()*+,./:<=>?@[\]^_{|}~-]{0,64}$/.test(text)) {
    throw new RangeError(`expected ${what} of at most 64 plain letters`)
  }
  return `"${text}"`
}

/** Host in quotes and port. @throws RangeError for what is neither a name nor an address, or no port */
export function destination({ host, port }: PacketTarget): string {
  if (!/^[A-Za-z0-9.-]{1,64}$/.test(host)) throw new RangeError('expected an address or a name in the private network')
  if (!Number.isInteger(port) || port < 1 || port > 0xffff) throw new RangeError(`expected a port, got ${port}`)
  return `"${host}",${port}`
}

/** Empty for the access point of the SIM card. @throws RangeError for what is no name of one (TS 23.003 §9.1) */
export function apnOf({ apn }: PacketTarget): string {
  if (!/^[A-Za-z0-9.-]{0,63}$/.test(apn)) throw new RangeError('expected the name of an access point')
  return `"${apn}"`
}
