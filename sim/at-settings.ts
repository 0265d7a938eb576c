import type { Charset } from './sms-text.ts'

/** What AT commands set in a modem; it stays when the port is closed. */
export interface Settings {
  /** E: bytes of commands come back. */
  readonly echo: number
  /** V: results as words, not digits. */
  readonly verbose: number
  /** Q: no results at all. */
  readonly quiet: number
  /** X: 0 plain CONNECT; 3 and more tell BUSY from NO CARRIER (V.250 §6.2.7). */
  readonly level: number
  /** &C, &D: behaviour of DCD and DTR (V.250 §6.2.8, §6.2.9). */
  readonly carrier: number
  readonly dtr: number
  /** S-registers. */
  readonly registers: Readonly<Record<number, number>>
  /** TS 27.007: +CMEE, +CLIP, +CLIR, +COLP, +CRC, +CR, +CVHU, +CREG, +CGREG, +CEREG, +CFUN, +CMER, +CUSD, +CTZU, +CTZR. */
  readonly cmee: number
  readonly clip: number
  readonly clir: number
  readonly colp: number
  readonly crc: number
  readonly cr: number
  readonly cvhu: number
  readonly creg: number
  readonly cgreg: number
  readonly cereg: number
  readonly fun: number
  readonly cmer: number
  readonly cusd: number
  readonly ctzu: number
  readonly ctzr: number
  /** +COPS: mode and format. */
  readonly copsMode: number
  readonly copsFormat: number
  /** +CGEREP: 0 tells nothing of contexts. */
  readonly cgerep: number
  /** V.250 §6.4 to §6.6: +MR, +ER, +DR, +ILRR. */
  readonly mr: number
  readonly er: number
  readonly dr: number
  readonly ilrr: number
  /** Settings that are shown again and have no effect here, by their command. */
  readonly kept: Readonly<Record<string, readonly number[]>>
  /** +IPR; 0 finds the speed by itself. */
  readonly speed: number
  /** +CBST as it is shown: speed, name, connection element. */
  readonly bearer: string
  /** +CRLP: windows, time-out in 10 ms, tries. */
  readonly rlp: readonly number[]
  readonly charset: Charset
  /** TS 27.005: +CMGF, +CSMS, +CSDH, +CMMS, and the fields of +CNMI, +CSMP and +CPMS. */
  readonly cmgf: number
  readonly csms: number
  readonly csdh: number
  readonly cmms: number
  readonly cnmi: readonly number[]
  readonly csmp: readonly number[]
  readonly memories: readonly string[]
  /** SIMCom's +CIPMODE, Quectel's last error. */
  readonly cipmode: number
  readonly qierror: number
}

/** V.250 §6.3: registers there are, with factory values; all others are refused. S12 is in 1/50 s. */
const REGISTERS: Readonly<Record<number, number>> = {
  0: 0,
  1: 0,
  2: 43,
  3: 13,
  4: 10,
  5: 8,
  6: 2,
  7: 60,
  8: 2,
  9: 6,
  10: 15,
  11: 95,
  12: 50,
}

/** What &F and Z bring back. &D2 at once: who closes the port hangs up, as terminals expect. */
export const FACTORY: Settings = {
  echo: 1,
  verbose: 1,
  quiet: 0,
  level: 4,
  carrier: 1,
  dtr: 2,
  registers: REGISTERS,
  cmee: 0,
  clip: 0,
  clir: 0,
  colp: 0,
  crc: 0,
  cr: 0,
  cvhu: 0,
  creg: 0,
  cgreg: 0,
  cereg: 0,
  fun: 1,
  cmer: 0,
  cusd: 0,
  ctzu: 0,
  ctzr: 0,
  copsMode: 0,
  copsFormat: 0,
  cgerep: 0,
  mr: 0,
  er: 0,
  dr: 0,
  ilrr: 0,
  kept: {},
  speed: 0,
  bearer: '7,0,1',
  rlp: [61, 61, 48, 6],
  charset: 'GSM',
  cmgf: 0,
  csms: 0,
  csdh: 0,
  cmms: 0,
  cnmi: [0, 0, 0, 0, 0],
  csmp: [17, 167, 0, 0],
  memories: ['SM', 'SM', 'SM'],
  cipmode: 0,
  qierror: 0,
}

/** Value of a register that is known to be there. */
export function register(settings: Settings, number: number): number {
  return settings.registers[number] ?? 0
}
