import test from 'ava'
import fc from 'fast-check'
import { SMS_PAYLOAD_MAX } from '../../../wire/limits.ts'
import { encodeArray, LineFormatError } from '../../../wire/line/cbor.ts'
import { CONSENT_BUTTON, CONSENT_EARLIER } from '../../../wire/line/consent.ts'
import { encodeFrame } from '../../../wire/line/frame.ts'
import {
  decodeLoginRequest,
  decodeLoginResponse,
  encodeLoginRequest,
  encodeLoginResponse,
  type LoginRequest,
  type LoginResponse,
  REFUSALS,
} from '../../../wire/line/login.ts'

import { seeded } from '../../random.ts'

const SEED = 20_000_523
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const key = (byte: number): Uint8Array => new Uint8Array(32).fill(byte)
const request: LoginRequest = { userId: 'alice', password: 'swordfish', terminalKeys: [key(0xaa)] }
const permitted: LoginResponse = {
  verdict: 'permitted',
  serverKeys: [key(0xbb)],
  lifetimeSeconds: 3600,
  secretRoutes: ['/pay'],
}
const decoders = [decodeLoginRequest, decodeLoginResponse]

test('golden: a login request', (t) => {
  // array of 4, purpose 1, text 5 "alice", text 9 "swordfish", 32 bytes
  const golden = `840165616c6963656973776f7264666973685820${'aa'.repeat(32)}`
  t.is(hex(encodeLoginRequest(request)), golden)
  t.deepEqual(decodeLoginRequest(Buffer.from(golden, 'hex')), request)
})

test('how consent was given is the last field, and is not there where nobody is asked', (t) => {
  for (const consent of [CONSENT_EARLIER, CONSENT_BUTTON] as const) {
    const asked = { ...request, consent }
    t.is(encodeLoginRequest(asked).length, encodeLoginRequest(request).length + 1)
    t.deepEqual(decodeLoginRequest(encodeLoginRequest(asked)), asked)
  }
  const fields = [1, 'alice', 'swordfish', key(0xaa)]
  for (const rest of [[0], [3], ['2'], [2, 2], [true]]) {
    t.throws(() => decodeLoginRequest(encodeArray([...fields, ...rest])), { instanceOf: LineFormatError })
  }
})

test('golden: a permitted and a refused response', (t) => {
  // array of 4, verdict 0, 32 bytes, 3600 as two bytes, array of 1 text "/pay"
  const golden = `84005820${'bb'.repeat(32)}190e1081642f706179`
  t.is(hex(encodeLoginResponse(permitted)), golden)
  t.deepEqual(decodeLoginResponse(Buffer.from(golden, 'hex')), permitted)
  // array of 2, reason 2, 60 seconds
  t.is(hex(encodeLoginResponse({ verdict: 'refused', reason: 'ACCOUNT_LOCKED', retryAfterSeconds: 60 })), '8202183c')
})

test('every refusal comes back', (t) => {
  for (const reason of Object.values(REFUSALS)) {
    const refused: LoginResponse = { verdict: 'refused', reason, retryAfterSeconds: 0 }
    t.deepEqual(decodeLoginResponse(encodeLoginResponse(refused)), refused)
  }
})

test('user ID and password of 28 bytes: one SMS each way with hint, ephemeral, tag and transport header', (t) => {
  const LINK = 5
  const HINT = 8
  const NOISE = 32 + 16
  const worst: LoginRequest[] = [4, 14, 24].map((n) => ({
    ...request,
    userId: 'u'.repeat(n),
    password: 'p'.repeat(28 - n),
    consent: CONSENT_BUTTON,
  }))
  for (const each of worst) t.true(LINK + HINT + NOISE + encodeLoginRequest(each).length <= SMS_PAYLOAD_MAX)
  t.true(LINK + NOISE + encodeLoginResponse(permitted).length <= SMS_PAYLOAD_MAX)
})

test('on a call the worst case stays under 290 bytes, framing included', (t) => {
  // Every byte stuffed is the bound that no content can pass.
  const body = new Uint8Array(5 + 8 + 48 + encodeLoginRequest({ ...request, userId: 'u'.repeat(28) }).length).fill(0x7e)
  t.true(encodeFrame(body).length <= 290)
})

test('any request comes back', (t) => {
  const text = (max: number) => fc.string({ minLength: 1, maxLength: max, unit: 'binary' })
  const keys = fc.array(fc.uint8Array({ minLength: 32, maxLength: 32 }), { minLength: 1, maxLength: 16 })
  const property = fc.property(text(16), text(32), keys, (userId, password, terminalKeys) => {
    const again = decodeLoginRequest(encodeLoginRequest({ userId, password, terminalKeys }))
    return again.userId === userId && again.password === password && again.terminalKeys.length === terminalKeys.length
  })
  t.notThrows(() => fc.assert(property, { seed: SEED }))
})

test('cut at every length, and with a byte too many, is refused', (t) => {
  for (const [decode, bytes] of [
    [decodeLoginRequest, encodeLoginRequest(request)],
    [decodeLoginResponse, encodeLoginResponse(permitted)],
  ] as const) {
    for (let at = 0; at < bytes.length; at++)
      t.throws(() => decode(bytes.subarray(0, at)), { instanceOf: LineFormatError })
    t.throws(() => decode(Buffer.concat([bytes, Buffer.alloc(1)])), { instanceOf: LineFormatError })
  }
})

test('100,000 mutated inputs each throw nothing but LineFormatError', (t) => {
  t.log(`seed ${SEED}`)
  const random = seeded(SEED)
  const seeds = [encodeLoginRequest(request), encodeLoginResponse(permitted)]
  const other: unknown[] = []
  decoders.forEach((decode, which) => {
    for (let n = 0; n < 100_000; n++) {
      const bytes = Buffer.from(seeds[which]!)
      for (let k = random(5); k >= 0; k--) bytes[random(bytes.length)] = random(256)
      try {
        decode(bytes.subarray(0, 1 + random(bytes.length)))
      } catch (error) {
        if (!(error instanceof LineFormatError)) other.push(error)
      }
    }
  })
  t.deepEqual(other, [])
})
