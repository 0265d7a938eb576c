import { readFileSync } from 'node:fs'
import test from 'ava'
import { CARD_ERRORS, type CardErrorCode } from '../../../firmware/card/errors.ts'
import {
  ALLOWED,
  ATTEMPTS_MAX,
  type CardEffect,
  type CardEvent,
  type CardState,
  type JobEnd,
  type JobKind,
  step,
} from '../../../firmware/card/machine.ts'
import * as policy from '../../../firmware/card/policy.ts'
import { LINE_STATES, type LineState } from '../../../wire/usb/methods.ts'
import { seeded } from '../../random.ts'

const DOCUMENT = readFileSync(new URL('../../../docs/states/card.md', import.meta.url), 'utf8')
const listed = (after: RegExp): readonly string[] => after.exec(DOCUMENT)?.[1]?.split(' ') ?? []
const PASSING = listed(/by itself: (.*)/)
const CODES = Object.keys(CARD_ERRORS) as CardErrorCode[]
const JOBS: readonly JobKind[] = ['login', 'enrol', 'pay-2', 'pay-3']

interface Row {
  readonly state: string
  readonly event: string
  readonly next: string
  readonly work: string
  readonly steps: Readonly<Record<JobKind, string>>
}

const TABLE: readonly Row[] = DOCUMENT.split('\n')
  .filter((line) => /^\| [a-z]/.test(line) && !line.startsWith('| state'))
  .map((line) => {
    const [, state = '', event = '', next = '', work = '', login = '', pay2 = '', pay3 = ''] = line
      .split('|')
      .map((cell) => cell.trim())
    return { state, event, next, work, steps: { login, enrol: '', 'pay-2': pay2, 'pay-3': pay3 } }
  })

/** All events, each with a name as in the table. */
function* events(): Generator<CardEvent> {
  for (const job of JOBS) yield { type: 'start', job }
  for (const type of ['ready', 'asks', 'consented', 'known', 'connected', 'earlier-answered', 'hung-up'] as const)
    yield { type }
  for (const earlier of [true, false]) yield { type: 'sending', earlier }
  for (const permitted of [true, false]) yield { type: 'answered', permitted }
  for (const settled of [true, false]) yield { type: 'received', settled }
  for (const code of CODES) for (const again of [true, false]) yield { type: 'failed', code, again }
}

function* states(): Generator<CardState> {
  yield { name: 'idle' }
  for (const job of JOBS) {
    for (let attempts = 0; attempts <= ATTEMPTS_MAX; attempts++) {
      for (const name of ['preparing', 'dialling', 'connected', 'exchanging'] as const) yield { name, job, attempts }
      if (attempts === 0) yield { name: 'consenting', job, attempts }
      // Nothing but a payment ever comes into this state.
      if (pays(job)) yield { name: 'paying', job, attempts }
      const ends: readonly JobEnd[] = [
        { type: 'done' },
        ...CODES.flatMap((code) => [true, false].map((again) => ({ type: 'failed', code, again }) as const)),
      ]
      for (const end of ends) yield { name: 'hanging-up', job, attempts, end }
    }
  }
}

function pays(job: JobKind): boolean {
  return job === 'pay-2' || job === 'pay-3'
}

/** The table's name for what happens. */
function nameOf(state: CardState, event: CardEvent): string {
  if (event.type === 'sending') return `sending, ${event.earlier ? 'an earlier' : 'this'} request`
  if (event.type === 'asks' && state.name === 'preparing') {
    return `asks, ${state.attempts === 0 ? 'before the first call' : 'later'}`
  }
  if (event.type === 'received') return `received, ${event.settled ? 'settled' : 'else'}`
  if (event.type === 'answered') {
    const payment = event.permitted && state.name === 'exchanging' && pays(state.job)
    return `answered, ${event.permitted ? 'permitted' : 'refused'}${payment ? ', a payment' : ''}`
  }
  const end = state.name === 'hanging-up' ? state.end : event.type === 'failed' ? event : undefined
  const ends = state.name === 'dialling' ? event.type === 'failed' : event.type === 'hung-up'
  if (!ends || end === undefined || state.name === 'idle') return event.type
  if (end.type === 'done') return `${event.type}, done`
  const again = end.again && state.attempts < ATTEMPTS_MAX
  return again ? `${event.type}, again, fewer than ${ATTEMPTS_MAX} calls` : `${event.type}, else`
}

function workOf(effects: readonly CardEffect[]): string {
  const work = effects.filter(({ type }) => type !== 'step')
  return work.map((it) => (it.type === 'end' ? `end: ${it.end.type}` : it.type)).join(' ')
}

function stepsOf(effects: readonly CardEffect[]): string {
  return effects.flatMap((it) => (it.type === 'step' ? it.step : [])).join(' ')
}

