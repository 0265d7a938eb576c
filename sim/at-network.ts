import { always, type Commands, type Extended, flag, INCORRECT, kept, NOT_ALLOWED } from './at-command.ts'
import type { Settings } from './at-settings.ts'
import type { ModemView, Step } from './at-step.ts'
import { toTerminal } from './sms-text.ts'

const NAMES = ['Keyline', 'KEYL', '00101'] as const

/** What +CREG shows of the network now (TS 27.007 §7.2): 0 while the radio is off or there is no card that is open. */
export function registrationOf(
  { fun }: Pick<Settings, 'fun'>,
  { card, radio }: Pick<ModemView, 'card' | 'radio'>,
): number {
  return fun !== 1 || card?.state !== 'READY' ? 0 : radio.registration
}

export function isRegistered(registration: number): boolean {
  return registration === 1 || registration === 5
}

/** Cell and technology, as the forms with n=2 have them. */
export function locationFields({ radio }: Pick<ModemView, 'radio'>): string {
  const { area, cell } = radio.location
  return `,"${area}","${cell}",${radio.technology}`
}

const registration = (key: 'creg' | 'cgreg' | 'cereg'): Extended =>
  flag(key, 2, (value, settings, view) => {
    const now = registrationOf(settings, view)
    return `${value},${now}${value === '2' && isRegistered(now) ? locationFields(view) : ''}`
  })

/** Indicators of +CIND in their order, each with its greatest value. */
export const INDICATORS = [
  ['battchg', 5],
  ['signal', 5],
  ['service', 1],
  ['call', 1],
  ['callsetup', 3],
  ['roam', 1],
  ['smsfull', 1],
] as const

/** Their values now. */
export function indicatorsOf(settings: Settings, view: ModemView): number[] {
  const now = registrationOf(settings, view)
  const { signal } = view.radio
  const bars = settings.fun !== 1 || signal > 31 ? 0 : Math.min(5, Math.ceil(signal / 6))
  const { call, ringing } = view
  const setup = ringing ? 1 : call?.stat === 2 ? 2 : call?.stat === 3 ? 3 : 0
  const active = call !== undefined && setup === 0
  return [5, bars, isRegistered(now) ? 1 : 0, active ? 1 : 0, setup, now === 5 ? 1 : 0, view.sms.full ? 1 : 0]
}

const SIGNAL: Extended = {
  test: '(0-31,99),(0-7,99)',
  run: ({ fun }, { radio }) => ({ info: [`+CSQ: ${fun === 1 ? radio.signal : 99},99`] }),
  always: true,
}

/** TS 27.007 §8.69: GSM has rxlev, E-UTRAN rsrq and rsrp; what does not apply is 99 or 255. */
const SIGNAL_QUALITY: Extended = {
  test: '(0-63,99),(0-7,99),(0-96,255),(0-49,255),(0-34,255),(0-97,255)',
  run: ({ fun }, { radio }) => {
    if (fun !== 1 || radio.signal > 31) return { info: ['+CESQ: 99,99,255,255,255,255'] }
    if (radio.technology === 0) return { info: [`+CESQ: ${radio.signal * 2},0,255,255,255,255`] }
    return { info: [`+CESQ: 99,99,255,255,20,${Math.min(97, 20 + radio.signal * 2)}`] }
  },
  always: true,
}

/** Only the home network is there: automatic, by hand, or left (TS 27.007 §7.3). */
function chooseOperator(args: readonly string[], view: ModemView): Step {
  const [mode = '', format = '', name = ''] = args
  switch (mode) {
    case '0':
      return { set: { copsMode: 0 } }
    case '1':
    case '4':
      if (name !== NAMES[Number(format || '0')] || !/^[012]?$/.test(format)) return { end: { type: 'cme', cme: 30 } }
      return isRegistered(view.radio.registration) ? { set: { copsMode: 1 } } : { end: { type: 'cme', cme: 30 } }
    case '3':
      return /^[012]$/.test(format) ? { set: { copsFormat: Number(format) } } : INCORRECT
    default:
      return mode === '2' ? NOT_ALLOWED : INCORRECT
  }
}

const OPERATOR: Extended = {
  test: (view, { charset }) => {
    const [long, short, digits] = NAMES.map((name) => `"${toTerminal(name, charset)}"`)
    return `(2,${long},${short},${digits},${view.radio.technology}),,(0,1,3,4),(0-2)`
  },
  read: (settings, view) => {
    if (!isRegistered(registrationOf(settings, view))) return String(settings.copsMode)
    const name = toTerminal(NAMES[settings.copsFormat] ?? NAMES[0], settings.charset)
    return `${settings.copsMode},${settings.copsFormat},"${name}",${view.radio.technology}`
  },
  set: (args, _, view) => chooseOperator(args, view),
}

/** A service code is answered by the network, as a balance would be (TS 27.007 §7.15). */
const USSD: Extended = {
  test: '(0-2)',
  read: ({ cusd }) => String(cusd),
  set: ([mode = '', code], { charset }, view) => {
    if (!/^[012]$/.test(mode)) return INCORRECT
    const set = mode === '2' ? {} : { cusd: Number(mode) }
    if (code === undefined || code === '') return { set }
    const answer = `+CUSD: 0,"${toTerminal('Keyline: nothing to pay', charset)}",15`
    return { set, later: () => void view.clock.after(USSD_MS, () => view.urc(answer)) }
  },
}
/** From a service code to its answer, milliseconds. */
const USSD_MS = 500

/** Registration, operator and signal (TS 27.007 §7, §8). */
export const NETWORK: Commands = {
  '+CREG': registration('creg'),
  '+CGREG': registration('cgreg'),
  '+CEREG': registration('cereg'),
  '+COPS': OPERATOR,
  '+COPN': {
    run: ({ charset }) => ({ info: [`+COPN: "${toTerminal(NAMES[2], charset)}","${toTerminal(NAMES[0], charset)}"`] }),
  },
  '+CSQ': SIGNAL,
  '+CESQ': SIGNAL_QUALITY,
  '+CIND': always({
    test: INDICATORS.map(([name, max]) => `("${name}",(${max === 1 ? '0,1' : `0-${max}`}))`).join(','),
    read: (settings, view) => indicatorsOf(settings, view).join(','),
  }),
  '+CMER': always({
    test: '(0,1,2,3),(0),(0),(0,1),(0)',
    read: ({ cmer }) => `${cmer > 0 ? 3 : 0},0,0,${cmer},0`,
    set: ([mode = '0', keypad = '0', display = '0', indicator = '0', buffer = '0', ...more]) => {
      const right = /^[0-3]$/.test(mode) && /^[01]$/.test(indicator) && more.length === 0
      if (!right || [keypad, display, buffer].some((value) => value !== '0')) return INCORRECT
      return { set: { cmer: mode === '0' ? 0 : Number(indicator) } }
    },
  }),
  '+CUSD': USSD,
  '+CPLS': kept('+CPLS', '(0)', [0]),
}
