import test from 'ava'
import { CARD_ERRORS } from '../../../firmware/card/errors.ts'
import { HANG_UP_MS } from '../../../firmware/card/job-call.ts'
import { JOB_MS } from '../../../firmware/card/jobs.ts'
import type { CardState } from '../../../firmware/card/machine.ts'
import { PAUSES_MS } from '../../../firmware/card/policy.ts'
import { settle } from '../../fake-clock.ts'
import { codeOf, enrolledCard, loginParams, TestCard, verdictOf } from './card.ts'
import type { CallScript } from './fake-line.ts'
import { MemoryDisk } from './memory-disk.ts'

const DIALLINGS: readonly (readonly [script: CallScript, code: keyof typeof CARD_ERRORS, calls: number])[] = [
  ['busy', 'LINE_BUSY', 3],
  ['no-carrier', 'LINE_NO_CARRIER', 3],
  ['no-answer', 'LINE_NO_ANSWER', 1],
  ['no-dialtone', 'LINE_NO_DIALTONE', 1],
  ['modem-absent', 'MODEM_ABSENT', 1],
  ['modem-fault', 'MODEM_FAULT', 1],
  ['cancelled', 'LINE_CANCELLED', 1],
  ['internet', 'LINE_IS_INTERNET', 1],
]

for (const [script, code, calls] of DIALLINGS) {
  test(`${script} is ${code} after ${calls} calls, and says what to do`, async (t) => {
    const card = await enrolledCard()
    card.line.script = Array.from({ length: 5 }, () => script)
    const outcome = await card.login()
    t.is(codeOf(outcome), code)
    t.is(card.line.calls.length, calls)
    t.is(!outcome.ok && outcome.problem.cure, CARD_ERRORS[code].cure)
    t.is(card.vault.record.enrolled?.pending, undefined)
    t.is(card.ends.at(-1)?.code, code)
    t.is(card.jobs.state, 'idle')
    t.is(card.clock.waiting, 0)
  })
}

test('between calls the pauses grow', async (t) => {
  const card = await enrolledCard()
  card.line.script = ['busy', 'busy', 'busy']
  const job = card.jobs.login(loginParams('a'))
  const calls = (): number => card.line.calls.length
  await card.clock.advance(0)
  t.is(calls(), 1)
  await card.clock.advance(PAUSES_MS[0] - 1)
  t.is(calls(), 1)
  await card.clock.advance(1)
  t.is(calls(), 2)
  await card.clock.advance(PAUSES_MS[1] - 1)
  t.is(calls(), 2)
  await card.clock.advance(1)
  t.is(calls(), 3)
  t.is(codeOf(await card.end(job)), 'LINE_BUSY')
  t.true(PAUSES_MS[1] > PAUSES_MS[0])
})

test('a passing failure and then success: the report counts all calls', async (t) => {
  const card = await enrolledCard()
  card.line.script = ['busy', 'request-lost']
  const outcome = await card.login()
  if (!outcome.ok) return t.fail()
  const { attempts, setupMs, messagesUp, messagesDown, exchangeMs } = outcome.result.call
  t.deepEqual(
    { attempts, messagesUp, messagesDown, exchangeMs },
    { attempts: 3, messagesUp: 2, messagesDown: 1, exchangeMs: 7 },
  )
  t.true(setupMs >= PAUSES_MS[0] + PAUSES_MS[1])
  return undefined
})

test('one job at a time', async (t) => {
  const card = await enrolledCard()
  card.line.script = ['never-ends']
  const first = card.jobs.login(loginParams('a'))
  await card.clock.advance(0)
  t.is(card.jobs.state, 'exchanging')
  t.is(codeOf(await card.jobs.login(loginParams('b'))), 'CARD_BUSY')
  t.is(codeOf(await card.jobs.enrol({ ticket: card.server.ticket('x') })), 'CARD_BUSY')
  t.true(card.jobs.cancel())
  t.is(codeOf(await card.end(first)), 'LINE_CANCELLED')
  t.false(card.jobs.cancel())
})

test('two jobs in the same moment: one is taken', async (t) => {
  const card = await enrolledCard()
  const outcomes = await card.end(
    Promise.all([
      card.jobs.login(loginParams('a')),
      card.jobs.login(loginParams('b')),
      card.jobs.login(loginParams('c')),
    ]),
  )
  t.deepEqual(outcomes.map(codeOf), ['ok', 'CARD_BUSY', 'CARD_BUSY'])
})

const WHEN: readonly (readonly [state: CardState['name'], script: readonly CallScript[], hangUps: number])[] = [
  ['dialling', ['never-dials'], 0],
  ['exchanging', ['never-ends'], 1],
  ['preparing', ['busy'], 0],
  ['preparing', ['request-lost'], 1],
]
for (const [state, script, hangUps] of WHEN) {
  test(`cancelled while ${state} after ${script}: hangs up and ends, and the next login works`, async (t) => {
    const card = await enrolledCard()
    card.line.script = [...script]
    const job = card.jobs.login(loginParams('a'))
    await card.clock.advance(0)
    t.is(card.jobs.state, state)
    t.true(card.jobs.cancel())
    t.is(codeOf(await card.end(job)), 'LINE_CANCELLED')
    t.is(card.line.calls.length, 1)
    t.is(card.line.calls[0]?.hungUp, hangUps)
    t.is(card.jobs.state, 'idle')
    t.is(card.clock.waiting, 0)
    t.is(verdictOf(await card.login('b')), 'permitted')
    t.false(card.server.locked)
  })
}

