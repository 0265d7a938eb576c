import { explainModemError } from './explain-error.ts'
import { type Field, fieldAt, fieldsOf, valueAfter, wholeNumber } from './fields.ts'

/** What stands between the modem and its SIM card. */
export type PinState =
  | 'ready'
  | 'pin'
  | 'puk'
  | 'pin2'
  | 'puk2'
  /** The modem is locked to a card, a network or a company (PH-SIM, PH-NET …). */
  | 'modem-locked'
  | 'absent'
  /** The card is being read: ask again. */
  | 'not-yet'
  | 'failed'
  | 'unknown'

const WORDS: readonly (readonly [pattern: RegExp, state: PinState])[] = [
  [/^READY$/, 'ready'],
  [/^SIM PIN$/, 'pin'],
  [/^SIM PUK$/, 'puk'],
  [/^SIM PIN2$/, 'pin2'],
  [/^SIM PUK2$/, 'puk2'],
  [/^(PH-|BLOCKED)/, 'modem-locked'],
  [/^(NOT INSERTED|SIM REMOVED|SIM NOT INSERTED|NO SIM)$/, 'absent'],
  [/^(NOT READY|SIM BUSY|SIM NOT READY)$/, 'not-yet'],
  [/^(SIM FAILURE|SIM CRASH|SIM ERROR)$/, 'failed'],
]

/** The errors that AT+CPIN? is answered with instead. */
const CODES: Readonly<Record<string, PinState>> = {
  CME_5: 'modem-locked',
  CME_6: 'modem-locked',
  CME_7: 'modem-locked',
  CME_10: 'absent',
  CME_11: 'pin',
  CME_12: 'puk',
  CME_13: 'failed',
  CME_14: 'not-yet',
  CME_15: 'failed',
  CME_17: 'pin2',
  CME_18: 'puk2',
  CME_515: 'not-yet',
}

/** `+CPIN:` with or without quotes (TS 27.007 §8.3), or the +CME ERROR in its place. @returns undefined for another line */
export function parsePinState(line: string): PinState | undefined {
  const code = explainModemError(line)?.code
  if (code !== undefined) return Object.hasOwn(CODES, code) ? CODES[code] : undefined
  const value = valueAfter(line, '+CPIN')
  if (value === undefined) return undefined
  const text = fieldAt(fieldsOf(value), 0).text.toUpperCase().replaceAll(/\s+/g, ' ')
  return WORDS.find(([pattern]) => pattern.test(text))?.[1] ?? 'unknown'
}

/** Attempts that are left; a value is there only when the modem named it. */
export interface PinRetries {
  readonly pin?: number
  readonly puk?: number
  readonly pin2?: number
  readonly puk2?: number
}

type Secret = keyof PinRetries
type Reader = (fields: readonly Field[]) => PinRetries

const SECRETS: Readonly<Record<string, readonly [pin: Secret, puk: Secret] | readonly [one: Secret]>> = {
  'SIM PIN': ['pin'],
  'SIM PUK': ['puk'],
  'SIM PIN2': ['pin2'],
  'SIM PUK2': ['puk2'],
  SC: ['pin', 'puk'],
  P2: ['pin2', 'puk2'],
}

const READERS: readonly (readonly [prefix: string, read: Reader])[] = [
  ['+CPINR', named], // TS 27.007 §8.65: code, left, most
  ['+QPINC', named], // Quectel: facility, PIN, PUK
  ['+SPIC', (fields) => inOrder(fields, ['pin', 'puk', 'pin2', 'puk2'], 4)], // SIMCom
  ['*EPIN', (fields) => inOrder(fields, ['pin', 'puk', 'pin2', 'puk2'], 4)], // Ericsson
  ['+UPINCNT', (fields) => inOrder(fields, ['pin', 'pin2', 'puk', 'puk2'], 4)], // u-blox
  ['^CPIN', (fields) => inOrder(fields.slice(2), ['puk', 'pin', 'puk2', 'pin2'], 4)], // Huawei: code, times, then these
  ['+CSIM', ([, answer]) => verifyAnswer(answer?.text ?? '')], // an empty VERIFY of PIN 1
]

/** No card has more (TS 102 221 §11.1.9: four bits). */
const RETRIES_MAX = 15

/**
 * Attempts left, in whichever of the makers' ways it was asked. Of two lines that disagree the lower number counts.
 * `^SPIC: 3` of Cinterion does not say of what, and is not taken.
 * @returns undefined when no line says anything: the number is then unknown
 */
export function parsePinRetries(lines: string | readonly string[]): PinRetries | undefined {
  const all: { [secret in Secret]?: number } = {}
  for (const line of typeof lines === 'string' ? [lines] : lines) {
    for (const [prefix, read] of READERS) {
      const value = valueAfter(line, prefix)
      if (value === undefined) continue
      const found = read(fieldsOf(value))
      for (const secret of ['pin', 'puk', 'pin2', 'puk2'] as const) {
        const count = found[secret]
        if (count !== undefined) all[secret] = Math.min(all[secret] ?? count, count)
      }
    }
  }
  return Object.keys(all).length === 0 ? undefined : all
}

function retries(field: Field | undefined): number | undefined {
  const count = wholeNumber(field?.text)
  return count === undefined || count > RETRIES_MAX ? undefined : count
}

function named([name, ...counts]: readonly Field[]): PinRetries {
  const key = name?.text.toUpperCase() ?? ''
  const secrets = Object.hasOwn(SECRETS, key) ? SECRETS[key] : undefined
  return secrets === undefined ? {} : inOrder(counts, secrets, secrets.length)
}

function inOrder(fields: readonly Field[], secrets: readonly Secret[], least: number): PinRetries {
  if (fields.length < least) return {}
  const found = secrets.map((secret, index) => [secret, retries(fields[index])] as const)
  return Object.fromEntries(found.filter(([, count]) => count !== undefined))
}

/** Status words of VERIFY without data (TS 102 221 §11.1.9): 63Cx leaves x, 6983 is blocked; 9000 says that none is asked. */
function verifyAnswer(hex: string): PinRetries {
  const left = /63C([0-9A-F])$/i.exec(hex)?.[1]
  if (left !== undefined) return { pin: Number.parseInt(left, 16) }
  return /6983$/.test(hex) ? { pin: 0 } : {}
}
