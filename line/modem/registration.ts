import { type Field, fieldAt, fieldsOf, hexNumber, valueAfter, wholeNumber } from './fields.ts'

/** How a modem stands with its network (TS 27.007 §7.2, §10.1.20, §10.1.22, §10.1.47). */
export interface Registration {
  /** `cs` carries calls, the others packets. */
  readonly domain: 'cs' | 'ps' | 'eps' | '5gs'
  /** The setting that only an answer to a question names. Some modems put it into what they say by themselves, too. */
  readonly reporting: number | undefined
  readonly status: number
  readonly state: RegistrationState
  /** Location or tracking area. */
  readonly area: number | undefined
  /** Cell, as many bits as it has. */
  readonly cell: number | undefined
  /** Access technology: 0 GSM, 2 UTRAN, 7 LTE, 8 EC-GSM, 9 NB-IoT, 11 NR … */
  readonly access: number | undefined
}

const STATES = [
  'not-registered',
  'home',
  'searching',
  'denied',
  'unknown',
  'roaming',
  'home-sms-only',
  'roaming-sms-only',
  'emergency-only',
  'home-no-calls',
  'roaming-no-calls',
  'emergency-only',
] as const
export type RegistrationState = (typeof STATES)[number]

const DOMAINS = { '+CREG': 'cs', '+CGREG': 'ps', '+CEREG': 'eps', '+C5GREG': '5gs' } as const
const SETTINGS_MAX = 5

/**
 * `+CREG:` and its like, asked for or not. Whether the first value is the setting is told by the second one: a bare number of
 * one digit (two or three where more follows) is the state behind the setting, anything else is the area behind the state.
 */
export function parseRegistration(line: string): Registration | undefined {
  for (const [prefix, domain] of Object.entries(DOMAINS)) {
    const value = valueAfter(line, prefix)
    if (value !== undefined) return registration(domain, fieldsOf(value))
  }
  return undefined
}

/** What the network lets it do: `service` is calls in the domain `cs`, packets in the others. */
export function canUse({ domain, state }: Registration): { readonly service: boolean; readonly sms: boolean } {
  const full = state === 'home' || state === 'roaming'
  const packets = domain !== 'cs' && (state === 'home-no-calls' || state === 'roaming-no-calls')
  return { service: full || packets, sms: full || /^(home|roaming)-/.test(state) }
}

function registration(domain: Registration['domain'], fields: readonly Field[]): Registration | undefined {
  const isAnswer = namesSetting(fields)
  const status = wholeNumber(fieldAt(fields, isAnswer ? 1 : 0).text)
  const reporting = isAnswer ? wholeNumber(fieldAt(fields, 0).text) : undefined
  if (status === undefined || (isAnswer && (reporting === undefined || reporting > SETTINGS_MAX))) return undefined
  const place = withoutRouting(fields.slice(isAnswer ? 2 : 1))
  return {
    domain,
    reporting,
    status,
    state: STATES[status] ?? 'unknown',
    area: hexNumber(place[0]?.text),
    cell: hexNumber(place[1]?.text),
    access: wholeNumber(place[2]?.text),
  }
}

function namesSetting(fields: readonly Field[]): boolean {
  const second = fieldAt(fields, 1)
  const isState = !second.quoted && /^0*(\d|1[01])$/.test(second.text)
  if (!isState) return false
  // A modem that quotes the area would have quoted this one as well.
  if (fields.length === 2 || second.text.length === 1 || fieldAt(fields, 2).quoted) return true
  return second.text.length <= 3 && fields.length >= 4
}

/** Some put the routing area, of two digits, before the cell instead of behind the technology. */
function withoutRouting(place: readonly Field[]): readonly Field[] {
  const [, routing, cell] = place
  const before = place.length >= 4 && /^[0-9A-F]{2}$/i.test(routing?.text ?? '') && (cell?.text.length ?? 0) > 2
  return before ? place.toSpliced(1, 1) : place
}
