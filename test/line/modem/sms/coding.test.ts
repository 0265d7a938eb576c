import test from 'ava'
import { codingOf } from '../../../../line/modem/sms/coding.ts'
import { statusOf } from '../../../../line/modem/sms/status.ts'
import { timestampOf } from '../../../../line/modem/sms/timestamp.ts'

test('data coding schemes by their groups (TS 23.038 §4)', (t) => {
  const groups: readonly (readonly [octet: number, alphabet: string, messageClass: number | undefined])[] = [
    [0x00, 'gsm7', undefined],
    [0x04, 'octets', undefined],
    [0x08, 'ucs2', undefined],
    [0x0c, 'gsm7', undefined], // reserved alphabet
    [0x10, 'gsm7', 0],
    [0x15, 'octets', 1],
    [0x1a, 'ucs2', 2],
    [0x03, 'gsm7', undefined], // class bits without their flag mean nothing
    [0x44, 'octets', undefined],
    [0x58, 'ucs2', 0],
    [0x84, 'gsm7', undefined], // groups 8 to B are reserved: the default alphabet
    [0xbf, 'gsm7', undefined],
    [0xc8, 'gsm7', undefined],
    [0xd0, 'gsm7', undefined],
    [0xe0, 'ucs2', undefined],
    [0xf0, 'gsm7', 0],
    [0xf4, 'octets', 0],
    [0xf5, 'octets', 1],
    [0xf7, 'octets', 3],
  ]
  for (const [octet, alphabet, messageClass] of groups) {
    const coding = codingOf(octet)
    t.is(coding.alphabet, alphabet as typeof coding.alphabet, octet.toString(16))
    t.is(coding.messageClass, messageClass as typeof coding.messageClass, octet.toString(16))
  }
})

test('compression, deletion and waiting messages', (t) => {
  t.true(codingOf(0x20).compressed)
  t.false(codingOf(0xe0).compressed)
  t.true(codingOf(0x40).deleteWhenRead)
  t.false(codingOf(0x00).deleteWhenRead)
  t.deepEqual(
    [0xb0, 0xc0, 0xd0, 0xe0, 0xf0].map((octet) => codingOf(octet).waiting),
    [undefined, 'discard', 'store', 'store', undefined],
  )
})

test('every octet has a meaning', (t) => {
  for (let octet = 0; octet < 256; octet++) t.regex(codingOf(octet).alphabet, /^(gsm7|octets|ucs2)$/)
})

const stamp = (hex: string) => timestampOf(Buffer.from(hex, 'hex'))

test('a time stamp has its halves swapped and its zone in quarters of an hour', (t) => {
  t.deepEqual(stamp('11208211050563'), {
    iso: '2011-02-28T11:50:50+09:00',
    epochMs: Date.UTC(2011, 1, 28, 2, 50, 50),
    offsetMinutes: 540,
  })
})

test('the sign of the zone is bit 3 of its octet as it is sent', (t) => {
  // 20 quarters west: digits 2 and 0, swapped 02, with the sign 0A.
  t.is(stamp('1120821105050a')?.iso, '2011-02-28T11:50:50-05:00')
  t.is(stamp('1120821105050a')?.epochMs, Date.UTC(2011, 1, 28, 16, 50, 50))
  t.is(stamp('11208211050522')?.offsetMinutes, 330)
  t.is(stamp('1120821105052a')?.offsetMinutes, -330)
  t.is(stamp('11208211050500')?.iso, '2011-02-28T11:50:50+00:00')
  t.is(stamp('11208211050508')?.offsetMinutes, 0)
})

test('years of two digits', (t) => {
  t.regex(stamp('99309251619580')?.iso ?? '', /^1999-03-29T15:16:59\+02:00$/)
  t.regex(stamp('00101000000000')?.iso ?? '', /^2000-01-01T/)
  t.regex(stamp('98101000000000')?.iso ?? '', /^2089-01-01T/)
})

test('what is no date is undefined, and no fault', (t) => {
  const wrong = [
    '00000000000000', // an SMSC without a clock: month 0, day 0
    '62310100000000', // month 13
    '62201300000000', // 31 February
    '62804142000000', // hour 24
    '62804100060000', // minute 60
    '62804100000600', // second 60
    '6280410a000000', // a half above 9
    'ffffffffffffff',
    '62804100000008'.replace(/08$/, 'f7'), // zone above 79 quarters
  ]
  for (const hex of wrong) t.is(stamp(hex), undefined, hex)
  t.truthy(stamp('42209200000000'), '29 February 2024')
})

test('status reports: done, still trying, given up (TS 23.040 §9.2.3.15)', (t) => {
  const outcomes: readonly (readonly [code: number, outcome: string])[] = [
    [0x00, 'delivered'],
    [0x02, 'delivered'],
    [0x1f, 'delivered'],
    [0x20, 'trying'],
    [0x25, 'trying'],
    [0x30, 'trying'],
    [0x3f, 'trying'],
    [0x40, 'failed'],
    [0x46, 'failed'],
    [0x5f, 'failed'],
    [0x60, 'failed'],
    [0x7f, 'failed'],
  ]
  for (const [code, outcome] of outcomes) t.is(statusOf(code).outcome, outcome as 'failed', code.toString(16))
  t.is(statusOf(0x46).what, 'validity period expired')
  t.is(statusOf(0x35).what, 'a reason of this SMSC')
})

test('reserved values of a status are a rejected service', (t) => {
  for (const code of [0x03, 0x0f, 0x26, 0x2f, 0x4a, 0x66, 0x80, 0x90, 0xff]) {
    t.deepEqual(statusOf(code), { code, outcome: 'failed', what: 'service rejected' }, code.toString(16))
  }
})
