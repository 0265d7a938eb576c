import { always, type Commands, type Extended, fixed, flag, INCORRECT, kept, NOT_SUPPORTED } from './at-command.ts'
import { CHARSETS } from './sms-text.ts'

/** +CFUN: radio off, on, and off without forgetting the card (TS 27.007 §8.2). */
const FUNCTIONALITY: Extended = {
  test: '(0,1,4),(0,1)',
  read: ({ fun }) => String(fun),
  set: ([value = '', reset = '0', ...more], settings) => {
    if (!['0', '1', '4'].includes(value) || !['0', '1'].includes(reset) || more.length > 0) return INCORRECT
    if (reset === '1') return { set: { fun: Number(value) }, hangUp: true, end: { type: 'reset' } }
    // Off and on again at once: what was on stays on.
    if (value === '1') return settings.fun === 1 ? {} : { set: { fun: 1 } }
    return { set: { fun: Number(value) }, hangUp: true }
  },
  always: true,
}

const CHARSET: Extended = {
  test: `(${CHARSETS.map((name) => `"${name}"`).join(',')})`,
  read: ({ charset }) => `"${charset}"`,
  set: ([name = '', ...more]) => {
    const charset = CHARSETS.find((known) => known === name)
    return charset === undefined || more.length > 0 ? NOT_SUPPORTED : { set: { charset } }
  },
  always: true,
}

/** The modem as a thing (TS 27.007 §5, §8; V.250 §6.2). */
export const GENERAL: Commands = {
  '+CMEE': flag('cmee', 2),
  '+CFUN': FUNCTIONALITY,
  '+CSCS': CHARSET,
  '+CPAS': {
    test: '(0,3,4)',
    run: (_, { call }) => ({ info: [`+CPAS: ${call === undefined ? 0 : call.stat === 0 ? 4 : 3}`] }),
    always: true,
  },
  '+CPOF': { run: () => ({ hangUp: true, end: { type: 'off' } }), always: true },
  '+CBC': { test: '(0),(0-100)', run: () => ({ info: ['+CBC: 0,100'] }), always: true },
  '+CCLK': { read: (_, { time }) => `"${time.text()}"`, always: true },
  '+CTZU': flag('ctzu', 1),
  '+CTZR': flag('ctzr', 1),
  '+FCLASS': fixed('0'),
  '+WS46': always({
    test: (view) => `(${view.radio.technology === 7 ? 28 : 12})`,
    read: (_, view) => (view.radio.technology === 7 ? '28' : '12'),
    set: ([value], _, view) => (value === (view.radio.technology === 7 ? '28' : '12') ? {} : NOT_SUPPORTED),
  }),
  '+IFC': fixed('2,2', '(2),(2)'),
  '+ICF': fixed('3,3', '(3),(3)'),
  '+IPR': {
    test: '(),(0,2400,4800,9600,19200,38400,57600,115200,230400,460800,921600)',
    read: ({ speed }) => String(speed),
    set: ([value = '', ...more]) =>
      /^(?:0|2400|4800|9600|19200|38400|57600|115200|230400|460800|921600)$/.test(value) && more.length === 0
        ? { set: { speed: Number(value) } }
        : INCORRECT,
    always: true,
  },
  '+CMUT': kept('+CMUT', '(0,1)', [0], [1]),
  '+CLVL': kept('+CLVL', '(0-5)', [3], [5]),
}
