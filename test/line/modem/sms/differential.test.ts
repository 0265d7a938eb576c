import test from 'ava'
import fc from 'fast-check'
import { decodePdu } from '../../../../line/modem/sms/pdu.ts'
import { encodeSubmit } from '../../../../line/modem/sms/submit.ts'
import { addressOf, encodeCentre } from '../../../../sim/sms-address.ts'
import { packSeptets, toSeptets } from '../../../../sim/sms-alphabet.ts'
import { decodeSubmit, encodeDeliver, encodeStatusReport } from '../../../../sim/sms-pdu.ts'

/** The simulator has its own codec, written apart: what one writes the other must read. */
const SEED = 20_000_523
const STAMP = Uint8Array.of(0x62, 0x80, 0x41, 0x01, 0x23, 0x45, 0x63)

const number = fc.stringMatching(/^\+?[0-9]{1,20}$/)
const letters = fc.constantFrom(...'@£$¥èéùìòÇ\nØøÅåΔ_ΦΓΛ !"#¤%&09AZÄÖÑÜ§¿azäöñüà€{}[]~|^\\')
const text = fc.array(letters, { maxLength: 70 }).map((chosen) => chosen.join(''))

function hex(...parts: Uint8Array[]): string {
  return Buffer.concat(parts).toString('hex')
}

test('what the simulator delivers is read: numbers, SMSCs, letters', (t) => {
  const property = fc.property(number, number, text, (from, centre, words) => {
    const septets = toSeptets(words) ?? []
    const tpdu = encodeDeliver({
      from: addressOf(from),
      header: false,
      reportWanted: false,
      protocol: 0,
      coding: 0,
      length: septets.length,
      data: packSeptets(septets),
      stamp: STAMP,
      replyPath: false,
    })
    const sms = decodePdu(hex(encodeCentre(centre), tpdu), 'received', tpdu.length)
    if (sms.type !== 'deliver') return false
    return (
      sms.sender?.text === from &&
      sms.smsc?.text === centre &&
      sms.text === words &&
      sms.timestamp?.iso === '2026-08-14T10:32:54+09:00'
    )
  })
  t.notThrows(() => fc.assert(property, { seed: SEED, numRuns: 500 }))
})

test('names of senders, of every length', (t) => {
  for (let length = 1; length <= 11; length++) {
    const from = 'KeylineShop'.slice(0, length)
    const tpdu = encodeDeliver({
      from: { text: from, type: 0xd0 },
      header: false,
      reportWanted: false,
      protocol: 0,
      coding: 4,
      length: 0,
      data: new Uint8Array(0),
      stamp: STAMP,
      replyPath: false,
    })
    t.like(decodePdu(hex(Uint8Array.of(0), tpdu)), { sender: { type: 'alphanumeric', text: from } })
  }
})

test('reports on every status', (t) => {
  for (let status = 0; status < 256; status++) {
    const tpdu = encodeStatusReport({ reference: 9, to: addressOf('+8190'), stamp: STAMP, discharge: STAMP, status })
    t.like(decodePdu(hex(Uint8Array.of(0), tpdu), 'received'), {
      type: 'status-report',
      mr: 9,
      recipient: { text: '+8190' },
      status: { code: status },
    })
  }
})

test('what is submitted is read by the simulator', (t) => {
  const port = fc.integer({ min: 0, max: 65_535 })
  const fields = fc.record({
    to: number,
    data: fc.uint8Array({ maxLength: 133 }),
    ports: fc.record({ destination: port, source: port }),
    statusReport: fc.boolean(),
    validityMinutes: fc.integer({ min: 1, max: 635_040 }),
  })
  const property = fc.property(fields, (it) => {
    const { pdu, tpduLength } = encodeSubmit(it)
    const tpdu = Buffer.from(pdu, 'hex').subarray(1)
    const submit = decodeSubmit(tpdu)
    if (submit === undefined || tpdu.length !== tpduLength) return false
    return (
      submit.to.text === it.to &&
      submit.header &&
      submit.reportWanted === it.statusReport &&
      (submit.validMs ?? 0) >= it.validityMinutes * 60_000 &&
      Buffer.from(submit.data.subarray(7)).equals(it.data)
    )
  })
  t.notThrows(() => fc.assert(property, { seed: SEED, numRuns: 500 }))
})
