import test from 'ava'
import fc from 'fast-check'
import { EscapeDetector } from '../../sim/escape.ts'

const GUARD_MS = 1000
const steps = fc.array(
  fc.record({
    text: fc.constantFrom('+', '++', '+++', '++++', 'a', 'a+', '+a', 'OK'),
    pauseMs: fc.constantFrom(0, 1, 500, 999, 1000, 1001, 3000),
  }),
  { maxLength: 12 },
)

/** What Hayes's rule says, looked at from the whole: runs of three between two silences vanish, all else passes. */
function expected(plan: readonly { readonly text: string; readonly pauseMs: number }[]) {
  // Bytes with the silence before each of them.
  const bytes = plan.flatMap(({ text, pauseMs }) =>
    [...text].map((char, index) => ({ char, silent: index === 0 && pauseMs >= GUARD_MS })),
  )
  const bursts: string[] = []
  for (const [index, { char, silent }] of bytes.entries()) {
    if (silent || index === 0) bursts.push(char)
    else bursts[bursts.length - 1] += char
  }
  const firstCounts = (plan[0]?.pauseMs ?? 0) >= GUARD_MS
  const isEscape = (burst: string, index: number): boolean => burst === '+++' && (index > 0 || firstCounts)
  return {
    out: bursts.filter((burst, index) => !isEscape(burst, index)).join(''),
    escapes: bursts.filter(isEscape).length,
  }
}

test('for any typing, data passes complete and in order, and escapes are those of the rule', (t) => {
  fc.assert(
    fc.property(steps, (plan) => {
      const detector = new EscapeDetector(GUARD_MS, 43, 0)
      let now = 0
      let out = ''
      let escapes = 0
      const settle = (until: number): void => {
        if (detector.deadline === undefined || detector.deadline > until) return
        const { escaped, bytes } = detector.settle()
        if (escaped) escapes++
        out += Buffer.from(bytes).toString()
      }
      for (const { text, pauseMs } of plan) {
        now += pauseMs
        settle(now)
        out += Buffer.from(detector.push(Buffer.from(text), now)).toString()
      }
      settle(Number.POSITIVE_INFINITY)
      t.deepEqual({ out, escapes }, expected(plan))
    }),
    { numRuns: 2000 },
  )
})