test('a job that comes while a cancelled one hangs up waits for it', async (t) => {
  const card = await enrolledCard()
  card.line.script = ['never-ends']
  card.line.hangUpNeverEnds = true
  const first = card.jobs.login(loginParams('a'))
  await card.clock.advance(0)
  card.jobs.cancel()
  const second = card.jobs.login(loginParams('b'))
  await settle()
  t.is(card.line.calls.length, 1)
  card.line.hangUpNeverEnds = false
  t.is(codeOf(await card.end(first)), 'LINE_CANCELLED')
  t.is(verdictOf(await card.end(second)), 'permitted')
})

test('a modem that does not hang up is waited for in bounded time', async (t) => {
  const card = await enrolledCard()
  card.line.hangUpNeverEnds = true
  const job = card.jobs.login(loginParams('a'))
  await card.clock.advance(0)
  t.is(card.jobs.state, 'hanging-up')
  await card.clock.advance(HANG_UP_MS - 1)
  t.is(card.jobs.state, 'hanging-up')
  await card.clock.advance(1)
  t.is(verdictOf(await job), 'permitted')
})

for (const script of ['never-dials', 'never-ends'] as const) {
  test(`${script}: the job’s time is bounded, below what a PC waits`, async (t) => {
    const card = await enrolledCard()
    card.line.script = [script]
    card.line.hangUpNeverEnds = true
    const job = card.jobs.login(loginParams('a'))
    await card.clock.advance(JOB_MS - 1)
    t.not(card.jobs.state, 'idle')
    t.is(codeOf(await card.end(job)), 'LINE_TIMEOUT')
    t.true(card.clock.now() < 300_000)
  })
}

test('a call that comes about after it was given up is hung up', async (t) => {
  const card = await enrolledCard()
  const { line } = card
  const late = Promise.withResolvers<Awaited<ReturnType<typeof line.call>>>()
  const call = line.call.bind(line)
  let real: Awaited<ReturnType<typeof line.call>> | undefined
  line.call = async (address, signal) => {
    real = await call(address, signal)
    return late.promise
  }
  const job = card.jobs.login(loginParams('a'))
  await card.clock.advance(0)
  card.jobs.cancel()
  t.is(codeOf(await card.end(job)), 'LINE_CANCELLED')
  t.is(line.calls[0]?.hungUp, 0)
  if (real !== undefined) late.resolve(real)
  await settle()
  t.is(line.calls[0]?.hungUp, 1)
})

test('a store that cannot be written: nothing is sent, and nobody is told of success', async (t) => {
  const disk = new MemoryDisk()
  const card = await enrolledCard('one', disk)
  disk.write = () => {
    throw Object.assign(new Error('disk full'), { code: 'ENOSPC' })
  }
  t.is(codeOf(await card.login()), 'VAULT_UNWRITABLE')
  t.deepEqual(card.line.calls[0]?.requests, [])
  t.is(card.line.calls[0]?.hungUp, 1)
})

test('a store that fails after the response: no success, and the next login settles it', async (t) => {
  const disk = new MemoryDisk()
  const card = await enrolledCard('one', disk)
  const write = disk.write.bind(disk)
  let writes = 0
  disk.write = (name, bytes) => {
    if (++writes === 2) throw Object.assign(new Error('disk full'), { code: 'ENOSPC' })
    write(name, bytes)
  }
  t.is(codeOf(await card.login('a')), 'VAULT_UNWRITABLE')
  t.false(card.notes.some(({ step }) => step === 'S5'))
  t.is(verdictOf(await card.login('b')), 'permitted')
  t.false(card.server.locked)
})

test('a line that throws is a fault, hung up, and not the end of the card', async (t) => {
  const card = await enrolledCard()
  card.line.onRequest = () => {
    throw new TypeError('secret text of a fault')
  }
  const outcome = await card.login('a')
  t.is(codeOf(outcome), 'CARD_FAULT')
  t.false(JSON.stringify(outcome).includes('secret text'))
  t.is(card.line.calls[0]?.hungUp, 1)
  card.line.onRequest = () => {}
  t.is(verdictOf(await card.login('b')), 'permitted')
})

test('closing cancels, hangs up, and starts nothing any more', async (t) => {
  const card = await enrolledCard()
  card.line.script = ['never-ends']
  const job = card.jobs.login(loginParams('a'))
  await card.clock.advance(0)
  await card.end(card.jobs.close())
  t.is(card.line.calls[0]?.hungUp, 1)
  t.is(codeOf(await job), 'LINE_CANCELLED')
  t.is(codeOf(await card.jobs.login(loginParams('b'))), 'LINE_CANCELLED')
  t.is(card.clock.waiting, 0)
  await new TestCard().jobs.close()
})
