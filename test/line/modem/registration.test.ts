import test from 'ava'
import { canUse, parseRegistration } from '../../../line/modem/registration.ts'

/** setting, status, area, cell, access */
type Expected = readonly [number | undefined, number, (number | undefined)?, number?, number?]

const LINES: readonly (readonly [line: string, expected: Expected])[] = [
  // Asked for: the setting comes first.
  ['+CREG: 0,1', [0, 1]],
  ['+CREG: 2,5', [2, 5]],
  ['+CREG: 1,10', [1, 10]],
  ['+CREG:0,1', [0, 1]],
  ['+CREG : 0 , 1', [0, 1]],
  ['+CREG: 002,001,"18d8","ffff"', [2, 1, 0x18d8, 0xffff]],
  ['+CGREG:002,0011,"0f0d","14c3"', [2, 11, 0x0f0d, 0x14c3]],
  ['+CREG: 2,1,"00C3","01A2B3C4",7', [2, 1, 0xc3, 0x01a2b3c4, 7]],
  ['+CREG: 2,1,84CD,00D30173', [2, 1, 0x84cd, 0x00d30173]],
  ['+CREG: 2,0,00,0', [2, 0, 0, 0]],
  ['+CREG: 2,1,  0 5, 2715', [2, 1, undefined, 0x2715]],
  ['+CGREG:2,10,ebbd,f025', [2, 10, 0xebbd, 0xf025]],
  ['+CEREG: 2,1, 1F00, 79D903 ,7', [2, 1, 0x1f00, 0x79d903, 7]],
  ['+CEREG: 2,4,,', [2, 4]],
  ['+CREG: 2,1,000B,2816, B, C2816', [2, 1, 0x0b, 0x2816]],
  // By itself: the area follows the state.
  ['+CREG: 1', [undefined, 1]],
  ['+CREG: 1,"00C3","01A2",7', [undefined, 1, 0xc3, 0x1a2, 7]],
  ['+CREG: 1,84CD,00D30156', [undefined, 1, 0x84cd, 0x00d30156]],
  ['+CREG: 1,0001,0010,0', [undefined, 1, 1, 0x10, 0]],
  ['+CREG: 10,0001,0010,0', [undefined, 10, 1, 0x10, 0]],
  ['+CREG: 0011,"0001","0010",000', [undefined, 11, 1, 0x10, 0]],
  ['+CREG: 2,,', [undefined, 2]],
  ['+CREG: 5,"1F","a3fb477"', [undefined, 5, 0x1f, 0xa3fb477]],
  ['+CGREG: 1,"1422","00000142",3,"00"', [undefined, 1, 0x1422, 0x142, 3]],
  ['+CEREG: 2, 0001, 00000100, 7', [undefined, 2, 1, 0x100, 7]],
  // With the routing area before the cell.
  ['+CEREG: 1, 1F00, 20 ,79D903 ,7', [undefined, 1, 0x1f00, 0x79d903, 7]],
  ['+CEREG: 2,1, 1F00, 20 ,79D903 ,7', [2, 1, 0x1f00, 0x79d903, 7]],
  // A cell of 5G has 36 bits.
  ['+C5GREG: 2,1,"1F0012","FEDCBA987",11,6,"ABCDEF"', [2, 1, 0x1f0012, 0xfedcba987, 11]],
]

test('answers and what the modem says by itself are told apart, and nothing is cut off', (t) => {
  for (const [line, [reporting, status, area, cell, access]] of LINES) {
    const { state: _, domain: __, ...found } = parseRegistration(line) ?? { state: '', domain: '' }
    t.deepEqual<unknown, unknown>(found, { reporting, status, area, cell, access }, line)
  }
})

test('which of the networks', (t) => {
  t.is(parseRegistration('+CREG: 1')?.domain, 'cs')
  t.is(parseRegistration('+CGREG: 1')?.domain, 'ps')
  t.is(parseRegistration('+CEREG: 1')?.domain, 'eps')
  t.is(parseRegistration('+C5GREG: 1')?.domain, '5gs')
})

test('calls need the circuit network; states of messages only carry no calls', (t) => {
  const use = (line: string) => {
    const registration = parseRegistration(line)
    return registration && canUse(registration)
  }
  t.deepEqual(use('+CREG: 0,1'), { service: true, sms: true })
  t.deepEqual(use('+CREG: 0,5'), { service: true, sms: true })
  for (const status of [6, 7, 9, 10]) t.deepEqual(use(`+CREG: 0,${status}`), { service: false, sms: true })
  for (const status of [0, 2, 3, 4, 8, 11, 12, 99]) t.deepEqual(use(`+CREG: ${status}`), { service: false, sms: false })
  t.deepEqual(use('+CEREG: 0,9'), { service: true, sms: true })
  t.is(parseRegistration('+CREG: 0,3')?.state, 'denied')
  t.is(parseRegistration('+CREG: 77')?.state, 'unknown')
})

test('what is none of these', (t) => {
  for (const line of [
    '',
    '+CREG',
    '+CREG:',
    '+CREG: ',
    '+CREG: x',
    '+CREG: ,1',
    '+CREG: "1"x',
    '+CREGX: 1',
    'CREG: 1',
    '+CREG: 9,1',
    '+CSQ: 1,2',
    '+CREG: (0-2)',
  ]) {
    t.is(parseRegistration(line), undefined, line)
  }
})
