import test from 'ava'
import { decodePdu } from '../../../../line/modem/sms/pdu.ts'
import { deliverHex } from './deliver.ts'

test('a DELIVER, field by field', (t) => {
  const pdu =
    '07' + // SMSC: 7 octets follow
    '91' + // international
    '1326040000F0' +
    '04' + // DELIVER, no more to come
    '0B91' + // sender: 11 digits, international
    '1346610089F6' +
    '00' + // protocol
    '00' + // GSM 7 bit
    '20806291731408' + // 2002-08-26 19:37:41, west of Greenwich by nothing
    '0C' + // 12 septets
    'C8F71D14969741F977FD07'
  const sms = decodePdu(pdu, 'received')
  t.like(sms, {
    type: 'deliver',
    smsc: { type: 'international', text: '+31624000000' },
    sender: { type: 'international', text: '+31641600986' },
    pid: 0,
    moreToCome: false,
    reportRequested: false,
    text: 'How are you?',
  })
  t.is(sms.type === 'deliver' ? sms.timestamp?.iso : '', '2002-08-26T19:37:41+00:00')
})

test('an SMSC and a sender of other types', (t) => {
  const sms = decodePdu('07917283010010F5040BC87238880900F10000993092516195800AE8329BFD4697D9EC37')
  t.like(sms, {
    smsc: { type: 'international', text: '+27381000015' },
    // C8: a subscriber number
    sender: { type: 'other', text: '27838890001' },
    text: 'hellohello',
  })
})

test('a SUBMIT with its validity', (t) => {
  const sms = decodePdu('0011000B916407281553F80000AA0AE8329BFD4697D9EC37', 'sent')
  t.like(sms, {
    type: 'submit',
    smsc: undefined,
    mr: 0,
    recipient: { type: 'international', text: '+46708251358' },
    validity: { type: 'relative', minutes: 4 * 24 * 60 },
    text: 'hellohello',
  })
})

test('validity until a date, and the one nobody looks into', (t) => {
  const head = (first: string): string => `00${first}000B916407281553F80004`
  const until = decodePdu(`${head('19')}6280410123456301FF`)
  t.is(
    until.type === 'submit' && until.validity?.type === 'absolute' ? until.validity.until?.iso : '',
    '2026-08-14T10:32:54+09:00',
  )
  t.like(decodePdu(`${head('09')}0102030405060701FF`), { validity: { type: 'enhanced' } })
  t.like(decodePdu(`${head('01')}01FF`), { validity: undefined })
  t.is(decodePdu(`${head('19')}62804101`).type, 'malformed')
})

test('a status report with its times and its outcome', (t) => {
  const pdu =
    '07911326040000F0' +
    '06' + // STATUS-REPORT
    '2A' + // reference 42
    '0B911346610089F6' +
    '62804101234563' + // sent
    '62804101334563' + // discharged a minute later
    '00'
  const report = decodePdu(pdu, 'received')
  t.like(report, {
    type: 'status-report',
    mr: 42,
    recipient: { text: '+31641600986' },
    status: { code: 0, outcome: 'delivered' },
    text: undefined,
  })
  if (report.type !== 'status-report') return t.fail()
  t.is((report.dischargedAt?.epochMs ?? 0) - (report.sentAt?.epochMs ?? 0), 60_000)
})

test('a status report with the fields that need not be there', (t) => {
  const head = '00062A0B911346610089F6628041012345636280410133456330'
  t.like(decodePdu(head), { status: { outcome: 'trying' } })
  // TP-PI 07: protocol, coding, user data of 5 septets.
  t.like(decodePdu(`${head}07000005E8329BFD06`), { text: 'hello' })
  // Coding alone, then none of them.
  t.like(decodePdu(`${head}0204`), { type: 'status-report', text: undefined })
  t.like(decodePdu(`${head}00`), { type: 'status-report' })
  // Extended: the bit 7 says that one more of them follows.
  t.like(decodePdu(`${head}840005E8329BFD06`), { text: 'hello' })
  t.is(decodePdu(`${head}07`).type, 'malformed')
  t.is(decodePdu(`${head}80`).type, 'malformed')
  t.is(decodePdu(`${head}0405E832`).type, 'malformed')
})

