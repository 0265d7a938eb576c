import test from 'ava'
import { Incoming } from '../../line/link-incoming.ts'
import { STREAM_TIMING } from '../../line/stream-path.ts'
import { BLOCK_BYTES, fragment } from '../../wire/line/link.ts'
import { SMS_TIMING } from './bad-lines.ts'

const MESSAGE = Buffer.alloc(12 * BLOCK_BYTES, 1)

/** What is due after packets of one block each, `firsts` in this order and a second apart. */
function due(timing: typeof STREAM_TIMING, firsts: readonly number[]): [it: Incoming, due: string] {
  const it = new Incoming(timing)
  const marks = firsts.map((first, n) => {
    const { news, ackDue } = it.add(fragment('request', 1, MESSAGE, { serial: n, first, count: 1 }), n * 1000)
    return ackDue ? 'A' : news ? '.' : '-'
  })
  return [it, marks.join('')]
}

test('on a call the first packet is acknowledged, then every second; of short messages every fourth', (t) => {
  t.is(due(STREAM_TIMING, [0, 1, 2, 3, 4, 5])[1], 'A.A.A.')
  t.is(due(SMS_TIMING, [0, 1, 2, 3, 4, 5])[1], '...A..')
})

test('a gap, and each packet that fills one, is acknowledged at once; what is there already is no news', (t) => {
  t.is(due(SMS_TIMING, [0, 2, 1, 1, 3])[1], '.AA-.')
  t.is(due(SMS_TIMING, [0, 11, 4, 5])[1], '.AAA')
})

test('a whole message is not acknowledged: its answer does that', (t) => {
  const it = new Incoming(STREAM_TIMING)
  const whole = fragment('request', 1, MESSAGE, { serial: 0, first: 0, count: 12 })
  t.deepEqual(it.add(whole, 0), { news: true, ackDue: false })
  t.deepEqual(Buffer.from(it.whole ?? []), MESSAGE)
  const [blocks, marks] = due(STREAM_TIMING, [11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0])
  t.is(marks, 'AAAAAAAAAAA.')
  t.deepEqual(Buffer.from(blocks.whole ?? []), MESSAGE)
})

test('the newest serial is the last one on a call, and the one in front in short messages', (t) => {
  for (const [timing, newest] of [
    [STREAM_TIMING, 255],
    [SMS_TIMING, 1],
  ] as const) {
    const it = new Incoming(timing)
    for (const [first, serial] of [254, 1, 255].entries()) {
      it.add(fragment('request', 1, MESSAGE, { serial, first, count: 1 }), 0)
    }
    t.is(it.newest, newest)
  }
})

test('quiet is three of the longest recent pauses, never less than the shortest round trip nor more than the first wait', (t) => {
  const it = new Incoming(STREAM_TIMING)
  const at = (first: number, ms: number): number => {
    it.add(fragment('request', 1, MESSAGE, { serial: first, first, count: 1 }), ms)
    return it.quietMs
  }
  t.is(at(0, 0), 3000)
  t.is(at(1, 400), 1200)
  t.is(at(2, 410), 900)
  t.is(at(3, 420), 675)
  t.is(at(4, 430), 506.25)
  t.is(at(5, 440), 500)
  t.is(at(6, 9000), 3000)
})
