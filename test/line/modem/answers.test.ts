import test from 'ava'
import fc from 'fast-check'
import { fieldsOf, hexNumber, valueAfter, wholeNumber } from '../../../line/modem/fields.ts'
import { luhn, parseIdentity } from '../../../line/modem/identity.ts'
import { parseMessageList } from '../../../line/modem/message-list.ts'
import { parseOperator, readable } from '../../../line/modem/operator.ts'
import { parseSignal } from '../../../line/modem/signal.ts'

const SEED = 20_000_523

test('values are cut at commas outside of quotes', (t) => {
  const texts = (value: string) => fieldsOf(value).map(({ text }) => text)
  t.deepEqual(texts('1, "a,b" ,,"",x'), ['1', 'a,b', '', '', 'x'])
  t.deepEqual(texts(''), [''])
  t.deepEqual(texts('"open, never closed'), ['open, never closed'])
  t.deepEqual(texts('"'), [''])
  t.deepEqual(fieldsOf('"1"'), [{ text: '1', quoted: true }])
})

test('the value behind a prefix, and none behind another one', (t) => {
  t.is(valueAfter('+CSQ: 17,0', '+CSQ'), '17,0')
  t.is(valueAfter(' +csq :17 ', '+CSQ'), '17')
  t.is(valueAfter('+CSQN: 1', '+CSQ'), undefined)
  t.is(valueAfter('+CSQ', '+CSQ'), undefined)
})

test('numbers with leading zeros, and nothing that is none', (t) => {
  t.is(wholeNumber('007'), 7)
  t.is(hexNumber('00FEDCBA987'), 0xfedcba987)
  for (const text of ['', ' 1', '1.0', '-1', '0x1', '1e3', '1234567890', '１']) t.is(wholeNumber(text), undefined, text)
  for (const text of ['', 'G', '0x1', '1'.repeat(14)]) t.is(hexNumber(text), undefined, text)
})

test('signal: steps of 2 dB, of 1 dB above 100, unknown', (t) => {
  const dbm = (line: string) => parseSignal(line)?.dbm
  t.is(dbm('+CSQ: 0,99'), -113)
  t.is(dbm('+CSQ: 17,0'), -79)
  t.is(dbm('+CSQ:31,7'), -51)
  t.is(dbm('+CSQ: 100,0'), -116)
  t.is(dbm('+CSQ: 191,0'), -25)
  for (const unknown of ['99,99', '32,0', '199,99', '192,0']) t.is(dbm(`+CSQ: ${unknown}`), undefined, unknown)
  t.is(parseSignal('+CSQ: 99,99')?.bars, undefined)
  t.is(parseSignal('+CSQ: 31,0')?.bars, 5)
  t.is(parseSignal('+CSQ: 0,0')?.bars, 0)
})

test('signal of newer networks: the one that is known counts', (t) => {
  t.deepEqual(parseSignal('+CESQ: 99,99,255,255,20,80'), { dbm: -61, qualityDb: -10, bars: 5 })
  t.deepEqual(parseSignal('+CESQ: 99,99,95,40,255,255'), { dbm: -26, qualityDb: -4.5, bars: 5 })
  t.deepEqual(parseSignal('+CESQ:10,6,255,255,255,255'), { dbm: -101, qualityDb: undefined, bars: 2 })
  t.deepEqual(parseSignal('+CESQ: 99,99,255,255,255,255,60,50,40'), { dbm: -107, qualityDb: -13.5, bars: 2 })
  t.like(parseSignal('+CESQ: 99,99,255,255,255,255'), { dbm: undefined, bars: undefined })
  t.like(parseSignal('+CESQ: 99,99,255,255,255,0'), { dbm: -141, bars: 0 })
})

test('signal of a satellite telephone is bars', (t) => {
  t.deepEqual(parseSignal('+CSQ:4', 'bars'), { dbm: undefined, qualityDb: undefined, bars: 4 })
  t.is(parseSignal('+CSQ:9', 'bars')?.bars, undefined)
})

test('signal of nothing', (t) => {
  for (const line of ['+CSQ:', '+CSQ: x', '+CSQ', '+CESQ: 1,2', '+CESQ: 1,2,3,4,5,x', 'OK', '']) {
    t.is(parseSignal(line), undefined, line)
  }
})

test('operator by name, by number, in two octets a letter, or none', (t) => {
  t.deepEqual(parseOperator('+COPS: 0,0,"NTT DOCOMO",7'), { mode: 0, name: 'NTT DOCOMO', numeric: false, access: 7 })
  t.like(parseOperator('+COPS: 1,2,"44010"'), { mode: 1, name: '44010', numeric: true, access: undefined })
  t.like(parseOperator('+COPS: 0'), { mode: 0, name: undefined })
  t.like(parseOperator('+COPS: 0,0,"004E00540054"'), { name: 'NTT' })
  t.like(parseOperator('+COPS: 0,0,"30C930B330E2"'), { name: 'ドコモ' })
  t.like(parseOperator('+COPS: 0,2,"31041012"'), { name: '31041012' })
  t.like(parseOperator('+COPS: 0,0,"a, b"'), { name: 'a, b' })
  for (const line of ['+COPS: (2,"a","b","44010",7)', '+COPS:', '+COPS: x', 'OK'])
    t.is(parseOperator(line), undefined, line)
})

