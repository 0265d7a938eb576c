import { fieldAt, fieldsOf, valueAfter, wholeNumber } from './fields.ts'
import { readable } from './operator.ts'
import { parsePinState } from './pin-state.ts'
import { parseRegistration } from './registration.ts'
import { parseSignal } from './signal.ts'
import { networkUrc } from './urc-network.ts'
import type { Caller, Urc } from './urc-types.ts'

const UNKNOWN: Urc = { type: 'unknown' }
const NOISE: Urc = { type: 'noise' }

/** Lines that always are the same, in capitals. SIMCom, Quectel, Huawei, Cinterion and u-blox among them. */
const WHOLE: Readonly<Record<string, Urc>> = {
  RING: { type: 'ring', service: undefined },
  'NO CARRIER': { type: 'call-ended', reason: 'no-carrier' },
  BUSY: { type: 'call-ended', reason: 'busy' },
  'NO ANSWER': { type: 'call-ended', reason: 'no-answer' },
  'NO DIALTONE': { type: 'call-ended', reason: 'no-dialtone' },
  'NO DIAL TONE': { type: 'call-ended', reason: 'no-dialtone' },
  RDY: { type: 'boot' },
  'APP RDY': { type: 'boot' },
  START: { type: 'boot' },
  SYSSTART: { type: 'boot' },
  '^SYSSTART': { type: 'boot' },
  '^SYSSTART AIRPLANE MODE': { type: 'boot' },
  '+SYSSTART': { type: 'boot' },
  '*ATREADY: 1': { type: 'boot' },
  'CALL READY': { type: 'started', part: 'calls' },
  'SMS READY': { type: 'started', part: 'sms' },
  'SMS DONE': { type: 'started', part: 'sms' },
  '+QIND: SMS DONE': { type: 'started', part: 'sms' },
  'PB DONE': { type: 'started', part: 'phone-book' },
  '+QIND: PB DONE': { type: 'started', part: 'phone-book' },
  '+QUSIM: 1': { type: 'started', part: 'sim' },
  '+PACSP0': { type: 'started', part: 'network' },
  '+PACSP1': { type: 'started', part: 'network' },
  'NORMAL POWER DOWN': { type: 'power-down', asked: true },
  'POWERED DOWN': { type: 'power-down', asked: true },
  'POWER DOWN': { type: 'power-down', asked: true },
  '+SHUTDOWN': { type: 'power-down', asked: true },
  '^SHUTDOWN': { type: 'power-down', asked: true },
  '+QIND: POWERED DOWN': { type: 'power-down', asked: true },
  '+UUSIMSTAT: 0': { type: 'sim', state: 'absent' },
}

const PATTERNS: readonly (readonly [pattern: RegExp, urc: Urc])[] = [
  [/^\^SMMEMFULL\b/, { type: 'sms-memory', full: true }],
  [/^(UNDER|OVER)[- ](VOLTAGE|TEMPERATURE) (POWER ?DOWN|SHUTDOWN)/, { type: 'power-down', asked: false }],
  [/^\+(CPMVT|CMTE): .*POWER DOWN/, { type: 'power-down', asked: false }],
  // The maker's own spelling has two n.
  [/^(UNDER|OVER)[- ](VOLTAGE|TEMPERATURE) WARN+ING/, { type: 'power-warning' }],
  [/^\^SBC: ?(UNDER|OVER)VOLTAGE/, { type: 'power-warning' }],
  [/^VOICE CALL: ?END/, { type: 'call-ended', reason: 'no-carrier' }],
  [/^\^CEND:/, { type: 'call-ended', reason: 'no-carrier' }],
  [/^MISSED_CALL:/, { type: 'call-ended', reason: 'no-answer' }],
  // Huawei repeats ^BOOT while it runs, until the PC has told it that it is there: it is no start.
  [/^(\^BOOT|\^SCTM_B|\*ISIMAID|\*ERINFO|\+CKEV|\+NITZ|\+QNWINFO|\+WIND|SBDRING$)/, NOISE],
  // How the modems of the fixed network agreed, before CONNECT (V.250 §6.4.3, §6.5.5).
  [/^(\+MCR|\+MRR|\+ER|\+DR|CARRIER|PROTOCOL|COMPRESSION|RINGING|RRING)\b/, NOISE],
  // Clock, name of the network, meters, toolkit, supplementary services.
  [/^(\*PSUTTZ|\*PSNWID|\+CTZ[VER]|\+CTZDST|DST|\+QLTS|\^NWTIME|\^NWNAME|\^TIME|\+QNTP|\+CNTP)\b/, NOISE],
  [/^(\^RSSI|\^HCSQ|\^MODE|\^SRVST|\^SIMST|\^DSFLOWRPT|\^STIN|\^CONN|\^CONF|\^ORIG|\^CSNR|\^THERM|\^RSSILVL)\b/, NOISE],
  [/^(\+QIND|\+QUSIM|\+QSIMSTAT|\+QNETDEVSTATUS|\+CUSATP|\+CUSATEND|\+STIN|\+STKPCI|\+CMTE|\+CPMVT|\+CSMINS)\b/, NOISE],
  [/^(\+COLP|\+CCWA|\+CSSI|\+CSSU|\+CDIP|\+CNAP|\+CLCC|\+CNEMIU|\+CNEMS1|\+CPSI|\+CNSMOD|\+DTMF|\+RXDTMF)\b/, NOISE],
  [/^(VOICE CALL: ?BEGIN|\+UUSIMSTAT|\+UMWI|\+UUICCID|\+UCALLSTAT|\*EPOSITION)/, NOISE],
]

type Reader = (value: string) => Urc | undefined

