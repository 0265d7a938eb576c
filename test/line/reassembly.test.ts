import test from 'ava'
import { Reassembly } from '../../line/reassembly.ts'
import { LINE_MESSAGE_MAX } from '../../wire/limits.ts'
import { BLOCK_BYTES, blocksOf, fragment, type LinkData } from '../../wire/line/link.ts'
import { seeded } from '../random.ts'

const SEED = 4_711

function blocks(message: Uint8Array, first: number, count: number): LinkData {
  return fragment('request', 1, message, { serial: 0, first, count })
}

test(`any order, length and number of runs gives the message, once (seed ${SEED})`, (t) => {
  const random = seeded(SEED)
  for (let n = 0; n < 300; n++) {
    const length = n === 0 ? LINE_MESSAGE_MAX : BLOCK_BYTES + 1 + random(3000)
    const message = Buffer.from(Array.from({ length }, () => random(256)))
    const count = blocksOf(message)
    const reassembly = new Reassembly()
    for (let guard = 0; reassembly.whole === undefined && guard < 100_000; guard++) {
      const first = random(count)
      const before = reassembly.received.size
      const news = reassembly.add(blocks(message, first, 1 + random(Math.min(4, count - first))))
      t.is(news, reassembly.received.size > before || reassembly.whole !== undefined)
    }
    t.deepEqual(Buffer.from(reassembly.whole ?? []), message)
    t.false(reassembly.add(blocks(message, 0, 1)))
  }
})

test('what contradicts the rest, or the size of a block, brings nothing', (t) => {
  const message = Buffer.alloc(4 * BLOCK_BYTES, 1)
  const reassembly = new Reassembly()
  t.true(reassembly.add(blocks(message, 1, 1)))
  const good = blocks(message, 2, 1)
  t.false(reassembly.add({ ...good, last: 9 }))
  t.false(reassembly.add({ ...good, body: good.body.subarray(1) }))
  t.false(reassembly.add({ ...good, index: 3, body: Buffer.alloc(BLOCK_BYTES + 1) }))
  t.false(new Reassembly().add({ ...good, body: Buffer.alloc(LINE_MESSAGE_MAX + 1), last: 0 }))
  t.deepEqual([...reassembly.received], [1])
  t.is(reassembly.whole, undefined)
})

test('a whole packet ends the wait for blocks, and is copied', (t) => {
  const message = Buffer.alloc(3 * BLOCK_BYTES, 5)
  const reassembly = new Reassembly()
  reassembly.add(blocks(message, 2, 1))
  t.true(reassembly.add(blocks(message, 0, 3)))
  message.fill(0)
  t.is(reassembly.whole?.[0], 5)
})
