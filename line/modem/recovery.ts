/*
 * How a modem is got back without a human, as a pure function; the same ladders stand in docs/states/modem.md, a test compares them.
 *
 *   gone      its port cannot be opened, or vanished         reopen · reopen · reopen · power-key
 *   silent    the port is there and AT is not answered       reopen · resync · modem-reset · power-key
 *   refusing  AT is answered, what every modem must do not   soft-reset · radio · modem-reset · power-key
 *   card      the SIM card is absent, failed or was changed  reopen · modem-reset
 *   sim       the SIM card needs a human                     reopen
 *
 * Each failure climbs one rung. After the last one it begins below again, after a pause that grows: a modem without power
 * must not be hammered, and one that a human mends must be found soon.
 */
export type Symptom = 'gone' | 'silent' | 'refusing' | 'card' | 'sim'

/**
 * `reopen`: close the port and open it, AT until it answers · `resync`: `+++` and ESC, ATH · `soft-reset`: ATZ · `radio`: off and on, +CFUN=4 and 1 ·
 * `modem-reset`: +CFUN=1,1 · `power-key`: as a finger would, if AT is really not answered: the key also switches off.
 */
export type Rung = 'reopen' | 'resync' | 'soft-reset' | 'radio' | 'modem-reset' | 'power-key'

export interface Attempt {
  readonly rung: Rung
  /** Before it, milliseconds. */
  readonly pauseMs: number
}

export const LADDERS: Readonly<Record<Symptom, readonly Rung[]>> = {
  gone: ['reopen', 'reopen', 'reopen', 'power-key'],
  silent: ['reopen', 'resync', 'modem-reset', 'power-key'],
  refusing: ['soft-reset', 'radio', 'modem-reset', 'power-key'],
  card: ['reopen', 'modem-reset'],
  sim: ['reopen'],
}

/** Within a round: a port that is back needs a moment until its node is, milliseconds. */
const GONE_MS = [500, 1000, 2000, 5000]
/** Between two rounds, doubling, milliseconds. */
const ROUND_MS = 15_000
const ROUND_MAX_MS = 60_000

/**
 * @param fails attempts in a row that did not bring it up
 * @param hasKey whether its power key can be pressed; without one a reset is all there is
 */
export function nextAttempt(symptom: Symptom, fails: number, hasKey: boolean): Attempt {
  const ladder = LADDERS[symptom].filter((rung) => hasKey || rung !== 'power-key')
  const at = fails % ladder.length
  const round = Math.floor(fails / ladder.length)
  const rung = ladder[at] ?? 'reopen'
  if (at === 0 && round > 0) return { rung, pauseMs: Math.min(ROUND_MS * 2 ** (round - 1), ROUND_MAX_MS) }
  return { rung, pauseMs: symptom === 'gone' ? (GONE_MS[at] ?? ROUND_MS) : symptom === 'sim' ? ROUND_MS : 0 }
}