const READERS: readonly (readonly [prefix: string, read: Reader])[] = [
  ['+CRING', (value) => (value === '' ? undefined : { type: 'ring', service: value.toUpperCase() })],
  ['+CLIP', caller],
  ['+CMTI', (value) => stored(value, false)],
  ['+CDSI', (value) => stored(value, true)],
  ['+CMT', (value) => ({ type: 'sms', kind: 'message', length: pduLength(value, 2) })],
  ['+CDS', (value) => ({ type: 'sms', kind: 'report', length: pduLength(value, 1) })],
  ['+CBM', (value) => ({ type: 'sms', kind: 'broadcast', length: pduLength(value, 1) })],
  ['+CFUN', functionality],
  ['+CIEV', indicator],
  ['+CUSD', ussd],
  ['+CR', (value) => ({ type: 'service', service: value.toUpperCase() })],
]

/**
 * What a line is that no command asked for. The same line may be an answer as well (+CREG, +CPIN, +CLIP): whoever waits for
 * one takes it first. Never fails: what nobody here knows is `unknown`.
 */
export function classifyUrc(line: string): Urc {
  const text = line.trim()
  const upper = text.toUpperCase().replaceAll(/: +/g, ': ')
  if (Object.hasOwn(WHOLE, upper)) return WHOLE[upper] ?? UNKNOWN
  const registration = parseRegistration(text)
  if (registration !== undefined) return { type: 'registration', registration }
  for (const [prefix, read] of READERS) {
    const value = valueAfter(text, prefix)
    if (value !== undefined) return read(value) ?? UNKNOWN
  }
  return (
    sim(text) ??
    fixedCaller(text) ??
    networkUrc(text) ??
    heard(text) ??
    PATTERNS.find(([pattern]) => pattern.test(upper))?.[1] ??
    UNKNOWN
  )
}

function sim(text: string): Urc | undefined {
  const state = valueAfter(text, '+CPIN') === undefined ? undefined : parsePinState(text)
  return state && { type: 'sim', state }
}

/** Some say how they hear without being asked. */
function heard(text: string): Urc | undefined {
  const signal = parseSignal(text)
  return signal && { type: 'signal', signal }
}

const INTERNATIONAL = 145
const WITHHELD = 128
const VALIDITIES = ['valid', 'withheld', 'unavailable', 'unavailable', 'unavailable'] as const

/** number, type, subaddress, its type, name, validity (TS 27.007 §7.6) */
function caller(value: string): Caller | undefined {
  const fields = fieldsOf(value)
  const type = wholeNumber(fieldAt(fields, 1).text)
  const digits = fieldAt(fields, 0).text
  if (!/^\+?[0-9*#A-C]{0,40}$/i.test(digits)) return undefined
  const said = VALIDITIES[wholeNumber(fieldAt(fields, 5).text) ?? 0] ?? 'unavailable'
  if (digits === '' || digits === '+') {
    return { type: 'caller', number: undefined, validity: said === 'valid' ? hidden(type) : said }
  }
  const number = type === INTERNATIONAL && !digits.startsWith('+') ? `+${digits}` : digits
  return { type: 'caller', number, validity: said }
}

/** `NMBR = 0312345678` of the fixed network; P is withheld, O unavailable (V.253 §8.2.3.1). */
function fixedCaller(text: string): Caller | undefined {
  const shown = /^NMBR ?= ?([0-9*#]{1,40}|[PO])$/i.exec(text)?.[1]?.toUpperCase()
  if (shown === undefined) return undefined
  if (shown !== 'P' && shown !== 'O') return { type: 'caller', number: shown, validity: 'valid' }
  return { type: 'caller', number: undefined, validity: shown === 'P' ? 'withheld' : 'unavailable' }
}

function hidden(type: number | undefined): 'withheld' | 'unavailable' {
  return type === WITHHELD ? 'withheld' : 'unavailable'
}

function stored(value: string, report: boolean): Urc | undefined {
  const fields = fieldsOf(value)
  const index = wholeNumber(fieldAt(fields, 1).text)
  const memory = fieldAt(fields, 0).text.toUpperCase()
  return index === undefined || !/^[A-Z]{2}$/.test(memory) ? undefined : { type: 'sms-stored', report, memory, index }
}

/** In PDU mode the last value is the length, and there are no more of them; in text mode they say other things. */
function pduLength(value: string, most: number): number | undefined {
  const fields = fieldsOf(value)
  return fields.length > most ? undefined : wholeNumber(fields.at(-1)?.text)
}

function functionality(value: string): Urc | undefined {
  const level = wholeNumber(value)
  return level === undefined ? undefined : { type: 'functionality', level }
}

/** By number or by name, as the modem likes (TS 27.007 §8.9); SIMCom says `+CIEV: 10,"44010","docomo",…` of the network. */
function indicator(value: string): Urc | undefined {
  const [name, level] = fieldsOf(value)
  if (name === undefined || name.text === '') return undefined
  const key = name.text.toLowerCase()
  const number = wholeNumber(level?.text)
  if (key === 'smsfull') return { type: 'sms-memory', full: number !== 0 }
  return { type: 'indicator', name: key, value: level?.quoted ? undefined : number }
}

/** TS 23.038 §5: general coding, UCS2. */
const USSD_UCS2 = 0x48

/** status, text, coding (TS 27.007 §7.15); in UCS2 the text comes as hexadecimal digits. */
function ussd(value: string): Urc | undefined {
  const fields = fieldsOf(value)
  const status = wholeNumber(fieldAt(fields, 0).text)
  if (status === undefined) return undefined
  const text = fields[1]?.text
  const coding = wholeNumber(fields[2]?.text)
  return { type: 'ussd', status, text: text !== undefined && coding === USSD_UCS2 ? readable(text) : text }
}