test('a name that only looks like hexadecimal digits stays', (t) => {
  for (const text of ['DEADBEEF', 'ABC', '0000', 'D83D', 'E000', '00410']) t.is(readable(text), text, text)
  t.is(readable('0041'), 'A')
})

test('IMEI: bare, quoted, named; only with its check digit', (t) => {
  const imei = (line: string) => parseIdentity('imei', line)
  for (const line of [
    '490154203237518',
    ' 490154203237518 ',
    '+CGSN: "490154203237518"',
    '"490154203237518"',
    '+GSN: 490154203237518',
    'IMEI: 490154203237518',
  ]) {
    t.is(imei(line), '490154203237518', line)
  }
  for (const line of [
    '490154203237519',
    '49015420323751',
    '4901542032375181',
    'OK',
    '',
    '+CGSN: ""',
    '49015420323751A',
  ]) {
    t.is(imei(line), undefined, line)
  }
})

test('IMSI and ICCID: fills stripped, swapped halves put right', (t) => {
  t.is(parseIdentity('imsi', '440101234567890'), '440101234567890')
  t.is(parseIdentity('imsi', '+CIMI: "44010123456789"'), '44010123456789')
  for (const line of ['4401', '4401012345678901', '+CME ERROR: 11', ''])
    t.is(parseIdentity('imsi', line), undefined, line)
  const iccid = (line: string) => parseIdentity('iccid', line)
  t.is(iccid('8981100022312345678F'), '8981100022312345678')
  t.is(iccid('+CCID: "8981100022312345678f"'), '8981100022312345678')
  t.is(iccid('+QCCID: 89811000223123456789'), '89811000223123456789')
  t.is(iccid('+ICCID: 8981100022312345678'), '8981100022312345678')
  t.is(iccid('^ICCID: 981811002032214365F7'), '8981110002231234567')
  for (const line of ['1234567890123456789', '89811', 'FFFFFFFFFFFFFFFFFFFF', '+CME ERROR: 10', ''])
    t.is(iccid(line), undefined, line)
})

test('check digits', (t) => {
  t.true(luhn('79927398713'))
  t.false(luhn('79927398710'))
  t.true(luhn('0'))
  t.false(luhn(''))
  for (let digit = 0; digit < 10; digit++) t.is(luhn(`49015420323751${digit}`), digit === 8)
})

const PDU = '07911326040000F0040B911346610089F60000208062917314080CC8F71D14969741F977FD07'

test('a list of messages: header and PDU by turns', (t) => {
  const list = parseMessageList(['+CMGL: 1,0,,30', PDU, '+CMGL: 17,3,"",30', PDU.toLowerCase()])
  t.deepEqual(list, {
    messages: [
      { index: 1, status: 'unread', length: 30, pdu: PDU },
      { index: 17, status: 'sent', length: 30, pdu: PDU.toLowerCase() },
    ],
    others: [],
    broken: 0,
  })
})

test('a message that was asked for by its place, and an empty place', (t) => {
  t.like(parseMessageList(['+CMGR: 1,,30', PDU]).messages[0], { index: undefined, status: 'read', length: 30 })
  t.deepEqual(parseMessageList(['+CMGR: 0,,0']), { messages: [], others: [], broken: 0 })
  t.deepEqual(parseMessageList([]), { messages: [], others: [], broken: 0 })
})

test('without the name and its comma, with a name that holds one', (t) => {
  t.like(parseMessageList(['+CMGL: 17,3,35', 'AB']).messages[0], { index: 17, status: 'sent', length: 35 })
  t.like(parseMessageList(['+CMGR: 0,35', 'AB']).messages[0], { status: 'unread', length: 35 })
  t.like(parseMessageList(['+CMGL: 2,1,"a,b",35', 'AB']).messages[0], { index: 2, length: 35 })
})

test('what the modem says in between, headers alone, and what is neither', (t) => {
  const list = parseMessageList([
    '+CMGL: 1,0,,30',
    '+CMTI: "SM",3',
    PDU,
    '+CMGL: 2,0,,30',
    '+CMGL: 3,9,,30',
    '+CMGL: x,0,,30',
    'RING',
  ])
  t.is(list.messages.length, 1)
  t.deepEqual(list.others, ['+CMTI: "SM",3', '+CMGL: 3,9,,30', '+CMGL: x,0,,30', 'RING'])
  t.is(list.broken, 1)
  t.is(parseMessageList(['+CMGL: 1,0,,30', '+CMGL: 2,0,,30', PDU]).broken, 1)
})

test('any text: an answer, never an exception', (t) => {
  const prefix = fc.constantFrom('+CSQ: ', '+CESQ: ', '+COPS: ', '+CMGL: ', '+CMGR: ', '+CGSN: ', '')
  const line = fc.tuple(prefix, fc.string({ unit: 'binary' })).map(([head, text]) => head + text)
  const property = fc.property(fc.array(line), (lines) => {
    for (const each of lines) {
      parseSignal(each)
      parseOperator(each)
      for (const kind of ['imei', 'imsi', 'iccid'] as const) parseIdentity(kind, each)
    }
    const list = parseMessageList(lines)
    return list.messages.length + list.others.length + list.broken <= lines.length
  })
  t.notThrows(() => fc.assert(property, { seed: SEED, numRuns: 2000 }))
})
