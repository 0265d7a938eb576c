import {
  type Commands,
  type Extended,
  flag,
  INCORRECT,
  kept,
  NOT_ALLOWED,
  NOT_SUPPORTED,
  says,
  wholeUpTo,
} from './at-command.ts'
import type { Step } from './at-step.ts'
import { addressType } from './identity.ts'

const BEARER_SPEEDS = ['0', '7', '14', '71', '75']

const LIST_CALLS: Extended = {
  run: (_, { call }) => {
    if (call === undefined) return {}
    const { incoming, stat, number, voice } = call
    const line = `1,${incoming ? 1 : 0},${stat},${voice ? 0 : 1},0,"${number}",${addressType(number)}`
    return { info: [`+CLCC: ${line}`] }
  },
}

/** n is what it tells by itself; mode 2 asks for its state, of voice, data and fax (TS 27.007 §7.12). */
const CALL_WAITING: Extended = {
  test: '(0,1)',
  read: (settings) => String(settings.kept['+CCWA']?.[0] ?? 0),
  set: ([n = '0', mode = '', classes = '', ...more], settings) => {
    const right =
      wholeUpTo(n || '0', 1) && (mode === '' || wholeUpTo(mode, 2)) && (classes === '' || wholeUpTo(classes, 255))
    if (!right || more.length > 0) return INCORRECT
    const set = { kept: { ...settings.kept, '+CCWA': [Number(n)] } }
    return mode === '2' ? { set, info: ['+CCWA: 0,7'] } : { set }
  },
}

const hangUp: Extended = { run: () => ({ hangUp: true }) }

/** +CHLD, as far as there is one call: 0 and 1 end it, or refuse the one that rings (TS 27.007 §7.13). */
function holdOrEnd([action = '', ...more]: readonly string[], held: boolean, ringing: boolean): Step {
  if (more.length > 0 || !/^(?:0|1|11)$/.test(action)) return INCORRECT
  return held || ringing ? { hangUp: true } : NOT_ALLOWED
}

/** Calls (TS 27.007 §6, §7). */
export const CALLS: Commands = {
  '+CEER': says(({ cause }) => `+CEER: ${cause}`),
  '+CLCC': LIST_CALLS,
  '+CHUP': hangUp,
  '+CHLD': {
    test: '(0,1,11)',
    set: (args, _, { call, ringing }) => holdOrEnd(args, call !== undefined, ringing),
  },
  '+CLIP': flag('clip', 1, (value) => `${value},1`),
  '+CLIR': flag('clir', 2, (value) => `${value},4`),
  '+COLP': flag('colp', 1, (value) => `${value},0`),
  '+CCWA': CALL_WAITING,
  '+CCFC': {
    test: '(0-5)',
    // Nothing is forwarded, and nothing can be (TS 27.007 §7.11): 7 is voice, data and fax.
    set: ([reason, mode]) =>
      !wholeUpTo(reason, 5) ? INCORRECT : mode === '2' ? { info: ['+CCFC: 0,7'] } : NOT_SUPPORTED,
  },
  '+CSSN': kept('+CSSN', '(0,1),(0,1)', [0, 0], [1, 1]),
  '+CSTA': kept('+CSTA', '(129,145)', [129], [145]),
  '+CMOD': kept('+CMOD', '(0)', [0]),
  '+CRC': flag('crc', 1),
  '+CR': flag('cr', 1),
  '+CVHU': flag('cvhu', 1),
  '+CBST': {
    test: `(${BEARER_SPEEDS.join(',')}),(0),(0,1)`,
    read: ({ bearer }) => bearer,
    set: ([speed = '0', name = '0', element = '1', ...more]) => {
      const known = BEARER_SPEEDS.includes(speed) && name === '0' && ['0', '1'].includes(element) && more.length === 0
      return known ? { set: { bearer: `${speed},${name},${element}` } } : NOT_SUPPORTED
    },
  },
  '+CRLP': {
    test: '(0-61),(0-61),(39-255),(1-255)',
    read: ({ rlp }) => rlp.join(','),
    set: (args, { rlp }) => {
      const wanted = rlp.map((value, at) => (args[at] === undefined || args[at] === '' ? value : Number(args[at])))
      const [iws = 0, mws = 0, t1 = 0, n2 = 0] = wanted
      const right = [iws <= 61, mws <= 61, t1 >= 39 && t1 <= 255, n2 >= 1 && n2 <= 255].every(Boolean)
      return right && args.length <= 4 && wanted.every(Number.isInteger) ? { set: { rlp: wanted } } : INCORRECT
    },
  },
  '+VTS': {
    test: '(0-9,#,*,A-D),(0-255)',
    set: (args, _, { call }) => {
      // A tone with its duration, or a list of both in braces (TS 27.007 annex C.2.11).
      if (
        !/^(?:[0-9#*A-D]+(?:,\d{1,3})?|\{[0-9#*A-D],\d{1,3}\}(?:,(?:\{[0-9#*A-D],\d{1,3}\}|[0-9#*A-D]))*)$/.test(
          args.join(','),
        )
      )
        return INCORRECT
      return call?.voice === true && call.stat === 0 ? {} : NOT_ALLOWED
    },
  },
  '+VTD': kept('+VTD', '(0-255)', [0], [255]),
}
