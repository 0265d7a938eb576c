import { fieldsOf, valueAfter, wholeNumber } from './fields.ts'

/** How well a modem hears; undefined where it does not know. */
export interface Signal {
  /** The one figure that counts: of LTE or 5G where there is one, dBm. */
  readonly dbm: number | undefined
  /** RSRQ or Ec/No, dB. */
  readonly qualityDb: number | undefined
  /** 0…5 as a telephone shows it. */
  readonly bars: number | undefined
}

/** How a modem counts in +CSQ: as TS 27.007 §8.5, or in bars as those of Iridium. */
export type SignalScale = '3gpp' | 'bars'

/** Least of one to five bars, dBm, for the strength of all that is heard and for the reference signal of LTE. */
const RSSI_BARS = [-111, -103, -95, -87, -79]
const RSRP_BARS = [-125, -115, -105, -95, -85]

/** `+CSQ:` and `+CESQ:` (§8.5, §8.69), asked for or not. */
export function parseSignal(line: string, scale: SignalScale = '3gpp'): Signal | undefined {
  const plain = valueAfter(line, '+CSQ') ?? valueAfter(line, '+CSQN')
  const numbers = fieldsOf(plain ?? valueAfter(line, '+CESQ') ?? '').map(({ text }) => wholeNumber(text))
  if (numbers[0] === undefined) return undefined
  if (plain === undefined) return extended(numbers)
  if (scale === 'bars') return { dbm: undefined, qualityDb: undefined, bars: numbers[0] > 5 ? undefined : numbers[0] }
  const dbm = rssi(numbers[0])
  return { dbm, qualityDb: undefined, bars: bars(dbm, RSSI_BARS) }
}

/** 0…31 in steps of 2 dB, 99 unknown; 100…191 in steps of 1 dB where the network is not GSM, 199 unknown. */
function rssi(value: number): number | undefined {
  if (value <= 31) return 2 * value - 113
  return value >= 100 && value <= 191 ? value - 216 : undefined
}

/** The lower end of each step; from the newest network to the oldest, for the others say that they do not know. */
function extended(numbers: readonly (number | undefined)[]): Signal | undefined {
  if (numbers.length < 6 || numbers.slice(0, 6).includes(undefined)) return undefined
  const at = (index: number, most: number): number | undefined => {
    const value = numbers[index]
    return value === undefined || value > most ? undefined : value
  }
  const nr = at(7, 126)
  if (nr !== undefined) return heard(nr - 157, RSRP_BARS, half(at(6, 126), -43.5))
  const lte = at(5, 97)
  if (lte !== undefined) return heard(lte - 141, RSRP_BARS, half(at(4, 34), -20))
  const umts = at(2, 96)
  if (umts !== undefined) return heard(umts - 121, RSSI_BARS, half(at(3, 49), -24.5))
  const gsm = at(0, 63)
  return heard(gsm === undefined ? undefined : gsm - 111, RSSI_BARS, undefined)
}

function heard(dbm: number | undefined, steps: readonly number[], qualityDb: number | undefined): Signal {
  return { dbm, qualityDb, bars: bars(dbm, steps) }
}

function half(steps: number | undefined, least: number): number | undefined {
  return steps === undefined ? undefined : steps / 2 + least
}

function bars(dbm: number | undefined, steps: readonly number[]): number | undefined {
  return dbm === undefined ? undefined : steps.filter((least) => dbm >= least).length
}
