import type { AtEngine } from './engine.ts'

/** Guard time of `+++` that modems are asked for, in 1/50 s, and what they keep if they refuse (V.250 §5.2.3, S12). */
const GUARD_FIFTIETHS = 20
const GUARD_DEFAULT_MS = 1000
/** A modem's own delays around the guard time, milliseconds. */
const GUARD_MARGIN_MS = 60
const ANSWER_MS = 3000

export type ModemInit =
  | { readonly ok: true; readonly guardMs: number }
  | { readonly ok: false; readonly reason: 'modem-absent' | 'modem-fault'; readonly detail: string }

/**
 * Brings a modem into the one state that everything else counts on: no echo, words, hang up on DTR, no auto-answer. Nothing is
 * stored in the modem (no &W): others may rely on its settings. A modem that does not answer at all is `modem-absent`.
 */
export async function initModem(engine: AtEngine): Promise<ModemInit> {
  const first = await engine.command('AT', 1000)
  if (first.final.type === 'reset') return absent(engine)
  // `&D2` is refused where there is no DTR; `+CLIP` and `+CRC` by modems of the fixed network.
  const wanted: readonly (readonly [text: string, needed: boolean])[] = [
    ['ATE0', true],
    ['ATV1Q0X4', true],
    ['ATS0=0', true],
    ['AT&C1', false],
    ['AT&D2', false],
    ['AT+CMEE=1', false],
    ['AT+CLIP=1', false],
    ['AT+CRC=0', false],
  ]
  for (const [text, needed] of wanted) {
    const { final } = await engine.command(text, ANSWER_MS)
    if (final.type === 'reset') return absent(engine)
    if (needed && final.type !== 'ok') {
      return { ok: false, reason: 'modem-fault', detail: `${engine.path}: expected OK to ${text}, got ${final.type}` }
    }
  }
  const guard = await engine.command(`ATS12=${GUARD_FIFTIETHS}`, ANSWER_MS)
  const guardMs = guard.final.type === 'ok' ? GUARD_FIFTIETHS * 20 : GUARD_DEFAULT_MS
  return { ok: true, guardMs: guardMs + GUARD_MARGIN_MS }
}

function absent(engine: AtEngine): ModemInit {
  return { ok: false, reason: 'modem-absent', detail: `${engine.path}: the modem does not answer AT` }
}
