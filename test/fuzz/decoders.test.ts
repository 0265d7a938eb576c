import test from 'ava'
import fc from 'fast-check'
import { type CardRecord, decodeRecord, encodeRecord } from '../../firmware/card/record.ts'
import { readClientHello } from '../../internet/client-hello.ts'
import { Handshake, NoiseError } from '../../keys/noise.ts'
import { Secret } from '../../keys/secret.ts'
import { keyPair } from '../../keys/x25519.ts'
import { CardExchange, type LineIdentity, ServerExchange } from '../../line/exchange.ts'
import { DataMode } from '../../line/modem/data-mode.ts'
import { parseFinal } from '../../line/modem/response.ts'
import { AtSplitter } from '../../line/modem/splitter.ts'
import { select } from '../../server/internet-port/range.ts'
import { decodeBinaryRequest, decodeBinaryResponse } from '../../wire/line/bhttp.ts'
import { LineFormatError } from '../../wire/line/cbor.ts'
import { decodeEnrolmentRequest, decodeEnrolmentResponse } from '../../wire/line/enrolment.ts'
import { FrameDecoder } from '../../wire/line/frame.ts'
import { decodeLink } from '../../wire/line/link.ts'
import { decodeLoginRequest, decodeLoginResponse } from '../../wire/line/login.ts'
import { decodeMessage } from '../../wire/line/message.ts'
import { decodePayment } from '../../wire/line/personal-data.ts'
import { decodePurchaseOpening, decodePurchaseVerdict } from '../../wire/line/purchase.ts'
import { decodeReceipt } from '../../wire/line/receipt.ts'
import { decodeTicket } from '../../wire/line/ticket.ts'
import { decodeRpc } from '../../wire/usb/json-rpc.ts'
import { BoundedLines } from '../../wire/usb/lines.ts'
import { FakeClock } from '../fake-clock.ts'
import { seeded } from '../random.ts'

const SEED = 20_000_523
const MUTATIONS = 100_000

/** Runs `decode`; only `expected` may come out of it. @returns whether it was refused */
function refused(decode: () => unknown, expected: abstract new (...args: never[]) => Error): boolean {
  try {
    decode()
    return false
  } catch (error) {
    if (error instanceof expected) return true
    throw error
  }
}

/** The same bytes with one to four of them changed, cut or lengthened. */
function mutated(golden: Uint8Array, random: (below: number) => number): Buffer {
  const cut = random(4) === 0 ? random(golden.length + 1) : golden.length
  const bytes = Buffer.concat([golden.subarray(0, cut), Buffer.alloc(random(8) === 0 ? random(32) : 0, random(256))])
  for (let n = 0; n <= random(4) && bytes.length > 0; n++) bytes[random(bytes.length)] = random(256)
  return bytes
}

test('any bytes at all: every decoder of the line answers or throws its own error', (t) => {
  const decoders = [decodeLink, decodeMessage, decodeLoginRequest, decodeLoginResponse, decodeEnrolmentRequest]
  const more = [
    decodeEnrolmentResponse,
    decodeRecord,
    decodePurchaseOpening,
    decodePurchaseVerdict,
    decodePayment,
    decodeReceipt,
    decodeBinaryRequest,
    decodeBinaryResponse,
    (bytes: Uint8Array) => decodeTicket(`keyline:${Buffer.from(bytes).toString('base64url')}`),
  ]
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
      for (const decode of [...decoders, ...more]) refused(() => decode(bytes), LineFormatError)
      new FrameDecoder().push(bytes)
      readClientHello(Buffer.from(bytes))
    }),
    { seed: SEED, numRuns: 2000 },
  )
  t.pass()
})

test('any text at all: card API, final results, ranges', (t) => {
  fc.assert(
    fc.property(fc.string({ maxLength: 300, unit: 'binary' }), (text) => {
      decodeRpc(text)
      parseFinal(text)
      const { type } = select('GET', { range: text }, 1000, '"x"')
      return ['whole', 'part', 'unsatisfiable'].includes(type)
    }),
    { seed: SEED, numRuns: 5000 },
  )
  t.pass()
})

const key = (byte: number): Secret => new Secret(new Uint8Array(32).fill(byte))

