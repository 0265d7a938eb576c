import { readFileSync } from 'node:fs'
import test from 'ava'
import { Handshake, NoiseError } from '../../keys/noise.ts'
import { keyPair } from '../../keys/x25519.ts'

interface Vector {
  readonly protocol_name: string
  readonly init_prologue: string
  readonly init_ephemeral: string
  readonly init_static?: string
  readonly init_remote_static?: string
  readonly init_psks?: readonly string[]
  readonly resp_ephemeral?: string
  readonly resp_static?: string
  readonly resp_remote_static?: string
  readonly handshake_hash: string
  readonly messages: readonly { readonly payload: string; readonly ciphertext: string }[]
}

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'))
const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
// Test data of this repository, in the shape above.
const file = JSON.parse(readFileSync(new URL('../vectors/noise.json', import.meta.url), 'utf8')) as {
  readonly vectors: readonly Vector[]
}

function pair(v: Vector): [Handshake, Handshake] {
  const name = v.protocol_name.split('_')[1] ?? ''
  const psk = v.init_psks?.[0]
  const side = (initiator: boolean, s?: string, rs?: string, e?: string) =>
    new Handshake({
      pattern: name,
      initiator,
      prologue: hex(v.init_prologue),
      ...(s === undefined ? {} : { s: keyPair(hex(s)) }),
      ...(rs === undefined ? {} : { rs: hex(rs) }),
      ...(e === undefined ? {} : { e: keyPair(hex(e)) }),
      ...(psk === undefined ? {} : { psk: hex(psk) }),
    })
  return [
    side(true, v.init_static, v.init_remote_static, v.init_ephemeral),
    side(false, v.resp_static, v.resp_remote_static, v.resp_ephemeral),
  ]
}

for (const v of file.vectors) {
  test(`published vector ${v.protocol_name}`, (t) => {
    const [initiator, responder] = pair(v)
    let n = 0
    while (!initiator.complete) {
      const message = v.messages[n]!
      const [from, to] = n % 2 === 0 ? [initiator, responder] : [responder, initiator]
      t.is(toHex(from.writeMessage(hex(message.payload))), message.ciphertext)
      t.is(toHex(to.readMessage(hex(message.ciphertext))), message.payload)
      n++
    }
    t.true(responder.complete)
    const a = initiator.split()
    const b = responder.split()
    t.is(toHex(a.hash), v.handshake_hash)
    t.is(toHex(b.hash), v.handshake_hash)
    // §7.4: in a one-way pattern only the initiator sends afterwards.
    const oneWay = n === 1
    for (; n < v.messages.length; n++) {
      const message = v.messages[n]!
      const [from, to] = oneWay || n % 2 === 0 ? [a, b] : [b, a]
      t.is(toHex(from.send.encryptWithAd(new Uint8Array(0), hex(message.payload))), message.ciphertext)
      t.is(toHex(to.receive.decryptWithAd(new Uint8Array(0), hex(message.ciphertext))), message.payload)
    }
  })
}

function kk(psk: number): [Handshake, Handshake] {
  const a = keyPair()
  const b = keyPair()
  const common = { pattern: 'KKpsk0', prologue: new Uint8Array(0) }
  return [
    new Handshake({ ...common, initiator: true, s: a, rs: b.publicKey, psk: new Uint8Array(32).fill(1) }),
    new Handshake({ ...common, initiator: false, s: b, rs: a.publicKey, psk: new Uint8Array(32).fill(psk) }),
  ]
}

test('a wrong psk is refused and the handshake stays dead', (t) => {
  const [a, b] = kk(2)
  const message = a.writeMessage(Buffer.from('login'))
  t.throws(() => b.readMessage(message), { instanceOf: NoiseError, code: 'NOISE_REFUSED' })
  t.throws(() => b.readMessage(message), { instanceOf: NoiseError, message: /out of turn/ })
})

test('every flipped byte and every cut of the first message is refused', (t) => {
  for (let at = 0; at < 64; at++) {
    const [a, b] = kk(1)
    const message = Buffer.from(a.writeMessage(Buffer.from('0123456789abcdef')))
    message[at]! ^= 0x40
    t.throws(() => b.readMessage(message), { instanceOf: NoiseError })
    const [c, d] = kk(1)
    const whole = c.writeMessage(Buffer.from('0123456789abcdef'))
    t.throws(() => d.readMessage(whole.subarray(0, at)), { instanceOf: NoiseError })
  }
})

test('a failed transport message spends no nonce', (t) => {
  const [a, b] = kk(1)
  b.readMessage(a.writeMessage(new Uint8Array(0)))
  a.readMessage(b.writeMessage(new Uint8Array(0)))
  const { send } = a.split()
  const { receive } = b.split()
  const sealed = send.encryptWithAd(new Uint8Array(0), Buffer.from('tag'))
  t.throws(() => receive.decryptWithAd(Uint8Array.of(1), sealed), { instanceOf: NoiseError })
  t.is(Buffer.from(receive.decryptWithAd(new Uint8Array(0), sealed)).toString(), 'tag')
})

test('a missing key or psk is named at once', (t) => {
  const base = { initiator: true, prologue: new Uint8Array(0) }
  t.throws(() => new Handshake({ ...base, pattern: 'KK' }), { instanceOf: RangeError, message: /static key/ })
  t.throws(() => new Handshake({ ...base, pattern: 'NNpsk0' }), { instanceOf: RangeError, message: /pre-shared key/ })
  t.throws(() => new Handshake({ ...base, pattern: 'ZZ' }), { instanceOf: RangeError, message: /KKpsk0/ })
})