test('the SMSC may be absent, of type 81, or of one octet', (t) => {
  const rest = (smsc: string) => decodePdu(deliverHex({ smsc, data: '00' }))
  t.like(rest('00'), { type: 'deliver', smsc: undefined })
  t.like(rest('06810937209902'), { smsc: { type: 'unknown', text: '9073029920' } })
  t.like(rest('0191'), { type: 'deliver', smsc: undefined })
  t.is(rest('0C91112233445566778899AABB').type, 'malformed')
})

test('numbers: national, unknown, with signs, odd and even, filled', (t) => {
  const sender = (address: string) => {
    const sms = decodePdu(deliverHex({ sender: address, data: '00' }))
    return sms.type === 'deliver' ? sms.sender : sms.type
  }
  t.deepEqual(sender('0AA10937209902'), { type: 'national', text: '9073029920' })
  t.deepEqual(sender('04858100'), { type: 'unknown', text: '1800' })
  t.deepEqual(sender('0381A1F0'), { type: 'unknown', text: '1*0' })
  t.deepEqual(sender('0481B19C'), { type: 'unknown', text: '1#a9' })
  t.deepEqual(sender('04911FFF'), 'malformed')
  t.deepEqual(sender('049121FF'), { type: 'international', text: '+12' })
  t.is(sender('0081'), undefined)
  t.is(sender('0091'), undefined)
  t.is(sender('159111223344556677889911F2'), 'malformed')
})

test('a sender of letters: digits are counted, letters are 7 bits', (t) => {
  const sender = (address: string) => {
    const sms = decodePdu(deliverHex({ sender: address, data: '00' }))
    return sms.type === 'deliver' ? sms.sender?.text : sms.type
  }
  // 11 letters, 77 bits: 20 digits
  t.is(sender('14D04937BD2C7797E9D3E614'), 'InternetSMS')
  // 7 letters, 49 bits: 13 digits in 7 octets; who counts 14 adds an @ that is not there
  t.is(sender('0DD041E19058341E01'), 'ABCDEFG')
  t.is(sender('0ED041E19058341E01'), 'ABCDEFG')
  t.is(sender('0ED041E19058341E91'), 'ABCDEFGH')
  t.is(sender('0BD0C7F7FBCC2E03'), 'Google')
  t.is(sender('02D041'), 'A')
  // An @ that was written stays.
  t.is(sender('04D04100'), 'A@')
  t.is(sender('00D0'), undefined)
})

test('GSM 7 bit behind a header begins at a septet', (t) => {
  // Header of 6 octets: 48 bits and one of fill, 7 septets of 22.
  const sms = decodePdu(deliverHex({ header: true, data: '11050003CC0201906536FB0DBABFE56C' }))
  t.like(sms, { type: 'deliver', text: 'Hello worl', concat: { ref: 0xcc, bits: 8, total: 2, part: 1 } })
})

test('UCS2, letters beyond the basic plane, halves of them, and an odd octet', (t) => {
  const text = (data: string) => {
    const sms = decodePdu(deliverHex({ coding: 8, data }))
    return sms.type === 'deliver' ? sms.text : sms.type
  }
  t.is(text('080442043504410442'), 'тест')
  t.is(text('04D83DDE00'), '😀')
  t.is(text('02D83D'), '\ud83d')
  t.is(text('03044204'), 'т')
  t.is(text('00'), '')
})

test('8 bit data have no text, and their octets are all there', (t) => {
  const sms = decodePdu(deliverHex({ coding: 0xf5, data: '0400FF1B0D' }))
  if (sms.type !== 'deliver') return t.fail()
  t.is(sms.text, undefined)
  t.is(sms.coding.messageClass, 1)
  t.deepEqual([...sms.data], [0x00, 0xff, 0x1b, 0x0d])
})

