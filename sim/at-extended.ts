import type { Command } from './at-parse.ts'
import type { Settings } from './at-settings.ts'
import type { ModemView, Step } from './at-step.ts'
import { addressType, identityOf } from './identity.ts'

type ExtendedCommand = Extract<Command, { type: 'extended' }>

/** One extended command; a form that is missing is refused. A test form always answers. */
interface Extended {
  /** What `=?` shows after the name; without it only OK. */
  readonly test?: string
  readonly read?: (settings: Settings, view: ModemView) => string
  readonly run?: (settings: Settings, view: ModemView) => Step
  readonly set?: (args: readonly string[], settings: Settings) => Step
}

/** TS 27.007 §9.2. */
const NOT_ALLOWED: Step = { end: { type: 'cme', cme: 3 } }
const NOT_SUPPORTED: Step = { end: { type: 'cme', cme: 4 } }
const INCORRECT: Step = { end: { type: 'cme', cme: 50 } }
const UNKNOWN: Step = { end: { type: 'cme', cme: 100 } }

const BEARER_SPEEDS = ['0', '7', '14', '71', '75']
const CHARSETS = ['GSM', 'IRA']

/** @param key a number among the settings */
function flag(key: keyof Settings, max: number, shown?: (value: string, settings: Settings) => string): Extended {
  return {
    test: max === 1 ? '(0,1)' : `(0-${max})`,
    read: (settings) => shown?.(String(settings[key]), settings) ?? String(settings[key]),
    set: ([value = '', ...more]) =>
      /^\d+$/.test(value) && Number(value) <= max && more.length === 0 ? { set: { [key]: Number(value) } } : INCORRECT,
  }
}

/** Registration: the second number is 1, home network, while the radio is on (TS 27.007 §7.2). */
const registration = (key: keyof Settings): Extended =>
  flag(key, 2, (value, { fun }) => `${value},${fun === 1 ? 1 : 0}`)

const says = (line: (view: ModemView) => string): Extended => ({ run: (_, view) => ({ info: [line(view)] }) })
/** One setting there is: it can be asked for and set to itself. */
const fixed = (value: string): Extended => ({
  test: `(${value})`,
  read: () => value,
  set: (args) => (args.join(',') === value ? {} : NOT_SUPPORTED),
})
const hangUp: Extended = { run: () => ({ hangUp: true }) }

const MAKER = says(() => 'Keyline')
const MODEL = says(() => 'SIM-1')
const REVISION = says(() => '1.0')
const SERIAL = says(({ number }) => identityOf(number).imei)

const COMMANDS: Readonly<Record<string, Extended>> = {
  '+GMI': MAKER,
  '+CGMI': MAKER,
  '+GMM': MODEL,
  '+CGMM': MODEL,
  '+GMR': REVISION,
  '+CGMR': REVISION,
  '+GSN': SERIAL,
  '+CGSN': SERIAL,
  '+CIMI': says(({ number }) => identityOf(number).imsi),
  '+CCID': says(({ number }) => `+CCID: ${identityOf(number).iccid}`),
  '+CNUM': says(({ number }) => `+CNUM: "","${number}",${addressType(number)}`),
  '+GCAP': says(() => '+GCAP: +CGSM,+FCLASS'),
  '+CPAS': {
    test: '(0,3,4)',
    run: (_, { call }) => ({ info: [`+CPAS: ${call === undefined ? 0 : call.stat === 0 ? 4 : 3}`] }),
  },
  '+CEER': says(({ cause }) => `+CEER: ${cause}`),
  '+CSQ': { test: '(0-31,99),(0-7,99)', run: ({ fun }) => ({ info: [`+CSQ: ${fun === 1 ? 20 : 99},99`] }) },
  '+CPIN': { read: () => 'READY', set: () => NOT_ALLOWED },
  '+CLCC': {
    run: (_, { call }) => {
      if (call === undefined) return {}
      const { incoming, stat, number } = call
      return { info: [`+CLCC: 1,${incoming ? 1 : 0},${stat},1,0,"${number}",${addressType(number)}`] }
    },
  },
  '+CHUP': hangUp,
  '+CMEE': flag('cmee', 2),
  '+CLIP': flag('clip', 1, (value) => `${value},1`),
  '+CRC': flag('crc', 1),
  '+CR': flag('cr', 1),
  '+CREG': registration('creg'),
  '+CGREG': registration('cgreg'),
  '+CEREG': registration('cereg'),
  '+COPS': { test: '(2,"Keyline","KEYL","00101",0)', read: ({ fun }) => (fun === 1 ? '0,0,"Keyline",0' : '0') },
  '+CFUN': {
    test: '(0,1,4),(0,1)',
    read: ({ fun }) => String(fun),
    set: ([value = '']) => {
      if (!['0', '1', '4'].includes(value)) return INCORRECT
      return value === '1' ? { set: { fun: 1 } } : { set: { fun: Number(value) }, hangUp: true }
    },
  },
  '+CBST': {
    test: `(${BEARER_SPEEDS.join(',')}),(0),(0,1)`,
    read: ({ bearer }) => bearer,
    set: ([speed = '0', name = '0', element = '1', ...more]) => {
      const known = BEARER_SPEEDS.includes(speed) && name === '0' && ['0', '1'].includes(element) && more.length === 0
      return known ? { set: { bearer: `${speed},${name},${element}` } } : NOT_SUPPORTED
    },
  },
  '+CSCS': {
    test: `(${CHARSETS.map((name) => `"${name}"`).join(',')})`,
    read: ({ charset }) => `"${charset}"`,
    set: ([charset = '']) => (CHARSETS.includes(charset) ? { set: { charset } } : NOT_SUPPORTED),
  },
  '+FCLASS': fixed('0'),
  '+WS46': fixed('12'),
  '+IFC': fixed('2,2'),
  '+IPR': fixed('0'),
}

/** Runs one extended command (V.250 §5.4). What is not in the table is +CME ERROR: 100, never silence. */
export function runExtended({ name, form, args }: ExtendedCommand, settings: Settings, view: ModemView): Step {
  if (name === '+CLAC' && form === 'run') return { info: Object.keys(COMMANDS) }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (command === undefined) return UNKNOWN
  switch (form) {
    case 'test':
      return command.test === undefined ? {} : { info: [`${name}: ${command.test}`] }
    case 'read':
      return command.read === undefined ? NOT_SUPPORTED : { info: [`${name}: ${command.read(settings, view)}`] }
    case 'run':
      return command.run?.(settings, view) ?? NOT_SUPPORTED
    case 'set':
      return command.set?.(args, settings) ?? NOT_SUPPORTED
  }
}
