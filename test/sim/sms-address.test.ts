import test from 'ava'
import fc from 'fast-check'
import { addressOf, decodeAddress, decodeCentre, encodeAddress, encodeCentre } from '../../sim/sms-address.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex').toUpperCase()
const bytes = (digits: string): Uint8Array => Buffer.from(digits, 'hex')

const GOLDEN: readonly (readonly [text: string, digits: string, what: string])[] = [
  ['+818012345678', '0C91180821436587', 'twelve digits, international'],
  ['+8131', '04911813', 'four digits'],
  ['+81312', '05911813F2', 'an odd number of digits is filled with F'],
  ['119', '038111F9', 'no international form'],
  ['*100#', '05811A00FB', 'star and hash'],
  ['Bank', '07D0C2B07B0D', 'a name: seven semi-octets of four septets'],
]
for (const [text, digits, what] of GOLDEN) {
  test(`${text} is ${digits}: ${what}`, (t) => {
    t.is(hex(encodeAddress(addressOf(text))), digits)
    t.deepEqual(decodeAddress(bytes(`${digits}AABB`), 0), { address: addressOf(text), next: digits.length / 2 })
  })
}

test('an address that is cut or too long is none', (t) => {
  const whole = bytes('0C91180821436587')
  for (let length = 0; length < whole.length; length++) t.is(decodeAddress(whole.subarray(0, length), 0), undefined)
  t.is(decodeAddress(bytes(`1591${'11'.repeat(11)}`), 0), undefined)
})

test('centres count octets, and none is a zero', (t) => {
  t.is(hex(encodeCentre('+819000000001')), '0791180900000010')
  t.is(hex(encodeCentre('')), '00')
  t.deepEqual(decodeCentre(bytes('0791180900000010AB')), { number: '+819000000001', next: 8 })
  t.deepEqual(decodeCentre(bytes('00AB')), { number: '', next: 1 })
  t.deepEqual(decodeCentre(bytes('038121F3')), { number: '123', next: 4 })
  t.is(decodeCentre(bytes('0791')), undefined)
  t.is(decodeCentre(bytes('')), undefined)
  t.is(decodeCentre(bytes(`0C91${'11'.repeat(11)}`)), undefined)
})

test('any number survives both forms', (t) => {
  const number = fc.stringMatching(/^\+[0-9]{1,19}$/)
  fc.assert(
    fc.property(number, (text) => {
      t.is(decodeAddress(encodeAddress(addressOf(text)), 0)?.address.text, text)
      t.is(decodeCentre(encodeCentre(text))?.number, text)
    }),
  )
})

test('any name of up to eleven characters survives', (t) => {
  fc.assert(
    fc.property(fc.stringMatching(/^[A-Za-z][A-Za-z ]{0,10}$/), (name) => {
      t.is(decodeAddress(encodeAddress(addressOf(name)), 0)?.address.text, name)
    }),
  )
})

test('no bytes upset a reader', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 30 }), fc.nat(30), (any, at) => {
      decodeAddress(any, at)
      decodeCentre(any)
    }),
    { numRuns: 2000 },
  )
  t.pass()
})
