import test from 'ava'
import fc from 'fast-check'
import { parseFinal } from '../../../line/modem/response.ts'
import { classifyUrc } from '../../../line/modem/urc.ts'
import { UrcPairs, urcDataLines } from '../../../line/modem/urc-pairs.ts'
import type { Urc } from '../../../line/modem/urc-types.ts'
import { seeded } from '../../random.ts'

const SEED = 20_000_523
const MUTATIONS = 100_000

const LINES: readonly (readonly [line: string, urc: Urc])[] = [
  ['RING', { type: 'ring', service: undefined }],
  [' RING ', { type: 'ring', service: undefined }],
  ['+CRING: REL ASYNC', { type: 'ring', service: 'REL ASYNC' }],
  ['+CRING:VOICE', { type: 'ring', service: 'VOICE' }],
  ['+CR: REL ASYNC', { type: 'service', service: 'REL ASYNC' }],
  ['NO CARRIER', { type: 'call-ended', reason: 'no-carrier' }],
  ['BUSY', { type: 'call-ended', reason: 'busy' }],
  ['VOICE CALL: END: 000012', { type: 'call-ended', reason: 'no-carrier' }],
  ['+CMTI: "SM",3', { type: 'sms-stored', report: false, memory: 'SM', index: 3 }],
  ['+CMTI:"ME", 0', { type: 'sms-stored', report: false, memory: 'ME', index: 0 }],
  ['+CMTI: SM,12', { type: 'sms-stored', report: false, memory: 'SM', index: 12 }],
  ['+CDSI: "SR",7', { type: 'sms-stored', report: true, memory: 'SR', index: 7 }],
  ['+CMT: ,30', { type: 'sms', kind: 'message', length: 30 }],
  ['+CMT: "Alice, B",30', { type: 'sms', kind: 'message', length: 30 }],
  ['+CMT: 30', { type: 'sms', kind: 'message', length: 30 }],
  ['+CMT: "+8190","","26/10/14,10:32:54+36"', { type: 'sms', kind: 'message', length: undefined }],
  ['+CDS: 25', { type: 'sms', kind: 'report', length: 25 }],
  ['+CDS: 6,42,"+8190",145,"26/10/14","26/10/14",0', { type: 'sms', kind: 'report', length: undefined }],
  ['+CBM: 88', { type: 'sms', kind: 'broadcast', length: 88 }],
  ['+CIEV: "SMSFULL",1', { type: 'sms-memory', full: true }],
  ['+CIEV: "smsfull",0', { type: 'sms-memory', full: false }],
  ['+CIEV: "MESSAGE",1', { type: 'indicator', name: 'message', value: 1 }],
  ['+CIEV: 2,5', { type: 'indicator', name: '2', value: 5 }],
  ['+CIEV: 10,"44010","docomo","docomo",0,0', { type: 'indicator', name: '10', value: undefined }],
  ['+CPIN: READY', { type: 'sim', state: 'ready' }],
  ['+CPIN: SIM PIN', { type: 'sim', state: 'pin' }],
  ['+CPIN: NOT INSERTED', { type: 'sim', state: 'absent' }],
  ['+CFUN: 1', { type: 'functionality', level: 1 }],
  ['RDY', { type: 'boot' }],
  ['APP RDY', { type: 'boot' }],
  ['*ATREADY: 1', { type: 'boot' }],
  ['^SYSSTART', { type: 'boot' }],
  ['^BOOT:20344442,0,0,0,78', { type: 'noise' }],
  ['SMS Ready', { type: 'started', part: 'sms' }],
  ['SMS DONE', { type: 'started', part: 'sms' }],
  ['Call Ready', { type: 'started', part: 'calls' }],
  ['PB DONE', { type: 'started', part: 'phone-book' }],
  ['+QIND: SMS DONE', { type: 'started', part: 'sms' }],
  ['+QIND:  PB DONE', { type: 'started', part: 'phone-book' }],
  ['+QUSIM: 1', { type: 'started', part: 'sim' }],
  ['+PACSP1', { type: 'started', part: 'network' }],
  ['NORMAL POWER DOWN', { type: 'power-down', asked: true }],
  ['POWERED DOWN', { type: 'power-down', asked: true }],
  ['UNDER-VOLTAGE POWER DOWN', { type: 'power-down', asked: false }],
  ['OVER-VOLTAGE POWER DOWN', { type: 'power-down', asked: false }],
  ['UNDER-VOLTAGE WARNNING', { type: 'power-warning' }],
  ['CLOSED', { type: 'socket-closed', link: 0, by: 'remote' }],
  ['3, CLOSED', { type: 'socket-closed', link: 3, by: 'remote' }],
  ['CLOSE OK', { type: 'socket-closed', link: 0, by: 'local' }],
  ['+IPCLOSE: 0,1', { type: 'socket-closed', link: 0, by: 'remote' }],
  ['+IPCLOSE: 2,0', { type: 'socket-closed', link: 2, by: 'local' }],
  ['+IPCLOSE: 0,2', { type: 'socket-closed', link: 0, by: 'unknown' }],
  ['+CIPCLOSE: 0,0', { type: 'socket-closed', link: 0, by: 'local' }],
  ['+QIURC: "closed",0', { type: 'socket-closed', link: 0, by: 'remote' }],
  ['+UUSOCL: 1', { type: 'socket-closed', link: 1, by: 'remote' }],
  ['+CASTATE: 0,0', { type: 'socket-closed', link: 0, by: 'remote' }],
  ['+QIURC: "recv",0,4', { type: 'socket-data', link: 0 }],
  ['+UUSORD: 0,32', { type: 'socket-data', link: 0 }],
  ['+CADATAIND: 0', { type: 'socket-data', link: 0 }],
  ['+CIPRXGET: 1,2', { type: 'socket-data', link: 2 }],
  ['+CIPOPEN: 0,0', { type: 'socket-open', link: 0, error: 0 }],
  ['+CIPOPEN: 0,10', { type: 'socket-open', link: 0, error: 10 }],
  ['+QIOPEN: 0,566', { type: 'socket-open', link: 0, error: 566 }],
  ['+CAOPEN: 0,0', { type: 'socket-open', link: 0, error: 0 }],
  ['CONNECT OK', { type: 'socket-open', link: 0, error: 0 }],
  ['CONNECT FAIL', { type: 'socket-open', link: 0, error: 1 }],
  ['+NETOPEN: 0', { type: 'packet', open: true, context: undefined, error: 0 }],
  ['+NETOPEN: 1', { type: 'packet', open: false, context: undefined, error: 1 }],
  ['+NETCLOSE: 0', { type: 'packet', open: false, context: undefined, error: 0 }],
  ['+CIPEVENT: NETWORK CLOSED UNEXPECTEDLY', { type: 'packet', open: false, context: undefined, error: 0 }],
  ['+PDP: DEACT', { type: 'packet', open: false, context: undefined, error: 0 }],
  ['+QIURC: "pdpdeact",1', { type: 'packet', open: false, context: 1, error: 0 }],
  ['+APP PDP: 0,ACTIVE', { type: 'packet', open: true, context: 0, error: 0 }],
  ['+APP PDP: 0,DEACTIVE', { type: 'packet', open: false, context: 0, error: 0 }],
  ['+UUPSDA: 0,"10.0.0.9"', { type: 'packet', open: true, context: undefined, error: 0 }],
  ['+CGEV: NW DETACH', { type: 'packet', open: false, context: undefined, error: 0 }],
  ['+CGEV: NW PDN DEACT 3', { type: 'packet', open: false, context: 3, error: 0 }],
  ['+CGEV: ME PDN ACT 1', { type: 'packet', open: true, context: 1, error: 0 }],
  ['+CGEV: EPS PDN ACT 5', { type: 'noise' }],
  ['+CUSD: 0,"Balance 100",15', { type: 'ussd', status: 0, text: 'Balance 100' }],
  ['+CUSD: 0,"004F004B",72', { type: 'ussd', status: 0, text: 'OK' }],
  ['+CUSD: 0,"004F004B",15', { type: 'ussd', status: 0, text: '004F004B' }],
  ['NMBR = 0312345678', { type: 'caller', number: '0312345678', validity: 'valid' }],
  ['NMBR=P', { type: 'caller', number: undefined, validity: 'withheld' }],
  ['NMBR = O', { type: 'caller', number: undefined, validity: 'unavailable' }],
  ['^SMMEMFULL: "SM"', { type: 'sms-memory', full: true }],
  ['^SBC: Undervoltage Warning', { type: 'power-warning' }],
  ['+CUSD: 2', { type: 'ussd', status: 2, text: undefined }],
  ['+CSQ: 17,99', { type: 'signal', signal: { dbm: -79, qualityDb: undefined, bars: 5 } }],
  ['^RSSI:18', { type: 'noise' }],
  ['^HCSQ:"LTE",50,45,151,26', { type: 'noise' }],
  ['*PSUTTZ: 2026, 10, 14, 1, 32, 54, "+36", 0', { type: 'noise' }],
  ['+CTZV: +36', { type: 'noise' }],
  ['+QIND: "csq",20,99', { type: 'noise' }],
  ['+CPSI: LTE,Online,440-10', { type: 'noise' }],
]

