import { type Commands, cme, type Extended, INCORRECT, NOT_ALLOWED, NOT_SUPPORTED } from './at-command.ts'
import type { ModemView, Step } from './at-step.ts'
import type { Attempt, SimCard } from './sim-card.ts'

/** TS 27.007 §9.2. */
const NO_CARD = 10
const PUK_REQUIRED = 12
const CARD_FAILURE = 13
const WRONG_PASSWORD = 16

const SECRET = /^\d{4,8}$/

/** Why a command that needs the card cannot run; undefined if it can. */
export function cardFault(card: SimCard | undefined): number | undefined {
  if (card === undefined) return NO_CARD
  if (card.dead) return CARD_FAILURE
  return card.state === 'READY' ? undefined : card.state === 'SIM PIN' ? 11 : PUK_REQUIRED
}

/** What became of an attempt, as a result; the card counts, and the operator is told. */
function attempted(kind: 'pin' | 'puk', attempt: Attempt, view: ModemView): Step {
  view.attempted(kind, attempt)
  switch (attempt) {
    case 'right':
      return {}
    case 'wrong':
      return cme(view.card?.state === 'SIM PUK' && kind === 'pin' ? PUK_REQUIRED : WRONG_PASSWORD)
    case 'blocked':
      return cme(kind === 'pin' ? PUK_REQUIRED : CARD_FAILURE)
    case 'not-asked':
      return NOT_ALLOWED
  }
}

/** +CPIN (TS 27.007 §8.3): with two secrets the first one is the PUK. */
function enter([secret = '', fresh, ...more]: readonly string[], view: ModemView): Step {
  const { card } = view
  if (card === undefined) return cme(NO_CARD)
  if (card.dead) return cme(CARD_FAILURE)
  if (!SECRET.test(secret) || (fresh !== undefined && !SECRET.test(fresh)) || more.length > 0) return INCORRECT
  if (card.state === 'READY') return NOT_ALLOWED
  if (card.state === 'SIM PUK' && fresh === undefined) return cme(PUK_REQUIRED)
  const puk = card.state === 'SIM PUK'
  const attempt = puk ? card.unblock(secret, fresh ?? '') : card.verify(secret)
  const step = attempted(puk ? 'puk' : 'pin', attempt, view)
  return step.end === undefined ? { later: () => view.urc('+CPIN: READY') } : step
}

const PIN: Extended = {
  read: (_, { card }) => {
    const fault = card === undefined ? NO_CARD : card.dead ? CARD_FAILURE : undefined
    return fault === undefined ? (card?.state ?? '') : cme(fault)
  },
  set: (args, _, view) => enter(args, view),
  always: true,
}

/** TS 27.007 §8.65. */
const RETRIES: Extended = {
  test: '("SIM PIN","SIM PUK","SIM PIN2","SIM PUK2")',
  run: (_, { card }) => (card === undefined ? cme(NO_CARD) : { info: retries(card) }),
  set: ([which = '', ...more], _, { card }) => {
    if (card === undefined) return cme(NO_CARD)
    const lines = retries(card).filter((line) => line.startsWith(`+CPINR: ${which},`))
    return lines.length === 0 || more.length > 0 ? INCORRECT : { info: lines }
  },
  always: true,
}

function retries({ tries }: SimCard): string[] {
  return [`SIM PIN,${tries.pin},3`, `SIM PUK,${tries.puk},10`, 'SIM PIN2,3,3', 'SIM PUK2,10,10'].map(
    (line) => `+CPINR: ${line}`,
  )
}

/** +CLCK (TS 27.007 §7.4): the card's own lock can be switched, the network's bars are off. */
const LOCK: Extended = {
  test: '("SC","AO","OI","OX","AI","IR","FD","PN")',
  set: ([facility = '', mode = '', secret = '', ...more], _, view) => {
    const { card } = view
    if (card === undefined) return cme(NO_CARD)
    if (!/^[012]$/.test(mode) || more.length > 1) return INCORRECT
    if (!['SC', 'AO', 'OI', 'OX', 'AI', 'IR', 'FD', 'PN'].includes(facility)) return INCORRECT
    if (mode === '2') return { info: [`+CLCK: ${facility === 'SC' && card.pinEnabled ? 1 : 0}`] }
    if (facility !== 'SC') return NOT_SUPPORTED
    if (!SECRET.test(secret)) return INCORRECT
    return attempted('pin', card.enable(mode === '1', secret), view)
  },
}

