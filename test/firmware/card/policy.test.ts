import test from 'ava'
import { CARD_ERRORS, type CardErrorCode } from '../../../firmware/card/errors.ts'
import { type EnrolledAddress, enrolledAddresses } from '../../../firmware/card/phone-book.ts'
import {
  addressOf,
  type BearerBudget,
  CALLS_PER_LEG,
  legsOf,
  OF_BEARER,
  onward,
  PASSING,
  PAUSES_MS,
} from '../../../firmware/card/policy.ts'
import type { BearerName } from '../../../wire/line/ticket.ts'
import { codeOf, TestCard, verdictOf } from './card.ts'
import { FakeLine } from './fake-line.ts'
import { MemoryDisk } from './memory-disk.ts'
import { ServerDouble } from './server-double.ts'

const LINE = [
  { bearer: 'call', address: '111' },
  { bearer: 'sms', address: '333' },
  { bearer: 'call', address: '222' },
] as const
const POLICY: readonly BearerBudget[] = [
  { bearer: 'packet', budgetMs: 60_000 },
  { bearer: 'call', budgetMs: 60_000 },
  { bearer: 'sms', budgetMs: 90_000 },
]
const CODES = Object.keys(CARD_ERRORS) as CardErrorCode[]

function addresses(): readonly EnrolledAddress[] {
  const enrolled = { line: LINE } as unknown as Parameters<typeof enrolledAddresses>[0] // nothing else of it is read
  return enrolledAddresses(
    enrolled,
    POLICY.map(({ bearer }) => bearer),
  )
}

test('legs: the bearers of the policy in its order, those that the enrolment has addresses for', (t) => {
  const legs = legsOf(POLICY, addresses())
  t.deepEqual(
    legs.map(({ bearer, addresses }) => [bearer, addresses.map(({ address }) => address)]),
    [
      ['call', ['111', '222']],
      ['sms', ['333']],
    ],
  )
  const [call] = legs
  if (call === undefined) return t.fail()
  t.deepEqual(
    [0, 1, 2].map((calls) => addressOf(call, calls)?.address),
    ['111', '222', '111'],
  )
  return undefined
})

test('after each failure: again, the next bearer, or the end, and always an end', (t) => {
  const legs = legsOf(POLICY, addresses())
  for (const code of CODES) {
    for (const leg of [0, 1]) {
      for (const calls of [1, 2, 3]) {
        for (const spentMs of [0, 59_000, 100_000]) {
          const next = onward(code, legs, { leg, calls, spentMs })
          const about = `${code} ${leg} ${calls} ${spentMs}: ${next.type}`
          if (next.type === 'again') {
            t.true(PASSING.has(code) && calls < CALLS_PER_LEG, about)
            t.true(next.pauseMs === PAUSES_MS[calls - 1], about)
            t.true(spentMs + next.pauseMs < (legs[leg]?.budgetMs ?? 0), about)
          } else t.is(next.type, OF_BEARER.has(code) && leg === 0 ? 'next' : 'over', about)
        }
      }
    }
  }
  t.is(onward('LINE_BUSY', [], { leg: 0, calls: 1, spentMs: 0 }).type, 'over')
})

const card = async (policy: readonly BearerBudget[] = POLICY) => {
  const it = new TestCard(new FakeLine(new ServerDouble()), new MemoryDisk(), policy)
  await it.enrol(it.server.ticket('policy', { line: LINE }))
  it.line.calls.length = 0
  return it
}
const called = ({ line }: TestCard): string[] => line.calls.map(({ address }) => address)

test('a bearer that does not do is left for the next one, and the report says what each cost and why', async (t) => {
  const it = await card()
  it.line.script = ['busy', 'busy', 'busy']
  const outcome = await it.login()
  if (!outcome.ok) return t.fail(outcome.problem.code)
  t.deepEqual(called(it), ['111', '222', '111', '333'])
  const { tried, attempts } = outcome.result.call
  t.is(attempts, 4)
  t.deepEqual(
    tried.map(({ bearer, calls, code, messagesUp }) => [bearer, calls, code, messagesUp]),
    [
      ['call', 3, 'LINE_BUSY', 0],
      ['sms', 1, undefined, 1],
    ],
  )
  t.true((tried[0]?.ms ?? 0) >= PAUSES_MS[0] + PAUSES_MS[1])
  return undefined
})

test('a request without an answer goes on by the next bearer, the same bytes: no second continuation', async (t) => {
  const it = await card()
  it.line.script = ['response-lost', 'response-lost', 'response-lost']
  t.is(verdictOf(await it.login()), 'permitted')
  t.deepEqual(called(it), ['111', '222', '111', '333'])
  const sent = it.line.calls.map(({ requests }) => requests[0]?.toString('hex'))
  t.is(new Set(sent).size, 1)
  t.false(it.server.locked)
})

test('no modem: each bearer is tried once, and the failure names them all', async (t) => {
  const it = await card()
  it.line.script = ['modem-absent', 'modem-absent']
  const outcome = await it.login()
  t.is(codeOf(outcome), 'MODEM_ABSENT')
  t.regex(outcome.ok ? '' : outcome.problem.what, /tried call \(0 s: MODEM_ABSENT\), sms \(0 s: MODEM_ABSENT\)/)
  t.is(it.line.calls.length, 2)
})

test('a bearer keeps a job no longer than its time', async (t) => {
  const it = await card()
  it.line.script = ['never-dials', 'answered']
  const job = it.login()
  await it.clock.advance(0)
  t.deepEqual(called(it), ['111'])
  const outcome = await job
  if (!outcome.ok) return t.fail(outcome.problem.code)
  t.deepEqual(called(it), ['111', '333'])
  t.is(outcome.result.call.tried[0]?.code, 'LINE_TIMEOUT')
  t.true((outcome.result.call.tried[0]?.ms ?? 0) >= 60_000)
  t.is(it.clock.waiting, 0)
  return undefined
})

test('what is not the fault of a bearer ends the job there', async (t) => {
  const it = await card()
  it.line.script = ['garbage']
  t.is(codeOf(await it.login()), 'LINE_TAMPERED')
  t.is(it.line.calls.length, 1)
})

test('each order of the policy is kept', async (t) => {
  const names: readonly BearerName[] = ['sms', 'call']
  const it = await card(names.map((bearer) => ({ bearer, budgetMs: 60_000 })))
  it.line.script = ['no-answer']
  t.is(verdictOf(await it.login()), 'permitted')
  t.deepEqual(called(it), ['333', '111'])
})
