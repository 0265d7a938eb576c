import { inspect } from 'node:util'
import test from 'ava'
import { decodeRecord, EMPTY_RECORD, encodeRecord, sameMark } from '../../../firmware/card/record.ts'
import { Secret } from '../../../keys/secret.ts'
import { encodeArray } from '../../../wire/line/cbor.ts'
import { bytes, enrolled, enrolling, pendingCall, record } from './fixture.ts'

function hex(it: Uint8Array): string {
  return Buffer.from(it).toString('hex')
}

test('golden bytes: a vault written by one version is read by the next', (t) => {
  // [1, null, null]
  t.is(hex(encodeRecord(EMPTY_RECORD)), '8301f6f6')
  const fill = (n: number): Uint8Array => new Uint8Array(32).fill(n)
  const it = record({
    cardId: 'c',
    ownNumber: '',
    internet: 'h:1',
    line: [{ bearer: 'call', address: '12' }],
    serverPublic: fill(1),
    ownSecret: new Secret(fill(2)),
    ratchet: new Secret(fill(3)),
    ticketMark: fill(4),
    pending: undefined,
  })
  const key = (n: string): string => `5820${n.repeat(32)}`
  // [1, ["c", "", "h:1", [["call", "12"]], server key, own secret, ratchet, mark, null], null]
  const text = `8301${'89'}6163${'60'}63683a31${'81826463616c6c623132'}${['01', '02', '03', '04'].map(key).join('')}f6f6`
  t.is(hex(encodeRecord(it)), text)
  t.is(hex(encodeRecord(decodeRecord(Buffer.from(text, 'hex')))), text)
})

test('golden bytes: the canary is one field more, where there is one', (t) => {
  const without = enrolled('e')
  const plain = hex(encodeRecord(record(without)))
  const withIt = encodeRecord(record({ ...without, canary: '192.0.2.1:443' }))
  // [1, [… 10 fields, null, "192.0.2.1:443"], null]
  t.is(hex(withIt), `83018a${plain.slice(6, -2)}6d3139322e302e322e313a343433f6`)
  t.is(decodeRecord(withIt).enrolled?.canary, '192.0.2.1:443')
  t.false('canary' in (decodeRecord(encodeRecord(record(without))).enrolled ?? {}))
})

test('what is read is a copy: wiping the bytes of the file wipes no key', (t) => {
  const file = encodeRecord(record(enrolled('e', pendingCall()), enrolling()))
  const it = decodeRecord(file)
  file.fill(0)
  t.deepEqual(it.enrolled?.ratchet.reveal(), bytes('e ratchet'))
  t.deepEqual(it.enrolled?.pending?.ephemeral.reveal(), bytes('p ephemeral'))
  t.deepEqual(it.enrolling?.ticketMark, bytes('n ticket'))
})

test('secrets of a record are not printed', (t) => {
  const it = record(enrolled('e', pendingCall()), enrolling())
  const printed = `${inspect(it, { depth: 9 })}${JSON.stringify(it)}`
  for (const label of ['e own', 'e ratchet', 'p ephemeral', 'n own', 'n ephemeral']) {
    const secret = bytes(label)
    t.false(printed.includes(hex(secret)))
    t.false(printed.includes(Buffer.from(secret).toString('base64url')))
    t.false(
      printed.includes(secret.subarray(0, 4).join(',')) || printed.includes(secret.subarray(0, 4).join(', ')),
      label,
    )
  }
})

const good = [1, null, null]
const WRONG: readonly (readonly [what: string, value: readonly unknown[]])[] = [
  ['another version', [2, null, null]],
  ['a field too many', [...good, null]],
  ['a field too few', good.slice(1)],
  ['text for a card', [1, 'card', null]],
  ['an empty card', [1, [], null]],
  ['a bearer that is none', [1, ['c', '', 'h:1', [['pigeon', '1']], ...keys(4), null], null]],
  ['a canary that is none', [1, ['c', '', 'h:1', [], ...keys(4), null, 'example.org:443'], null]],
  ['a canary and more', [1, ['c', '', 'h:1', [], ...keys(4), null, '192.0.2.1:443', null], null]],
  ['a key of 31 bytes', [1, ['c', '', 'h:1', [], new Uint8Array(31), ...keys(3), null], null]],
  ['a key that is text', [1, ['c', '', 'h:1', [], 'key', ...keys(3), null], null]],
  ['nine addresses', [1, ['c', '', 'h:1', Array.from({ length: 9 }, () => ['call', '1']), ...keys(4), null], null]],
  ['no card id', [1, ['', '', 'h:1', [], ...keys(4), null], null]],
  ['an empty request', [1, ['c', '', 'h:1', [], ...keys(4), ['1', new Uint8Array(0), ...keys(2)]], null]],
  ['an enrolment without a request', [1, null, [...keys(1), '1', ...keys(2)]]],
]

function keys(count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, n) => new Uint8Array(32).fill(n))
}

for (const [what, value] of WRONG) {
  test(`refused: ${what}`, (t) => {
    t.throws(() => decodeRecord(encodeArray(value)), { code: 'LINE_FORMAT' })
  })
}

test('marks: equal bytes of equal length, nothing else', (t) => {
  t.true(sameMark(bytes('a'), bytes('a')))
  t.false(sameMark(bytes('a'), bytes('b')))
  t.false(sameMark(bytes('a'), bytes('a').subarray(1)))
  t.true(sameMark(new Uint8Array(0), new Uint8Array(0)))
})
