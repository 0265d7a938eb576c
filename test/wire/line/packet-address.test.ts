import test from 'ava'
import { LineFormatError } from '../../../wire/line/cbor.ts'
import {
  formatPacketAddress,
  type PacketAddress,
  parseCanary,
  parsePacketAddress,
} from '../../../wire/line/packet-address.ts'
import { seeded } from '../../random.ts'

const SEED = 40_004
const refused = { instanceOf: LineFormatError }
const place = { apn: 'iot.example', user: undefined, password: undefined, host: '10.0.0.1', port: 7000 }

const GOLDEN: readonly (readonly [text: string, address: PacketAddress])[] = [
  ['iot.example/10.0.0.1:7000', place],
  ['iot.example/server.iot:1', { ...place, host: 'server.iot', port: 1 }],
  ['i/h:65535', { ...place, apn: 'i', host: 'h', port: 65_535 }],
  ['me:sesame@iot.example/10.0.0.1:7000', { ...place, user: 'me', password: 'sesame' }],
  ['me@iot.example/10.0.0.1:7000', { ...place, user: 'me' }],
  ['me:@iot.example/10.0.0.1:7000', { ...place, user: 'me', password: '' }],
  ['a@b:c:d@e/f@iot.example/10.0.0.1:7000', { ...place, user: 'a@b', password: 'c:d@e/f' }],
  // As on tickets before there was the packet bearer: the access point that belongs to the SIM card.
  ['10.0.0.1:7000', { ...place, apn: '' }],
]

for (const [text, address] of GOLDEN) {
  test(`golden: ${text}`, (t) => {
    t.deepEqual(parsePacketAddress(text), address)
    t.is(formatPacketAddress(address), text)
  })
}

const WRONG = [
  '',
  'iot.example',
  'iot.example/',
  'iot.example/10.0.0.1',
  '/10.0.0.1:7000',
  'iot/a/10.0.0.1:7000',
  ' iot/10.0.0.1:7000',
  'iot/10.0.0.1:7000\r',
  'iot/10.0.0.1:0',
  'iot/10.0.0.1:07000',
  'iot/10.0.0.1:65536',
  'iot/10.0.0.1:7e3',
  'iot/10.0.0.1:７０００',
  'iot/:7000',
  'iot/[::1]:7000',
  ...['10.0.0', '10.0.0.256', '10.0.0.01', '10.0.0.1.', '10.0.0.1.5', '1', 'a..b', '-a', 'a-', 'a_b', 'ä', 'a b'].map(
    (host) => `iot/${host}:7000`,
  ),
  ...['-iot', 'iot-', 'iot.', '.iot', 'io t', 'iot*', 'ïot', 'rac1', 'LAC.x', 'sgsn', 'rnc5', 'a.gprs', 'a.GPRS'].map(
    (apn) => `${apn}/10.0.0.1:7000`,
  ),
  `${'a'.repeat(64)}/h:1`,
  `${Array(8).fill('abcdefg').join('.')}.x/h:1`.replace('x', 'x'.repeat(5)),
  `iot/${'a'.repeat(60)}.${'b'.repeat(5)}:1`,
  '@iot/h:1',
  ':p@iot/h:1',
  'u;:p@iot/h:1',
  'u:p"@iot/h:1',
  'u:p\u001a@iot/h:1',
  'u:ä@iot/h:1',
  'u:p\\@iot/h:1',
  `${'u'.repeat(65)}@iot/h:1`,
  `u:${'p'.repeat(65)}@iot/h:1`,
  `${'u'.repeat(60)}:${'p'.repeat(60)}@iot/hosts:1`,
]

test('anything else is refused, and the message tells nothing of it', (t) => {
  for (const text of WRONG) {
    const error = t.throws(() => parsePacketAddress(text), refused, JSON.stringify(text))
    t.true(text.length < 4 || !error.message.includes(text))
  }
})

test('an address that no text can be is not written', (t) => {
  for (const wrong of [
    { ...place, user: 'a:b', password: 'c' },
    { ...place, user: '' },
    { ...place, password: 'lonely' },
    { ...place, apn: 'a/b' },
    { ...place, apn: 'x@y' },
    { ...place, host: '' },
    { ...place, port: 1.5 },
    { ...place, port: 70_000 },
  ]) {
    t.throws(() => formatPacketAddress(wrong), refused, JSON.stringify(wrong))
  }
})

test(`round trip of 20,000 addresses; 100,000 texts end in one address or in a format error (seed ${SEED})`, (t) => {
  const random = seeded(SEED)
  const of = (signs: string, min: number, max: number): string =>
    Array.from({ length: min + random(max - min + 1) }, () => signs[random(signs.length)]).join('')
  const plain = 'ab1 !#$%&()*+,./<=>?@[]^_{|}~-'
  for (let n = 0; n < 20_000; n++) {
    const user = random(2) === 0 ? undefined : of(plain, 1, 12)
    const address = {
      apn: random(5) === 0 ? '' : `${of('xyz9', 1, 9)}.${of('abc0', 1, 9)}`,
      user,
      password: user === undefined || random(3) === 0 ? undefined : of(`${plain}:`, 0, 12),
      host: random(2) === 0 ? `10.${random(256)}.${random(256)}.${random(256)}` : `h${of('abc-', 0, 9)}z`,
      port: 1 + random(65_535),
    }
    t.deepEqual(parsePacketAddress(formatPacketAddress(address)), address)
  }
  const signs = 'iot1.:/@-\r";ü 0'
  for (let n = 0; n < 100_000; n++) {
    const bytes = [...`u:p@iot.example/10.0.0.1:7000`]
    for (let m = 0; m <= random(4); m++) bytes.splice(random(bytes.length), random(2), of(signs, 0, 2))
    const text = bytes.join('')
    let address: PacketAddress
    try {
      address = parsePacketAddress(text)
    } catch (error) {
      if (!(error instanceof LineFormatError)) throw error
      continue
    }
    if (formatPacketAddress(address) !== text) t.fail(`${text} is not the one text of its address`)
  }
})

test('a canary is an IPv4 address and a port: a name that is not found would prove nothing', (t) => {
  t.deepEqual(parseCanary('192.0.2.1:443'), { host: '192.0.2.1', port: 443 })
  for (const text of ['example.org:443', '192.0.2.1', '192.0.2.1:0', '[2001:db8::1]:443', '192.0.2:443', '']) {
    t.throws(() => parseCanary(text), refused, text)
  }
})
