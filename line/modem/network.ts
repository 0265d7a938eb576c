import { type Clock, pause } from '../clock.ts'
import type { AtEngine } from './engine.ts'
import { parseOperator } from './operator.ts'
import type { ModemProfile } from './profiles/profile.ts'
import { canUse, parseRegistration, type Registration, type RegistrationState } from './registration.ts'
import { parseSignal } from './signal.ts'

/** What a bearer needs of the network. */
export type Service = 'call' | 'packet' | 'sms'

export type Registered = { readonly ok: true } | { readonly ok: false; readonly state: RegistrationState }

/** What was heard of the network when it was last looked at. */
export interface NetworkView {
  readonly registration: RegistrationState | undefined
  readonly operator: string | undefined
  readonly signalDbm: number | undefined
  /** 0…5 as a telephone shows it. */
  readonly signalBars: number | undefined
}

const ASK_MS = 5000
const AGAIN_MS = 1000
/** Circuit-switched calls are registered apart (TS 27.007 §7.2); the others count for packets and messages. */
const QUESTIONS: Readonly<Record<Service, readonly string[]>> = {
  call: ['AT+CREG?'],
  packet: ['AT+CEREG?', 'AT+CGREG?', 'AT+C5GREG?'],
  sms: ['AT+CREG?', 'AT+CEREG?', 'AT+CGREG?'],
}
const PREFIXES = ['+CREG', '+CEREG', '+CGREG', '+C5GREG']

/**
 * Waits until the network does what a bearer needs.
 * @param timeoutMs milliseconds @returns ok also from a modem that knows no registration: its call will tell
 */
export async function awaitRegistration(
  engine: AtEngine,
  clock: Clock,
  service: Service,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Registered> {
  const until = clock.now() + timeoutMs
  for (;;) {
    const all = await registrations(engine, service)
    const fits = all.some((it) => (service === 'sms' ? canUse(it).sms : canUse(it).service))
    if (all.length === 0 || fits || !engine.usable) return { ok: true }
    // A network that says no does not say otherwise a second later; one that is searched for may be found.
    const state = all.find(({ state }) => state === 'denied')?.state ?? all[0]?.state ?? 'unknown'
    if (signal.aborted || clock.now() >= until) return { ok: false, state }
    await pause(clock, AGAIN_MS)
  }
}

/** Some questions, each answered at once; for people and for `doctor`. */
export async function lookAround(engine: AtEngine, profile: ModemProfile): Promise<NetworkView> {
  const all = profile.cellular ? await registrations(engine, 'sms') : []
  const ask = async (text: string, prefix: string): Promise<string | undefined> =>
    profile.cellular ? (await engine.command(text, ASK_MS, [prefix])).lines[0] : undefined
  const operator = parseOperator((await ask('AT+COPS?', '+COPS')) ?? '')
  const signal = parseSignal((await ask('AT+CSQ', '+CSQ')) ?? '', profile.signal)
  const best = all.find((it) => canUse(it).service) ?? all.find((it) => canUse(it).sms) ?? all[0]
  return {
    registration: best?.state,
    operator: operator?.name,
    signalDbm: signal?.dbm,
    signalBars: signal?.bars,
  }
}

async function registrations(engine: AtEngine, service: Service): Promise<readonly Registration[]> {
  const found: Registration[] = []
  for (const text of QUESTIONS[service]) {
    const { lines } = await engine.command(text, ASK_MS, PREFIXES)
    found.push(...lines.flatMap((line) => parseRegistration(line) ?? []))
  }
  return found
}
