import type { ModemAccess } from '../modem/access.ts'
import { explainModemError } from '../modem/explain-error.ts'

/** `unknown`: the answer was lost, and it may have been sent: who sends it again must bear a duplicate. */
export type SmsSent =
  | { readonly ok: true }
  | { readonly ok: false; readonly reason: 'refused' | 'unknown' | 'lost'; readonly detail: string }

const SETTING_MS = 5000
/** Reading a full SIM card, milliseconds. */
const MEMORY_MS = 15_000

/**
 * How new messages are told (TS 27.005 §3.4.1), best first: stored and then told with +CMTI, so that a crash loses nothing; with
 * status reports where they are brought.
 */
const STORED_FIRST = [
  'AT+CNMI=2,1,0,1,0',
  'AT+CNMI=1,1,0,1,0',
  'AT+CNMI=2,1,0,2,0',
  'AT+CNMI=2,1,0,0,0',
  'AT+CNMI=1,1,0,0,0',
  'AT+CNMI=2,1',
] as const
/** At last directly: under +CSMS=1 the network keeps each until it is acknowledged (§3.2.1), which a crash survives as well. */
const DIRECTLY = ['AT+CNMI=2,2,0,1,0', 'AT+CNMI=2,2,0,0,0', 'AT+CNMI=1,2,0,0,0'] as const

/**
 * Of the SIM card where it can be: what a phone has in its own memory is nobody's business here. It must be offered for reading, for
 * writing and for what comes (TS 27.005 §3.2.2): +CMTI tells a place of the third, and +CMGR reads the first.
 */
const MEMORIES = ['SM', 'ME', 'MT'] as const

function memoryOf(offered: string): (typeof MEMORIES)[number] | undefined {
  const lists = offered.match(/\([^()]*\)/g) ?? []
  return MEMORIES.find((name) => lists.length === 3 && lists.every((list) => list.includes(`"${name}"`)))
}

/** PDU mode, one memory for all, new messages told. Text mode is never used: what it says may look like anything. */
export async function setUpSms({ engine, path, profile }: ModemAccess): Promise<SmsSent> {
  if (!profile.sms) return { ok: false, reason: 'refused', detail: `${path}: ${profile.missing ?? 'no messages'}` }
  const mode = await engine.command('AT+CMGF=0', SETTING_MS)
  if (mode.final.type !== 'ok') {
    const words = mode.final.type === 'error' ? mode.final.text : mode.final.type
    return { ok: false, reason: 'refused', detail: `${path}: AT+CMGF=0: ${explainModemError(words)?.what ?? words}` }
  }
  const offered = await engine.command('AT+CPMS=?', SETTING_MS, ['+CPMS'])
  const memory = memoryOf(offered.lines.join(''))
  if (memory !== undefined) {
    await engine.command(`AT+CPMS="${memory}","${memory}","${memory}"`, MEMORY_MS, ['+CPMS'])
  }
  for (const text of [...STORED_FIRST, 'AT+CSMS=1', ...DIRECTLY]) {
    const { final } = await engine.command(text, SETTING_MS)
    if (final.type === 'ok' && text !== 'AT+CSMS=1') return { ok: true }
    if (final.type === 'reset') return { ok: false, reason: 'lost', detail: `${path}: the modem reset or vanished` }
  }
  return { ok: false, reason: 'refused', detail: `${path}: the modem does not tell of new messages (+CNMI)` }
}