/** +CPWD (TS 27.007 §7.5): a new PIN; the card must be asking for one at power-up. */
const CHANGE: Extended = {
  test: '("SC",8)',
  set: ([facility = '', old = '', fresh = '', ...more], _, view) => {
    if (view.card === undefined) return cme(NO_CARD)
    if (facility !== 'SC' || !SECRET.test(old) || !SECRET.test(fresh) || more.length > 0) return INCORRECT
    return attempted('pin', view.card.change(old, fresh), view)
  },
}

/** Files of the card that can be read by +CRSM, by their number (TS 31.102 §4.2). */
function fileOf(file: number, card: SimCard): string | undefined {
  switch (file) {
    case 0x2fe2: // ICCID: swapped digits
      return swapped(card.identity.iccid)
    case 0x6f07: // IMSI: length, parity, swapped digits
      return `08${swapped(`9${card.identity.imsi}`)}`
    case 0x6fad: // administrative data: the network's code has two digits
      return '00000002'
    case 0x6f46: // name of the provider
      return `01${Buffer.from('Keyline').toString('hex').toUpperCase()}`.padEnd(34, 'F')
    default:
      return undefined
  }
}

function swapped(digits: string): string {
  return (digits.length % 2 === 0 ? digits : `${digits}F`).replaceAll(/(.)(.)/g, '$2$1')
}

/** +CRSM (TS 27.007 §8.18): reading only; else the card's words for `not found` and `not there`. */
const READ_FILE: Extended = {
  set: ([command = '', file = ''], _, { card }) => {
    if (card === undefined) return cme(NO_CARD)
    if (!/^\d+$/.test(command) || !/^\d+$/.test(file)) return INCORRECT
    if (command !== '176') return { info: ['+CRSM: 109,0'] }
    const digits = fileOf(Number(file), card)
    return { info: [digits === undefined ? '+CRSM: 106,130' : `+CRSM: 144,0,"${digits}"`] }
  },
}

/** VERIFY and UNBLOCK without a secret, for PIN and PIN2 (TS 102 221 §11.1.9, §11.1.13). */
const ASKED_FOR = /^00(20|2C)00(01|81)(?:00)?$/i

/** +CSIM (TS 27.007 §8.17): without a secret the card tells how many attempts are left, and counts nothing. */
const COMMAND_CARD: Extended = {
  set: ([, digits = ''], _, { card }) => {
    if (card === undefined) return cme(NO_CARD)
    const [, instruction, which] = ASKED_FOR.exec(digits) ?? []
    if (instruction === undefined) return { info: ['+CSIM: 4,"6D00"'] }
    const second = which === '81'
    const left = instruction === '20' ? (second ? 3 : card.tries.pin) : second ? 10 : card.tries.puk
    const words = left === 0 ? '6983' : `63C${left.toString(16).toUpperCase()}`
    return { info: [`+CSIM: 4,"${words}"`] }
  },
  always: true,
}

export const CARD: Commands = {
  '+CPIN': PIN,
  '+CPINR': RETRIES,
  '+CLCK': LOCK,
  '+CPWD': CHANGE,
  '+CRSM': READ_FILE,
  '+CSIM': COMMAND_CARD,
}

/** Attempts left at PIN, PUK, PIN2 and PUK2, as SIM7600 says it. */
export const SIMCOM_CARD: Commands = {
  '+SPIC': {
    run: (_, { card }) =>
      card === undefined ? cme(NO_CARD) : { info: [`+SPIC: ${card.tries.pin},${card.tries.puk},3,10`] },
    always: true,
  },
}

/** The same as EC25 says it. */
export const QUECTEL_CARD: Commands = {
  '+QPINC': {
    test: '("SC","P2")',
    read: (_, { card }) =>
      card === undefined
        ? cme(NO_CARD)
        : { info: [`+QPINC: "SC",${card.tries.pin},${card.tries.puk}`, '+QPINC: "P2",3,10'] },
    set: ([facility], _, { card }) => {
      if (card === undefined) return cme(NO_CARD)
      if (facility !== 'SC' && facility !== 'P2') return INCORRECT
      return { info: [facility === 'SC' ? `+QPINC: "SC",${card.tries.pin},${card.tries.puk}` : '+QPINC: "P2",3,10'] }
    },
    always: true,
  },
}