test('what modems say by themselves, whichever maker', (t) => {
  for (const [line, urc] of LINES) t.deepEqual(classifyUrc(line), urc, line)
})

test('the caller: international, hidden, not to be seen', (t) => {
  const caller = (value: string) => classifyUrc(`+CLIP: ${value}`)
  const valid = (number: string) => ({ type: 'caller' as const, number, validity: 'valid' as const })
  t.deepEqual(caller('"+819011112222",145'), valid('+819011112222'))
  t.deepEqual(caller('"819011112222",145'), valid('+819011112222'))
  t.deepEqual(caller('"09011112222",129,"",0,"",0'), valid('09011112222'))
  t.deepEqual(caller('09011112222,129,,,,'), valid('09011112222'))
  t.deepEqual(caller('"",128'), { type: 'caller', number: undefined, validity: 'withheld' })
  t.deepEqual(caller('"",129,,,,1'), { type: 'caller', number: undefined, validity: 'withheld' })
  t.deepEqual(caller('"",129,,,"",2'), { type: 'caller', number: undefined, validity: 'unavailable' })
  t.deepEqual(caller('"",129'), { type: 'caller', number: undefined, validity: 'unavailable' })
  t.deepEqual(caller('"+8190",145,,,"<b>x</b>",0'), valid('+8190'))
  // A number that is shown and said to be withheld is not to be counted on.
  t.deepEqual(caller('"+8190",145,,,,1'), { type: 'caller', number: '+8190', validity: 'withheld' })
  for (const hostile of ['"+81;ATH",145', `"${'1'.repeat(41)}",129`, '"<script>",129', '"1 OR 1=1",129']) {
    t.is(caller(hostile).type, 'unknown', hostile)
  }
})

