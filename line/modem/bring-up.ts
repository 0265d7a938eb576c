import type { Clock } from '../clock.ts'
import type { AtEngine } from './engine.ts'
import { explainModemError } from './explain-error.ts'
import { valueAfter } from './fields.ts'
import { initModem } from './init.ts'
import type { AtResult } from './machine.ts'
import type { PinState } from './pin-state.ts'
import { detectProfile } from './profiles/detect.ts'
import type { ModemProfile } from './profiles/profile.ts'
import { prepareSim, type SimOptions } from './sim-card.ts'

/** What every bearer can count on, or why not. */
export type BroughtUp =
  | {
      readonly ok: true
      readonly profile: ModemProfile
      readonly guardMs: number
      /** `unknown` where there is no card. */
      readonly sim: PinState
      /** Number of the card, where it can be read. */
      readonly iccid: string | undefined
    }
  | {
      readonly ok: false
      readonly reason: 'modem-absent' | 'modem-fault' | 'sim-unusable'
      readonly detail: string
      readonly cure?: string
      /** Of a SIM card that is not usable. */
      readonly sim?: PinState
    }

const IDENTITY_MS = 3000
/** Registration begins with it (TS 27.007 §8.2), milliseconds. */
const FUNCTION_MS = 15_000

/**
 * From a port with some modem behind it to one in a known state: told what every modem is told (`init`), recognised, told what its kind
 * needs, its SIM card ready. Nothing is stored in the modem.
 * @param fixed the operator's word on what it is
 */
export async function bringUp(
  engine: AtEngine,
  clock: Clock,
  sim: SimOptions,
  fixed: ModemProfile | undefined,
): Promise<BroughtUp> {
  const init = await initModem(engine)
  if (!init.ok) return init
  const profile = fixed ?? (await recognised(engine))
  for (const { text, timeoutMs, prefixes, optional } of profile.init) {
    const { final } = await engine.command(text, timeoutMs, prefixes)
    if (final.type === 'reset') return absent(engine)
    if (final.type !== 'ok' && optional !== true) return refused(engine, text, final)
  }
  if (profile.cellular) await switchedOn(engine)
  const card = profile.cellular ? await prepareSim(engine, clock, profile, sim) : undefined
  if (!engine.usable) return absent(engine)
  if (card?.ok === false) {
    const { state, what, cure } = card
    return { ok: false, reason: 'sim-unusable', detail: `${engine.path}: ${what}`, cure, sim: state }
  }
  return { ok: true, profile, guardMs: init.guardMs, sim: card?.state ?? 'unknown', iccid: card?.iccid }
}

/** Its radio on: whoever had it before may have been ended while it was off. */
async function switchedOn(engine: AtEngine): Promise<void> {
  const { lines } = await engine.command('AT+CFUN?', IDENTITY_MS, ['+CFUN'])
  const isOff = lines.some((line) => /^0*[04]\b/.test(valueAfter(line, '+CFUN') ?? ''))
  if (isOff) await engine.command('AT+CFUN=1', FUNCTION_MS)
}

function refused({ path }: AtEngine, text: string, final: AtResult['final']): BroughtUp {
  const known = final.type === 'error' ? explainModemError(final.text) : undefined
  const said = known === undefined ? final.type : `${known.name}: ${known.what}`
  const detail = `${path}: expected OK to ${text}, got ${said}`
  return { ok: false, reason: 'modem-fault', detail, ...(known && { cure: known.cure }) }
}

/** What it says of itself; a modem of the fixed network knows ATI only. */
async function recognised(engine: AtEngine): Promise<ModemProfile> {
  const lines = async (text: string): Promise<readonly string[]> =>
    (await engine.command(text, IDENTITY_MS, [''])).lines.filter((line) => line !== 'OK')
  return detectProfile({
    manufacturer: await lines('AT+CGMI'),
    model: await lines('AT+CGMM'),
    about: await lines('ATI'),
  })
}

function absent(engine: AtEngine): BroughtUp {
  return { ok: false, reason: 'modem-absent', detail: `${engine.path}: the modem does not answer AT` }
}
