import test from 'ava'
import { LineFormatError } from '../../../wire/line/cbor.ts'
import { decodeTicket, encodeTicket, TICKET_TEXT_MAX, type Ticket } from '../../../wire/line/ticket.ts'
import { seeded } from '../../random.ts'

const SEED = 20_000_523
const TICKET: Ticket = {
  cardId: 'card-1',
  line: [
    { bearer: 'call', address: '+81300000000' },
    { bearer: 'packet', address: '10.0.0.1:7000' },
  ],
  internet: 'shop.example:8443',
  serverPublic: new Uint8Array(32).fill(1),
  secret: new Uint8Array(32).fill(2),
  expiresAtSeconds: 1_800_000_000,
}
const refused = { instanceOf: LineFormatError }

test('a ticket is one URI and comes back whole, blanks around it forgiven', (t) => {
  const text = encodeTicket(TICKET)
  t.regex(text, /^keyline:[A-Za-z0-9_-]+$/)
  t.deepEqual(decodeTicket(`  ${text}\n`), TICKET)
  t.true(text.length < 300, 'fits a QR code that a phone reads')
})

test('golden: the bytes do not change by accident', (t) => {
  const hex = Buffer.from(encodeTicket(TICKET).slice(8), 'base64url').toString('hex')
  const golden = [
    '87', // array of 7
    '01', // version
    '66636172642d31', // "card-1"
    '82', // two line addresses
    '826463616c6c6c2b3831333030303030303030', // ["call", "+81300000000"]
    '82667061636b65746d31302e302e302e313a37303030', // ["packet", "10.0.0.1:7000"]
    '7173686f702e6578616d706c653a38343433', // "shop.example:8443"
    `5820${'01'.repeat(32)}`, // server's static key
    `5820${'02'.repeat(32)}`, // one-time secret
    '1a6b49d200', // expiry
  ].join('')
  t.is(hex.slice(0, -8), golden)
})

test('golden: with a canary it is one field more, and of the same version', (t) => {
  const plain = Buffer.from(encodeTicket(TICKET).slice(8), 'base64url').toString('hex')
  const text = encodeTicket({ ...TICKET, canary: '192.0.2.1:443' })
  const hex = Buffer.from(text.slice(8), 'base64url').toString('hex')
  t.is(hex.slice(0, -8), `88${plain.slice(2, -8)}6d3139322e302e322e313a343433`) // "192.0.2.1:443"
  t.deepEqual(decodeTicket(text), { ...TICKET, canary: '192.0.2.1:443' })
  for (const canary of ['', 'example.org:443', '192.0.2.1', '192.0.2.1:0', '192.0.2.1:443\r']) {
    t.throws(() => decodeTicket(encodeTicket({ ...TICKET, canary })), refused, canary)
  }
})

test('an address of a packet network that could say more to a modem is refused', (t) => {
  const line = (address: string): Ticket => ({ ...TICKET, line: [{ bearer: 'packet', address }] })
  for (const address of ['iot/10.0.0.1:7000', 'me:sesame@iot/10.0.0.1:7000']) {
    t.deepEqual(decodeTicket(encodeTicket(line(address))), line(address))
  }
  for (const address of [
    'iot/10.0.0.1',
    'iot"/10.0.0.1:7000',
    'iot/10.0.0.1:7000;+CFUN=0',
    'i\r/10.0.0.1:1',
    '+8131',
  ]) {
    t.throws(() => decodeTicket(encodeTicket(line(address))), refused, address)
  }
})

test('a slip of the pen is found wherever it is', (t) => {
  const text = encodeTicket(TICKET)
  for (let n = 0; n < text.length; n++) {
    const other = text[n] === 'A' ? 'B' : 'A'
    t.throws(() => decodeTicket(text.slice(0, n) + other + text.slice(n + 1)), refused)
    t.throws(() => decodeTicket(text.slice(0, n)), refused)
  }
})

test('a number that could say more than a number to a modem is refused', (t) => {
  for (const address of ['12;+CFUN=0', '1"2', '+', '', 'ATD1', '１２', '1\r2', '+1234567890123456']) {
    t.throws(() => decodeTicket(encodeTicket({ ...TICKET, line: [{ bearer: 'call', address }] })), refused)
  }
})

test('fields out of their bounds are refused', (t) => {
  const wrong: Partial<Ticket>[] = [
    { cardId: '' },
    { cardId: 'x'.repeat(33) },
    { line: [] },
    { internet: 'shop.example' },
    { internet: 'shop.example:0' },
    { internet: 'shop example:1' },
    { internet: 'user@shop:1' },
    { serverPublic: new Uint8Array(31) },
    { secret: new Uint8Array(33) },
    { expiresAtSeconds: 0 },
    { expiresAtSeconds: 1.5 },
  ]
  for (const part of wrong) t.throws(() => decodeTicket(encodeTicket({ ...TICKET, ...part })), refused)
  for (const internet of ['[2001:db8::1]:443', '192.0.2.1:1'])
    t.is(decodeTicket(encodeTicket({ ...TICKET, internet })).internet, internet)
})

test(`100,000 mutated tickets end in a ticket or in a format error (seed ${SEED})`, (t) => {
  const random = seeded(SEED)
  const text = encodeTicket(TICKET)
  for (let n = 0; n < 100_000; n++) {
    const bytes = Buffer.from(text)
    for (let m = 0; m <= random(4); m++) bytes[8 + random(bytes.length - 8)] = 32 + random(95)
    try {
      decodeTicket(bytes.toString('latin1'))
    } catch (error) {
      if (!(error instanceof LineFormatError)) throw error
    }
  }
  t.throws(() => decodeTicket('keyline:'.padEnd(TICKET_TEXT_MAX + 1, 'A')), refused)
})