test('registration by itself and as an answer', (t) => {
  t.like(classifyUrc('+CREG: 1,"00C3","01A2B3C4",7'), {
    type: 'registration',
    registration: { domain: 'cs', reporting: undefined, state: 'home', area: 0xc3, cell: 0x01a2b3c4 },
  })
  t.like(classifyUrc('+CEREG: 0,1'), { type: 'registration', registration: { domain: 'eps', reporting: 0 } })
  t.is(classifyUrc('+CREG: what').type, 'unknown')
})

test('what nobody knows is unknown, and no fault', (t) => {
  const lines = [
    '',
    ' ',
    'OK',
    '+XYZ: 1',
    '+CMTI: "SM"',
    '+CMTI: x,y',
    '+CIPOPEN: 0',
    '+IPCLOSE: a,b',
    'toString',
    '__proto__',
    'constructor',
    '+CRING:',
    '+CIEV:',
    '+CUSD: x',
    '+CFUN: x',
    '+CMTI: "SMX",1',
    '+QIURC: "recv"',
    '>',
  ]
  for (const line of lines) t.deepEqual(classifyUrc(line), { type: 'unknown' }, line)
})

test('a line that carries data behind it', (t) => {
  for (const line of ['+CMT: ,30', '+CMT: "x",30', '+CDS: 25', '+CBM: 88', '+CMT: "+81","","t"'])
    t.is(urcDataLines(line), 1, line)
  for (const line of [
    '+CDS: 6,42,"+8190",145,"a","b",0',
    '+CMTI: "SM",3',
    '+CDSI: "SM",3',
    'RING',
    '',
    '+CMGR: 1,,30',
  ]) {
    t.is(urcDataLines(line), 0, line)
  }
})