test('the machine is the table of docs/states/card.md, each row and nothing else', (t) => {
  const used = new Set<Row>()
  for (const state of states()) {
    for (const event of events()) {
      if (state.name !== 'hanging-up' && event.type === 'hung-up') {
        t.throws(() => step(state, event), { code: 'CARD_FAULT' })
        continue
      }
      const name = nameOf(state, event)
      const row = TABLE.find((it) => it.state === state.name && it.event === name)
      if (row === undefined) {
        t.throws(() => step(state, event), { code: 'CARD_FAULT' }, `${state.name} ${name}`)
        continue
      }
      used.add(row)
      const { state: next, effects } = step(state, event)
      const job = state.name === 'idle' ? (event.type === 'start' ? event.job : '') : state.job
      t.is(next.name, row.next as LineState)
      t.is(workOf(effects), row.work, `${state.name} ${name}`)
      t.is(stepsOf(effects), job === '' ? '' : row.steps[job], `${state.name} ${name} of ${job}`)
    }
  }
  t.deepEqual(
    TABLE.filter((row) => !used.has(row)),
    [],
  )
})

test('the list of allowed events is what the machine allows', (t) => {
  t.deepEqual(Object.keys(ALLOWED), [...LINE_STATES])
  for (const state of LINE_STATES) {
    const rows = new Set(TABLE.filter((row) => row.state === state).map((row) => row.event.split(',')[0]))
    t.deepEqual([...rows].sort(), [...ALLOWED[state]].sort())
  }
})

test('no failure while paying leads to another call, and what might pass is unknown', (t) => {
  for (const job of JOBS.filter(pays)) {
    for (let attempts = 0; attempts <= ATTEMPTS_MAX; attempts++) {
      for (const code of CODES) {
        const { state } = step({ name: 'paying', job, attempts }, { type: 'failed', code, again: true })
        if (state.name !== 'hanging-up' || state.end.type !== 'failed') return t.fail(state.name)
        t.is(state.end.code, PASSING.includes(code) ? 'LINE_OUTCOME_UNKNOWN' : code)
        t.is(step(state, { type: 'hung-up' }).state.name, 'idle')
      }
    }
  }
  t.false(PASSING.includes('LINE_OUTCOME_UNKNOWN') || PASSING.includes('AMOUNT_CHANGED'))
  return undefined
})

test('only a payment whose tag was accepted comes to paying', (t) => {
  for (const state of states()) {
    for (const event of events()) {
      let next: CardState
      try {
        next = step(state, event).state
      } catch {
        continue
      }
      if (next.name !== 'paying') continue
      t.is(state.name, 'exchanging')
      t.true(pays(next.job))
      t.deepEqual(event, { type: 'answered', permitted: true })
    }
  }
})

test('each step leads to exactly one work, and steps come before it', (t) => {
  for (const state of states()) {
    for (const event of events()) {
      let effects: readonly CardEffect[]
      try {
        effects = step(state, event).effects
      } catch {
        continue
      }
      t.is(effects.filter(({ type }) => type !== 'step').length, 1)
      t.not(effects.at(-1)?.type, 'step')
    }
  }
})

test('the failures that the policy goes on after are those of the document', (t) => {
  t.deepEqual([...PASSING].sort(), [...policy.PASSING].sort())
  const ofBearer = [...PASSING, ...listed(/another bearer may do: (.*)/)]
  t.deepEqual(ofBearer.sort(), [...policy.OF_BEARER].sort())
})

test('whatever happens, a job makes at most nine calls, pays once at most, hangs up each that stood, and ends', (t) => {
  const all = [...events()]
  const seed = 4711
  const random = seeded(seed)
  for (let run = 0; run < 2000; run++) {
    let { state } = step({ name: 'idle' }, { type: 'start', job: JOBS[run % JOBS.length] ?? 'login' })
    let [dials, connects, hangUps, steps, payments] = [0, 0, 0, 0, 0]
    while (state.name !== 'idle') {
      const allowed = all.filter((event) => ALLOWED[state.name].includes(event.type))
      // An earlier request is settled once: the runner has only one.
      const event = allowed[random(allowed.length)]
      if (event === undefined || ++steps > 10_000) return t.fail(`seed ${seed}, run ${run}`)
      // Nobody is asked between two calls.
      if (event.type === 'earlier-answered' || event.type === 'asks') continue
      const next = step(state, event)
      if (next.effects.some(({ type }) => type === 'dial')) dials++
      if (event.type === 'connected') connects++
      if (next.effects.some(({ type }) => type === 'pay')) payments++
      if (next.effects.some(({ type }) => type === 'hang-up')) hangUps++
      state = next.state
    }
    if (dials > ATTEMPTS_MAX || connects !== hangUps || payments > 1) return t.fail(`seed ${seed}, run ${run}`)
  }
  return t.pass()
})
