import { type Commands, cms, type Extended, flag, NOT_SUPPORTED, wholeIn, wholeUpTo } from './at-command.ts'
import type { ModemView, Step } from './at-step.ts'
import { addressOf } from './sms-address.ts'
import { addressFromTerminal, toTerminal } from './sms-text.ts'

/** +CMS ERROR (TS 27.005 §3.2.5). */
const INVALID_PARAMETER = 305
const INVALID = cms(INVALID_PARAMETER)

const MEMORIES = ['SM', 'ME'] as const
const ALL_MEMORIES = `(${MEMORIES.map((name) => `"${name}"`).join(',')})`
/** Greatest values of mode, mt, bm, ds and bfr; broadcasts (bm) can be asked for, but there are none. */
const ROUTES_MAX = [2, 3, 2, 2, 1] as const

function memoryFields(name: string, { sms }: ModemView): string {
  const memory = sms.memory(name)
  return `${memory?.used ?? 0},${memory?.capacity ?? 0}`
}

/** +CPMS (TS 27.005 §3.2.2): what is not given stays. */
const MEMORY: Extended = {
  test: [ALL_MEMORIES, ALL_MEMORIES, ALL_MEMORIES].join(','),
  read: ({ memories }, view) => memories.map((name) => `"${name}",${memoryFields(name, view)}`).join(','),
  set: (args, { memories }, view) => {
    const wanted = memories.map((name, at) => args[at] || name)
    if (args.length > 3 || args[0] === undefined || args[0] === '') return INVALID
    if (!wanted.every((name) => MEMORIES.some((known) => known === name))) return INVALID
    const line = `+CPMS: ${wanted.map((name) => memoryFields(name, view)).join(',')}`
    return { set: { memories: wanted }, info: [line], later: () => view.sms.freed() }
  },
}

/** +CNMI (TS 27.005 §3.4.1): what is not given stays. */
const ROUTES: Extended = {
  test: '(0-2),(0-3),(0,2),(0-2),(0,1)',
  read: ({ cnmi }) => cnmi.join(','),
  set: (args, { cnmi }, view) => {
    const wanted = cnmi.map((value, at) => (args[at] === undefined || args[at] === '' ? value : Number(args[at])))
    const right = args.every((arg, at) => arg === '' || wholeUpTo(arg, ROUTES_MAX[at] ?? -1))
    if (!right || wanted[2] === 1) return INVALID
    return { set: { cnmi: wanted }, later: () => view.sms.routed(wanted[4] === 1) }
  },
}

const CENTRE: Extended = {
  read: ({ charset }, { card }) => {
    const centre = card?.centre ?? ''
    return `"${toTerminal(centre, charset)}",${centre === '' ? 129 : addressOf(centre).type}`
  },
  set: ([number = '', type, ...more], { charset }, { card }) => {
    const text = addressFromTerminal(number, charset)
    if (!/^\+?[0-9]{0,20}$/.test(text) || more.length > 0 || (type !== undefined && !wholeUpTo(type, 255)))
      return INVALID
    // The type says so too: some programs leave the + away.
    if (card !== undefined) card.centre = type === '145' && !text.startsWith('+') && text !== '' ? `+${text}` : text
    return {}
  },
}

/** +CSMP (TS 27.005 §3.3.3): first octet, validity as a number, protocol and coding for text mode. */
const TEXT_PARAMETERS: Extended = {
  test: '(1-255),(0-255),(0-255),(0-255)',
  read: ({ csmp }) => csmp.join(','),
  set: (args, { csmp }) => {
    const wanted = csmp.map((value, at) => (args[at] === undefined || args[at] === '' ? value : Number(args[at])))
    const right = args.length <= 4 && args.every((arg) => arg === '' || wholeUpTo(arg, 255))
    // Only a SUBMIT with a relative validity or none: dates have other forms.
    const [first = 0] = wanted
    if (!right || (first & 3) !== 1 || (first & 0x08) !== 0) return INVALID
    return { set: { csmp: wanted } }
  },
}

/** +CSMS (TS 27.005 §3.2.1): 1 has acknowledgements by +CNMA. */
const SERVICE: Extended = {
  test: '(0,1)',
  read: ({ csms }) => `${csms},1,1,0`,
  set: ([service, ...more]) => {
    const csms = wholeIn(service, 0, 1)
    return csms === undefined || more.length > 0 ? INVALID : { set: { csms }, info: ['+CSMS: 1,1,0'] }
  },
}

/** +CNMA (TS 27.005 §3.4.4, §4.7): 0 and 1 acknowledge, 2 asks the network to try again. */
const ACKNOWLEDGE: Extended = {
  test: (_, { cmgf }) => (cmgf === 1 ? '' : '(0-2)'),
  run: (_, view) => acknowledged(true, view),
  set: ([how = '', length, ...more], { cmgf }, view) => {
    if (cmgf === 1 || more.length > 0) return INVALID
    if (!wholeUpTo(how, 2)) return cms(304)
    const answer = (): Step => acknowledged(how !== '2', view)
    // An acknowledgement of its own follows as a PDU, which changes nothing here.
    if (length === undefined || length === '0') return answer()
    return wholeUpTo(length, 164) ? { end: { type: 'prompt', lines: false, take: answer } } : cms(304)
  },
}

function acknowledged(positive: boolean, { sms }: ModemView): Step {
  const fault = sms.acknowledge(positive)
  return fault === undefined ? {} : cms(fault)
}

/** How messages are handled and shown (TS 27.005 §3.2, §3.3). */
export const MESSAGE_SETTINGS: Commands = {
  '+CMGF': flag('cmgf', 1),
  '+CSMS': SERVICE,
  '+CPMS': MEMORY,
  '+CNMI': ROUTES,
  '+CSCA': CENTRE,
  '+CSMP': TEXT_PARAMETERS,
  '+CSDH': flag('csdh', 1),
  '+CMMS': flag('cmms', 2),
  '+CNMA': ACKNOWLEDGE,
  '+CSCB': {
    test: '(0,1)',
    read: () => '0,"",""',
    set: ([mode = '']) => (mode === '0' || mode === '1' ? {} : INVALID),
  },
  '+CSAS': { test: '(0)', run: () => ({}), set: ([profile]) => (profile === '0' ? {} : NOT_SUPPORTED) },
  '+CRES': { test: '(0)', run: () => ({}), set: ([profile]) => (profile === '0' ? {} : NOT_SUPPORTED) },
}
