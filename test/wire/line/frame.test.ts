import test from 'ava'
import fc from 'fast-check'
import { LINE_FRAME_MAX } from '../../../wire/limits.ts'
import { encodeFrame, FrameDecoder } from '../../../wire/line/frame.ts'

import { seeded } from '../../random.ts'

const SEED = 20_000_523
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const body = fc.uint8Array({ minLength: 1, maxLength: 300 })

test('golden: "123456789" with the check value of CRC-32', (t) => {
  // flag, nine digits, FCS CBF43926 least significant byte first, flag
  t.is(hex(encodeFrame(Buffer.from('123456789'))), '7e3132333435363738392639f4cb7e')
})

test('golden: flag, escape, CR, plus, XON and XOFF are stuffed', (t) => {
  const frame = hex(encodeFrame(Uint8Array.of(0x7e, 0x7d, 0x0d, 0x2b, 0x11, 0x13)))
  t.true(frame.startsWith('7e7d5e7d5d7d2d7d0b7d317d33'))
})

test('any body comes back from any split, and a frame shows neither CR nor +', (t) => {
  const property = fc.property(body, fc.integer({ min: 1, max: 50 }), (bytes, step) => {
    const frame = encodeFrame(bytes)
    if (frame.includes(0x0d) || frame.includes(0x2b)) return false
    const decoder = new FrameDecoder()
    const out: Uint8Array[] = []
    for (let at = 0; at < frame.length; at += step) out.push(...decoder.push(frame.subarray(at, at + step)))
    return out.length === 1 && hex(out[0]!) === hex(bytes) && decoder.discarded === 0
  })
  t.notThrows(() => fc.assert(property, { seed: SEED }))
})

test('cut at every length gives no frame, and the next frame is whole', (t) => {
  const frame = encodeFrame(Buffer.from('login'))
  for (let at = 0; at < frame.length - 1; at++) {
    const decoder = new FrameDecoder()
    t.deepEqual(decoder.push(frame.subarray(0, at)), [])
    t.is(
      decoder
        .push(encodeFrame(Buffer.from('next')))
        .map((b) => Buffer.from(b).toString())
        .join(),
      'next',
    )
  }
})

test('text of a modem between frames is thrown away and counted', (t) => {
  const decoder = new FrameDecoder()
  t.deepEqual(decoder.push(Buffer.from('\r\nCONNECT 9600\r\n')), [])
  t.is(decoder.discarded, 16)
  t.is(decoder.push(encodeFrame(Buffer.from('a'))).length, 1)
})

test('an endless frame keeps memory bounded and is counted', (t) => {
  const decoder = new FrameDecoder()
  decoder.push(Uint8Array.of(0x7e))
  for (let n = 0; n < 256; n++) t.deepEqual(decoder.push(new Uint8Array(4096).fill(0x41)), [])
  t.is(decoder.discarded, 256 * 4096)
  t.is(decoder.push(encodeFrame(Buffer.from('ok'))).length, 1)
})

test('100,000 mutated streams throw nothing and invent nothing', (t) => {
  t.log(`seed ${SEED}`)
  const random = seeded(SEED)
  const known = Buffer.from('the only message that was ever sent')
  const frame = encodeFrame(known)
  const decoder = new FrameDecoder()
  let invented = 0
  for (let n = 0; n < 100_000; n++) {
    const bytes = Buffer.from(frame)
    for (let k = random(4); k >= 0; k--) bytes[random(bytes.length)] = random(256)
    for (const out of decoder.push(bytes.subarray(random(8)))) if (!known.equals(out)) invented++
  }
  t.is(invented, 0)
})

test('empty and oversized bodies are refused', (t) => {
  t.throws(() => encodeFrame(new Uint8Array(0)), { instanceOf: RangeError })
  t.throws(() => encodeFrame(new Uint8Array(LINE_FRAME_MAX + 1)), { instanceOf: RangeError })
})
