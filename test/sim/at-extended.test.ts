import test from 'ava'
import { runExtended } from '../../sim/at-extended.ts'
import { FACTORY, type Settings } from '../../sim/at-settings.ts'
import { modemView } from './view.ts'

const VIEW = modemView('+818012345678', { cause: 'no-answer' })

function run(name: string, form: 'run' | 'read' | 'test' | 'set', args: readonly string[] = [], settings = FACTORY) {
  return runExtended({ type: 'extended', name, form, args }, settings, VIEW)
}

/** What `=?` shows: programs choose by it what they use, so none may promise what is not there. */
const TESTS: Readonly<Record<string, string | undefined>> = {
  '+CMEE': '(0-2)',
  '+CLIP': '(0,1)',
  '+CRC': '(0,1)',
  '+CR': '(0,1)',
  '+CREG': '(0-2)',
  '+CGREG': '(0-2)',
  '+CEREG': '(0-2)',
  '+CFUN': '(0,1,4),(0,1)',
  '+CBST': '(0,7,14,71,75),(0),(0,1)',
  '+CSCS': '("GSM","IRA","UCS2")',
  '+CSQ': '(0-31,99),(0-7,99)',
  '+CPAS': '(0,3,4)',
  '+FCLASS': '(0)',
  '+WS46': '(12)',
  '+IFC': '(2),(2)',
  '+IPR': '(),(0,2400,4800,9600,19200,38400,57600,115200,230400,460800,921600)',
  '+COPS': '(2,"Keyline","KEYL","00101",0),,(0,1,3,4),(0-2)',
  '+CLCC': undefined,
  '+CPIN': undefined,
  '+CGSN': undefined,
  '+CHUP': undefined,
}
for (const [name, shown] of Object.entries(TESTS)) {
  test(`${name}=? shows ${shown ?? 'only OK'}`, (t) => {
    t.deepEqual(run(name, 'test'), shown === undefined ? {} : { info: [`${name}: ${shown}`] })
  })
}

/** Settings: factory value as it is read, one that can be set, how it is read then, and values that are refused. */
const SETTINGS: readonly {
  readonly name: string
  readonly at: string
  readonly set: readonly string[]
  readonly after: string
  readonly refused: readonly (readonly string[])[]
}[] = [
  { name: '+CMEE', at: '0', set: ['2'], after: '2', refused: [['3'], [''], ['1', '1'], ['-1'], ['1x']] },
  { name: '+CLIP', at: '0,1', set: ['1'], after: '1,1', refused: [['2'], []] },
  { name: '+CRC', at: '0', set: ['1'], after: '1', refused: [['2']] },
  { name: '+CR', at: '0', set: ['1'], after: '1', refused: [['2']] },
  { name: '+CREG', at: '0,1', set: ['2'], after: '2,1,"00C3","01A2B300",0', refused: [['3'], ['2', '0']] },
  { name: '+CGREG', at: '0,1', set: ['1'], after: '1,1', refused: [['3']] },
  { name: '+CEREG', at: '0,1', set: ['1'], after: '1,1', refused: [['5']] },
  { name: '+CBST', at: '7,0,1', set: ['75', '0', '0'], after: '75,0,0', refused: [['9'], ['7', '1'], ['7', '0', '2']] },
  { name: '+CBST', at: '7,0,1', set: ['71'], after: '71,0,1', refused: [['7', '0', '1', '1']] },
  { name: '+CSCS', at: '"GSM"', set: ['IRA'], after: '"IRA"', refused: [['PCCP437'], ['gsm'], []] },
  { name: '+CFUN', at: '1', set: ['4'], after: '4', refused: [['2'], []] },
  { name: '+FCLASS', at: '0', set: ['0'], after: '0', refused: [['1'], ['2.0']] },
  { name: '+IFC', at: '2,2', set: ['2', '2'], after: '2,2', refused: [['0', '0'], ['2']] },
]
for (const { name, at, set, after, refused } of SETTINGS) {
  test(`${name}=${set.join(',')} is set and read; ${refused.map((args) => args.join(',') || 'nothing').join(' ')} refused`, (t) => {
    t.deepEqual(run(name, 'read').info, [`${name}: ${at}`])
    const step = run(name, 'set', set)
    t.is(step.end, undefined)
    const settings: Settings = { ...FACTORY, ...step.set }
    t.deepEqual(run(name, 'read', [], settings).info, [`${name}: ${after}`])
    for (const args of refused) {
      const { set: change, end } = run(name, 'set', args)
      t.is(change, undefined, args.join())
      t.is(end?.type, 'cme', args.join())
    }
  })
}

test('what can only be asked for cannot be set, and the other way round', (t) => {
  for (const name of ['+CSQ', '+CGMI', '+CLCC', '+CHUP']) {
    t.deepEqual(run(name, 'set', ['1']).end, { type: 'cme', cme: 4 }, name)
    t.deepEqual(run(name, 'read').end, { type: 'cme', cme: 4 }, name)
  }
  for (const name of ['+CMEE', '+CLIP', '+CBST', '+CPIN', '+CREG']) {
    t.deepEqual(run(name, 'run').end, { type: 'cme', cme: 4 }, name)
  }
})

test('names that every object has are no commands', (t) => {
  for (const name of ['constructor', 'toString', '__proto__', 'hasOwnProperty']) {
    t.deepEqual(run(name, 'test').end, { type: 'cme', cme: 100 }, name)
  }
})

test('the maker’s long and short names say the same', (t) => {
  for (const [long, short] of [
    ['+CGMI', '+GMI'],
    ['+CGMM', '+GMM'],
    ['+CGMR', '+GMR'],
    ['+CGSN', '+GSN'],
  ] as const) {
    const { info } = run(long, 'run')
    t.is(info?.length, 1)
    t.deepEqual(run(short, 'run').info, info)
  }
})

test('+CEER tells why the last call ended', (t) => {
  t.deepEqual(run('+CEER', 'run').info, ['+CEER: no-answer'])
})
