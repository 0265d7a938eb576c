import test from 'ava'
import { select } from '../../../server/internet-port/range.ts'
import { seeded } from '../../random.ts'

const SEED = 9110

test('any Range text selects bytes within the content or none (RFC 9110 §14)', (t) => {
  const below = seeded(SEED)
  const alphabet = 'bytes=0123456789-, \tx'
  for (let n = 0; n < 5000; n++) {
    const noise = Array.from({ length: below(12) }, () => alphabet[below(alphabet.length)]).join('')
    const range = below(2) === 0 ? `bytes=${noise}` : noise
    const size = below(20)
    const got = select('GET', { range }, size, '"x"')
    if (got.type !== 'part') continue
    const { first, last } = got.range
    t.true(first >= 0 && first <= last && last < size, `seed ${SEED}: ${range} of ${size}`)
  }
})

test('a whole number too large for a number is no range', (t) => {
  const range = `bytes=${'9'.repeat(400)}-`
  t.deepEqual(select('GET', { range }, 10, '"x"'), { type: 'whole' })
  t.deepEqual(select('GET', { range: 'bytes=999999999999999-' }, 10, '"x"'), { type: 'unsatisfiable' })
})

test('HEAD knows no ranges, and If-None-Match stands before them', (t) => {
  t.deepEqual(select('HEAD', { range: 'bytes=1-2' }, 10, '"x"'), { type: 'whole' })
  const headers = { range: 'bytes=1-2', 'if-none-match': '"x"' }
  for (const method of ['GET', 'HEAD']) t.deepEqual(select(method, headers, 10, '"x"'), { type: 'not-modified' })
})
