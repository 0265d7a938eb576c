import test from 'ava'
import { EscapeDetector } from '../../sim/escape.ts'

const PLUS = 43

/** Pushes texts at their times; settles whenever a deadline passes. */
function play(steps: readonly (readonly [atMs: number, text: string])[], guardMs = 1000, char = PLUS) {
  const detector = new EscapeDetector(guardMs, char, 0)
  let out = ''
  const escapes: number[] = []
  const settleUntil = (now: number): void => {
    const at = detector.deadline
    if (at === undefined || at > now) return
    const { escaped, bytes } = detector.settle()
    out += Buffer.from(bytes).toString('latin1')
    if (escaped) escapes.push(at)
  }
  for (const [at, text] of steps) {
    settleUntil(at)
    out += Buffer.from(detector.push(Buffer.from(text, 'latin1'), at)).toString('latin1')
  }
  settleUntil(Number.POSITIVE_INFINITY)
  return { out, escapes }
}

test('three pluses between two silences are the escape, and not sent', (t) => {
  t.deepEqual(
    play([
      [10, 'data'],
      [1010, '+++'],
    ]),
    { out: 'data', escapes: [2010] },
  )
})

test('they may come one by one, each within the guard time', (t) => {
  t.deepEqual(
    play([
      [1000, '+'],
      [1400, '+'],
      [1900, '+'],
    ]),
    { out: '', escapes: [2900] },
  )
})

test('without silence before, after or between it is data', (t) => {
  t.deepEqual(
    play([
      [500, 'x'],
      [1499, '+++'],
    ]),
    { out: 'x+++', escapes: [] },
  )
  t.deepEqual(
    play([
      [1000, '+++'],
      [1999, 'x'],
    ]),
    { out: '+++x', escapes: [] },
  )
  t.deepEqual(
    play([
      [1000, '++'],
      [2100, '+'],
    ]),
    { out: '+++', escapes: [] },
  )
  t.deepEqual(play([[999, '+++']]), { out: '+++', escapes: [] })
})

test('fewer or more than three are data, complete and in order', (t) => {
  t.deepEqual(
    play([
      [1000, '+'],
      [1100, '+'],
    ]),
    { out: '++', escapes: [] },
  )
  t.deepEqual(play([[1000, '++++']]), { out: '++++', escapes: [] })
  t.deepEqual(
    play([
      [1000, '+++'],
      [1100, '+'],
    ]),
    { out: '++++', escapes: [] },
  )
  t.deepEqual(play([[1000, '+++ATH\r']]), { out: '+++ATH\r', escapes: [] })
})

test('other data is never held back', (t) => {
  const detector = new EscapeDetector(1000, PLUS, 0)
  t.is(detector.push(Buffer.from('at once'), 5000).length, 7)
  t.is(detector.deadline, undefined)
})

test('S12 sets the silence and S2 the character; above 127 there is none', (t) => {
  t.deepEqual(play([[400, '+++']], 400), { out: '', escapes: [800] })
  t.deepEqual(play([[1000, '!!!']], 1000, 33), { out: '', escapes: [2000] })
  t.deepEqual(play([[1000, '\xc8\xc8\xc8']], 1000, 200), { out: '\xc8\xc8\xc8', escapes: [] })
})
