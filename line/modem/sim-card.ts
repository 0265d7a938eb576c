import { type Clock, pause } from '../clock.ts'
import type { AtEngine } from './engine.ts'
import { parseIdentity } from './identity.ts'
import type { AtResult } from './machine.ts'
import { nextPinStep } from './pin.ts'
import { type PinState, parsePinRetries, parsePinState } from './pin-state.ts'
import type { AtLine, ModemProfile } from './profiles/profile.ts'

/** PINs that SIM cards refused, as marks (`pinMark`) that survive a loss of power. */
export interface PinMarks {
  all(): ReadonlySet<string>
  /** Durable when it returns. */
  add(mark: string): void
  remove(mark: string): void
}

export interface SimOptions {
  /** 4 to 8 digits; asked for each time, and never shown. */
  readonly pin: () => string | undefined
  readonly marks: PinMarks
}

export type SimResult =
  | {
      readonly ok: true
      readonly state: PinState
      /** The card's number; undefined when it cannot be read, or there is no card. */
      readonly iccid: string | undefined
    }
  | { readonly ok: false; readonly state: PinState; readonly what: string; readonly cure: string }

const CPIN_MS = 10_000
/** Questions after +CPIN that may get no answer at all, before the modem is at fault. */
const SILENT_MAX = 3
/** Between two looks at a card that is being read, and how many, milliseconds. */
const AGAIN_MS = 1000
const LOOKS = 20

/**
 * The SIM card ready for use, its PIN entered at most once, where it asks for one and `nextPinStep` allows it. A modem that knows no
 * +CPIN has no card, or none that it could not use.
 */
export async function prepareSim(
  engine: AtEngine,
  clock: Clock,
  profile: ModemProfile,
  { pin, marks }: SimOptions,
): Promise<SimResult> {
  let state: PinState = 'unknown'
  let entered: string | undefined
  for (let [look, silent] = [0, 0]; look < LOOKS && silent < SILENT_MAX; look++) {
    const answer = await engine.command('AT+CPIN?', CPIN_MS, ['+CPIN'])
    const said = stateOf(answer)
    if (said === undefined) {
      if (answer.final.type !== 'timeout') return { ok: true, state: 'unknown', iccid: undefined }
      silent++
      continue
    }
    state = said
    if (entered !== undefined) settle(entered, state, marks)
    const asked = state === 'pin'
    const step = nextPinStep({
      state,
      retries: asked ? await retriesOf(engine, profile) : undefined,
      iccid: asked ? await iccidOf(engine, profile) : undefined,
      pin: asked ? pin() : undefined,
      refused: marks.all(),
    })
    if (step.type === 'ready') return { ok: true, state, iccid: await iccidOf(engine, profile) }
    if (step.type === 'refuse') return { ok: false, state, what: step.what, cure: step.cure }
    if (step.type === 'enter' && entered === undefined) {
      entered = step.mark
      await enter(engine, pin(), step.mark, marks)
    }
    await pause(clock, AGAIN_MS)
  }
  return {
    ok: false,
    state,
    what: 'the SIM card does not get ready',
    cure: 'check that it sits well, and switch the modem off and on again',
  }
}

/** The mark stands before the attempt and goes only when the card took the PIN: what the answer was may be lost. */
async function enter(engine: AtEngine, pin: string | undefined, mark: string, marks: PinMarks): Promise<void> {
  if (pin === undefined) return
  marks.add(mark)
  const { final } = await engine.command(`AT+CPIN="${pin}"`, CPIN_MS)
  if (final.type === 'ok') marks.remove(mark)
}

/** What the card asks for behind its answer counts, not the answer: some modems say OK before they know. */
function settle(mark: string, state: PinState, marks: PinMarks): void {
  const isMarked = marks.all().has(mark)
  if (state === 'ready' && isMarked) marks.remove(mark)
  if (state === 'pin' && !isMarked) marks.add(mark)
}

/** @returns undefined where nothing was said that means anything */
export function stateOf({ final, lines }: AtResult): PinState | undefined {
  const said = final.type === 'error' ? [...lines, final.text] : lines
  return said.map(parsePinState).find((state) => state !== undefined)
}

async function retriesOf(engine: AtEngine, profile: ModemProfile): Promise<number | undefined> {
  for (const line of profile.pinRetries) {
    const retries = parsePinRetries(await ask(engine, line))?.pin
    if (retries !== undefined) return retries
  }
  return undefined
}

export async function iccidOf(engine: AtEngine, profile: ModemProfile): Promise<string | undefined> {
  for (const line of profile.iccid) {
    const iccid = (await ask(engine, line)).map((text) => parseIdentity('iccid', text)).find((it) => it !== undefined)
    if (iccid !== undefined) return iccid
  }
  return undefined
}

async function ask(engine: AtEngine, { text, timeoutMs, prefixes }: AtLine): Promise<readonly string[]> {
  return (await engine.command(text, timeoutMs, prefixes)).lines
}