test(`${MUTATIONS} mutated records of a card's store (seed ${SEED})`, (t) => {
  const random = seeded(SEED)
  const bytes = new Uint8Array(32).fill(3)
  const pending = { calledAddress: '+81312345678', request: bytes, ephemeral: key(1), mark: bytes }
  const record: CardRecord = {
    enrolled: {
      cardId: 'card-1',
      ownNumber: '',
      internet: '127.0.0.1:1',
      line: [{ bearer: 'call', address: '+81312345678' }],
      serverPublic: bytes,
      ownSecret: key(2),
      ratchet: key(4),
      ticketMark: bytes,
      pending,
    },
    enrolling: { ticketMark: bytes, calledAddress: '1', ownSecret: key(5), request: bytes, ephemeral: key(6) },
  }
  const golden = encodeRecord(record)
  t.deepEqual(encodeRecord(decodeRecord(golden)), golden)
  let refusals = 0
  for (let n = 0; n < MUTATIONS; n++) {
    const it = mutated(golden, random)
    if (refused(() => decodeRecord(it), LineFormatError)) refusals++
  }
  t.true(refusals > MUTATIONS / 10)
})

test(`mutated exchanges never authenticate, on either side (seed ${SEED})`, (t) => {
  t.timeout(120_000)
  const random = seeded(SEED)
  const [card, server] = [keyPair(), keyPair()]
  const identity = (own: typeof card, peer: Uint8Array): LineIdentity => ({
    own,
    peer,
    ratchet: key(7),
    calledAddress: '1',
  })
  const call = CardExchange.start(identity(card, server.publicKey), Buffer.from('login'))
  const { response } = new ServerExchange(identity(server, card.publicKey), call.request).respond(
    Buffer.from('permitted'),
  )
  // Each try costs three multiplications on the curve: fewer of them, and every byte of both messages at least once.
  for (let n = 0; n < 2000; n++) {
    const request = mutated(call.request, random)
    // Only the hint may differ: it is for looking up, and not part of the handshake.
    if (request.subarray(8).equals(Buffer.from(call.request).subarray(8))) continue
    t.true(refused(() => new ServerExchange(identity(server, card.publicKey), request), NoiseError))
    const answer = mutated(response, random)
    if (answer.equals(Buffer.from(response))) continue
    t.true(
      refused(() => CardExchange.repeat(identity(card, server.publicKey), call.pending).finish(answer), NoiseError),
    )
  }
})

test(`${MUTATIONS} mutated lines of a modem, in command and in data mode (seed ${SEED})`, (t) => {
  const random = seeded(SEED)
  const golden = Buffer.from('\r\n+CLIP: "+81312345678",145\r\n\r\nNO CARRIER\r\n> \r\nCONNECT 9600\r\nOK\r\n~data~')
  const clock = new FakeClock()
  let seen = 0
  const splitter = new AtSplitter((token) => {
    seen++
    if (token.type === 'line') parseFinal(token.text)
  })
  const data = new DataMode(
    clock,
    () => {},
    () => seen++,
    () => {},
  )
  for (let n = 0; n < MUTATIONS; n++) {
    const bytes = mutated(golden, random)
    if (random(3) === 0) splitter.expectPrompt()
    splitter.push(bytes)
    data.push(bytes)
  }
  data.stop()
  t.true(seen > MUTATIONS)
  t.is(clock.waiting, 0)
})

test(`${MUTATIONS} mutated requests on the USB port: lines stay bounded (seed ${SEED})`, (t) => {
  const random = seeded(SEED)
  const golden = Buffer.from('{"jsonrpc":"2.0","id":1,"method":"line.login","params":{"userId":"a","password":"b"}}\n')
  let longest = 0
  const lines = new BoundedLines(
    (line) => {
      longest = Math.max(longest, line.length)
      decodeRpc(line)
    },
    () => {},
  )
  for (let n = 0; n < MUTATIONS; n++) lines.push(mutated(golden, random))
  t.true(longest > 0 && longest < 65_536)
})

test(`${MUTATIONS} mutated Range headers never select what is not there (seed ${SEED})`, (t) => {
  const random = seeded(SEED)
  for (let n = 0; n < MUTATIONS; n++) {
    const range = mutated(Buffer.from('bytes=100-900'), random).toString('latin1')
    const selection = select('GET', { range }, 1000, '"x"')
    if (selection.type !== 'part') continue
    const { first, last } = selection.range
    if (!(first >= 0 && first <= last && last < 1000)) t.fail(range)
  }
  t.pass()
})

test('a handshake is over after its first fault', (t) => {
  const own = keyPair()
  const make = (initiator: boolean): Handshake =>
    new Handshake({ pattern: 'KK', initiator, prologue: new Uint8Array(0), s: own, rs: own.publicKey })
  const message = make(true).writeMessage(Buffer.from('x'))
  const far = make(false)
  t.true(refused(() => far.readMessage(message.subarray(1)), NoiseError))
  t.true(refused(() => far.readMessage(message), NoiseError))
})
