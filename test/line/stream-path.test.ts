import test from 'ava'
import type { LineStream } from '../../line/stream.ts'
import { STREAM_PACKET_MAX, streamPath } from '../../line/stream-path.ts'
import { encodeFrame } from '../../wire/line/frame.ts'
import { blocksPerPacket, fitsWhole } from '../../wire/line/link.ts'

function stream() {
  const written: Uint8Array[] = []
  const ends: string[] = []
  let say = (_bytes: Uint8Array): void => {}
  let end = (): void => {}
  const it: LineStream = {
    peer: '+81',
    write: (bytes) => written.push(bytes),
    open: (onData, onEnd) => {
      say = onData
      end = () => onEnd('remote')
    },
    hangUp: async () => {
      ends.push('hung up')
    },
  }
  return { it, written, ends, say: (bytes: Uint8Array) => say(bytes), end: () => end() }
}

test('a packet is one frame, and its bytes on the wire are counted', (t) => {
  const { it, written } = stream()
  const path = streamPath(it)
  t.is(path.send(Buffer.from('a packet')), 8 + 4 + 2)
  t.deepEqual(written, [encodeFrame(Buffer.from('a packet'))])
  t.is(path.peer, '+81')
})

test('any split gives the same packets and the same counts; noise is counted with the packet after it', (t) => {
  const frames = ['one', 'the second', '+\r~}'].map((text) => encodeFrame(Buffer.from(text)))
  const bytes = Buffer.concat([Buffer.from('noise'), ...frames])
  for (let step = 1; step <= bytes.length; step++) {
    const { it, say } = stream()
    const got: [string, number][] = []
    streamPath(it).open(
      (packet, wireBytes) => got.push([Buffer.from(packet).toString(), wireBytes]),
      () => {},
    )
    for (let at = 0; at < bytes.length; at += step) say(bytes.subarray(at, at + step))
    const [one = [], two = [], three = []] = frames
    t.deepEqual(got, [
      ['one', one.length + 5],
      ['the second', two.length],
      ['+\r~}', three.length],
    ])
  }
})

test('the end of the stream and the hanging up pass through', async (t) => {
  const { it, ends, end } = stream()
  const path = streamPath(it)
  path.open(
    () => {},
    (reason) => ends.push(reason),
  )
  end()
  await path.hangUp()
  t.deepEqual(ends, ['remote', 'hung up'])
})

test('a login with long names is one packet', (t) => {
  t.true(fitsWhole(135, STREAM_PACKET_MAX))
  t.true(fitsWhole(250, STREAM_PACKET_MAX))
  t.is(blocksPerPacket(STREAM_PACKET_MAX), 4)
})