test('header elements: ports of both widths, both references, unknown ones kept', (t) => {
  const read = (header: string) => {
    const length = header.length / 2
    const hex = (n: number) => n.toString(16).padStart(2, '0')
    const sms = decodePdu(deliverHex({ coding: 4, header: true, data: `${hex(length + 2)}${hex(length)}${header}AB` }))
    if (sms.type !== 'deliver') return sms
    return { ports: sms.ports, concat: sms.concat, ids: sms.header.map(({ id }) => id), data: [...sms.data] }
  }
  t.deepEqual(read('05043E8100C8'), {
    ports: { destination: 16_001, source: 200 },
    concat: undefined,
    ids: [5],
    data: [0xab],
  })
  t.like(read('0402F0F1'), { ports: { destination: 0xf0, source: 0xf1 } })
  t.like(read('0804123405030504 1111 2222'.replaceAll(' ', '')), {
    concat: { ref: 0x1234, bits: 16, total: 5, part: 3 },
    ports: { destination: 0x1111, source: 0x2222 },
  })
  t.like(read('7003010203'), { ids: [0x70], ports: undefined, concat: undefined })
  t.like(read('0100'), { ids: [1] })
  // The last of two counts; one that says the impossible does not.
  t.like(read('00030A02010003 0B0202'.replaceAll(' ', '')), { concat: { ref: 0x0b, part: 2 } })
  t.like(read('00030A0000'), { concat: undefined })
  t.like(read('00030A0203'), { concat: undefined })
  t.like(read('00020A02'), { concat: undefined, ids: [0] })
})

test('headers that are longer than they can be', (t) => {
  for (const data of ['0205FF', '030205FF', '0403000501', '01FF', '03020003', '0302040F']) {
    t.is(decodePdu(deliverHex({ coding: 4, header: true, data })).type, 'malformed', data)
  }
  t.is(decodePdu(deliverHex({ coding: 0, header: true, data: '0205000301' })).type, 'malformed')
  // Six septets are 6 octets, and the header of 6 octets is seven septets.
  t.is(decodePdu(deliverHex({ coding: 0, header: true, data: '06050003CC0201' })).type, 'malformed')
  t.is(decodePdu(deliverHex({ coding: 0, header: true, data: '07050003CC020100' })).type, 'deliver')
})

test('text that would come out wrong is no text', (t) => {
  t.like(decodePdu(deliverHex({ coding: 0x20, data: '02ABCD' })), { type: 'deliver', text: undefined })
  // Header 25: the Turkish locking shift table
  t.like(decodePdu(deliverHex({ header: true, data: '0803250101E83401' })), { type: 'deliver', text: undefined })
})

test('both kinds lie in a memory; what cannot be is refused where the direction is known', (t) => {
  const submit = '0011000B916407281553F80000AA0AE8329BFD4697D9EC37'
  const deliver = deliverHex({ data: '00' })
  t.is(decodePdu(submit).type, 'submit')
  t.is(decodePdu(deliver).type, 'deliver')
  t.is(decodePdu(submit, 'received').type, 'malformed')
  t.is(decodePdu(deliver, 'sent').type, 'malformed')
  // A reserved type counts as a DELIVER.
  t.is(decodePdu(deliver.replace(/^0004/, '0007')).type, 'deliver')
})

test('the length that the modem said must fit, and tells a PDU without SMSC', (t) => {
  const pdu = deliverHex({ smsc: '07911326040000F0', data: '00' })
  const octets = pdu.length / 2
  t.like(decodePdu(pdu, 'received', octets - 8), { type: 'deliver', smsc: { text: '+31624000000' } })
  t.is(decodePdu(pdu, 'received', octets - 7).type, 'malformed')
  t.like(decodePdu(pdu.slice(16), 'received', octets - 8), {
    type: 'deliver',
    smsc: undefined,
    sender: { text: '+31628870634' },
  })
})

test('small letters and blanks around are taken, anything else is not', (t) => {
  const pdu = deliverHex({ data: '05E8329BFD06' })
  t.like(decodePdu(`  ${pdu.toLowerCase()} \r`), { text: 'hello' })
  for (const text of ['', ' ', '0', 'xyz', `${pdu}0`, `${pdu} 00`, `0x${pdu}`, '<b>', 'OK', '0'.repeat(10_000)]) {
    t.is(decodePdu(text).type, 'malformed', text.slice(0, 20))
  }
})

test('why it is malformed holds nothing of the message', (t) => {
  const sms = decodePdu(deliverHex({ coding: 4, data: '0AC0FFEE' }))
  t.is(sms.type, 'malformed')
  t.notRegex(JSON.stringify(sms), /c0ffee|31628/i)
  t.regex(sms.type === 'malformed' ? sms.why : '', /^expected .*, got 3$/)
})
