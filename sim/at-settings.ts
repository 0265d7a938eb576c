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
  /** TS 27.007: +CMEE, +CLIP, +CRC, +CR, +CREG, +CGREG, +CEREG, +CFUN. */
  readonly cmee: number
  readonly clip: number
  readonly crc: number
  readonly cr: number
  readonly creg: number
  readonly cgreg: number
  readonly cereg: number
  readonly fun: number
  /** +CBST as it is shown: speed, name, connection element. */
  readonly bearer: string
  readonly charset: string
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
  10: 15,
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
  crc: 0,
  cr: 0,
  creg: 0,
  cgreg: 0,
  cereg: 0,
  fun: 1,
  bearer: '7,0,1',
  charset: 'GSM',
}

/** Value of a register that is known to be there. */
export function register(settings: Settings, number: number): number {
  return settings.registers[number] ?? 0
}