/** What comes out of it, in short. */
function pairs(...lines: string[]): string[] {
  const gate = new UrcPairs()
  return lines.flatMap((line) =>
    gate
      .push(line)
      .map((it) => (it.type === 'line' ? it.text : it.type === 'pair' ? `${it.head}|${it.data}` : `broken ${it.head}`)),
  )
}

test('two lines are one, also between the lines of an answer', (t) => {
  t.deepEqual(pairs('+CSQ: 17,0', '+CMT: ,3', '00AB12', 'OK'), ['+CSQ: 17,0', '+CMT: ,3|00AB12', 'OK'])
  t.deepEqual(pairs('+CDS: 3', '00ab12', '+CMT: ,3', '00AB12'), ['+CDS: 3|00ab12', '+CMT: ,3|00AB12'])
})

test('the text of a message may look like a result; a PDU may not', (t) => {
  t.deepEqual(pairs('+CMT: "+81","","26/10/14"', 'OK', 'OK'), ['+CMT: "+81","","26/10/14"|OK', 'OK'])
  t.deepEqual(pairs('+CMT: ,3', 'RDY', '00AB12'), ['broken +CMT: ,3', 'RDY', '00AB12'])
  t.deepEqual(pairs('+CMT: ,3', '+CMT: ,4', '00AB'), ['broken +CMT: ,3', '+CMT: ,4|00AB'])
})

test('a line that still waits is told when all starts anew', (t) => {
  const gate = new UrcPairs()
  t.deepEqual(gate.reset(), [])
  gate.push('+CMT: ,3')
  t.true(gate.waiting)
  t.deepEqual(gate.reset(), [{ type: 'broken', head: '+CMT: ,3' }])
  t.false(gate.waiting)
  t.deepEqual(gate.push('00'), [{ type: 'line', text: '00' }])
})

test('any lines: none is lost, none comes twice', (t) => {
  const line = fc.oneof(fc.constantFrom('+CMT: ,3', '+CDS: 3', 'OK', 'RDY', '00AB', '+CMT: "a","b","c"'), fc.string())
  const property = fc.property(fc.array(line), (lines) => {
    const gate = new UrcPairs()
    const out = [...lines.flatMap((each) => gate.push(each)), ...gate.reset()]
    const back = out.flatMap((it) =>
      it.type === 'line' ? [it.text] : it.type === 'pair' ? [it.head, it.data] : [it.head],
    )
    return back.join('\n') === lines.join('\n')
  })
  t.notThrows(() => fc.assert(property, { seed: SEED, numRuns: 1000 }))
})

test(`${MUTATIONS} mutated lines: always an answer (seed ${SEED})`, (t) => {
  t.timeout(120_000)
  const random = seeded(SEED)
  let unknown = 0
  for (let n = 0; n < MUTATIONS; n++) {
    const letters = [...(LINES[random(LINES.length)]?.[0] ?? '')]
    for (let changes = 0; changes <= random(3); changes++)
      letters[random(letters.length + 1)] = String.fromCharCode(random(256))
    const line = letters.join('')
    if (classifyUrc(line).type === 'unknown') unknown++
    urcDataLines(line)
    parseFinal(line)
  }
  t.true(unknown > MUTATIONS / 10 && unknown < MUTATIONS)
})
