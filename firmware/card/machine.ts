import type { LineState } from '../../wire/usb/methods.ts'
import type { CardErrorCode } from './errors.ts'
import { PASSING } from './policy.ts'

/*
 * One job of the card, from the request of the PC to its result (S2–S10, S30–S36, S64–S70), as a pure function
 * (state, event) → {state, effects}. The same table stands in docs/states/card.md; a test compares them.
 *
 * Where the card's policy asks, `consenting` stands between `preparing` and the first `dialling`: asks ─► consenting ─consented─►.
 *
 *   idle ─start─► preparing ─ready─► dialling ─connected─► connected ─sending─► exchanging ─answered─► hanging-up ─hung-up─► idle
 *                     ▲                                        ▲──────earlier-answered──┤                ▲ │
 *                     │                                                                 └─► paying ──────┘ │
 *                     └────────────────────── another attempt after a pause ───────────────────────────────┘
 *
 * Each step leads to exactly one piece of work, and each work ends with exactly one event: nothing can come too late.
 * From `paying` no way leads back to a call: nothing is paid twice because a line was bad.
 */
export type JobKind = 'login' | 'enrol' | 'pay-2' | 'pay-3'

/** What the job ends with, once the line is hung up. */
export type JobEnd =
  | { readonly type: 'done' }
  /** `again`: the policy has another call for it, on this bearer or on the next one. */
  | { readonly type: 'failed'; readonly code: CardErrorCode; readonly again: boolean }

export type CardState =
  | { readonly name: 'idle' }
  /** Before a call, and between two. `attempts` counts the calls begun so far. */
  | { readonly name: 'preparing'; readonly job: JobKind; readonly attempts: number }
  /** The button is waited for: nothing has left the card. */
  | { readonly name: 'consenting'; readonly job: JobKind; readonly attempts: number }
  | { readonly name: 'dialling'; readonly job: JobKind; readonly attempts: number }
  | { readonly name: 'connected'; readonly job: JobKind; readonly attempts: number }
  | { readonly name: 'exchanging'; readonly job: JobKind; readonly attempts: number }
  /** The tag was accepted, and the personal data go (S34, S68). */
  | { readonly name: 'paying'; readonly job: JobKind; readonly attempts: number }
  | { readonly name: 'hanging-up'; readonly job: JobKind; readonly attempts: number; readonly end: JobEnd }

export type CardEvent =
  | { readonly type: 'start'; readonly job: JobKind }
  /** Everything needed for a call is durable; or the pause before another one is over. */
  | { readonly type: 'ready' }
  /** The answer was here already: no call is needed. */
  | { readonly type: 'known' }
  /** The card's policy asks the user first. */
  | { readonly type: 'asks' }
  | { readonly type: 'consented' }
  | { readonly type: 'connected' }
  /** The request is durable and goes out. `earlier`: it repeats a call that was never answered, before this job's own. */
  | { readonly type: 'sending'; readonly earlier: boolean }
  /** The earlier call is settled, and its ratchet step durable. */
  | { readonly type: 'earlier-answered' }
  /** The answer is in, and what follows from it durable. */
  | { readonly type: 'answered'; readonly permitted: boolean }
  /** What the server says to the personal data. `settled`: the card company was charged (S35, S69). */
  | { readonly type: 'received'; readonly settled: boolean }
  /** `again` as in JobEnd. */
  | { readonly type: 'failed'; readonly code: CardErrorCode; readonly again: boolean }
  | { readonly type: 'hung-up' }

export type CardEventType = CardEvent['type']

export type CardEffect =
  /** Work: ends with one event. */
  | { readonly type: 'prepare' | 'consent' | 'dial' | 'request' | 'exchange' | 'pay' | 'hang-up' | 'pause' }
  /** A step of the job's embodiment happens, `at` a state that is left or entered. */
  | { readonly type: 'step'; readonly at: LineState; readonly step: string; readonly text: string }
  /** The job is over. */
  | { readonly type: 'end'; readonly end: JobEnd }

export interface CardStep {
  readonly state: CardState
  readonly effects: readonly CardEffect[]
}

/** Calls of one job, at most, whatever the policy says: three for each bearer that there is. */
export const ATTEMPTS_MAX = 9

type Moment = 'request' | 'permitted' | 'refused' | 'data' | 'settled' | 'hangUp'
type Told = readonly (readonly [step: string, text: string])[]

/**
 * What happens in the system at which moment of a job. Login and key exchange are one message each way: S2, S6 and S7 happen with
 * the request, S5 and S7' with the response. An enrolment is no step of any embodiment.
 */
const STEPS: Readonly<Record<JobKind, Readonly<Record<Moment, Told>>>> = {
  enrol: { request: [], permitted: [], refused: [], data: [], settled: [], hangUp: [] },
  login: {
    request: [
      ['S2', 'user ID and password go over the line'],
      ['S6', 'session keys are asked for'],
      ['S7', "the terminal's public keys go over the line"],
    ],
    permitted: [
      ['S5', 'the server permits'],
      ["S7'", "the server's public keys came over the line"],
    ],
    refused: [['S4', 'the server refused']],
    data: [],
    settled: [],
    hangUp: [['S10', 'the terminal hangs up']],
  },
  'pay-2': payment('S30', 'S33', 'S32', 'S34', 'S35', 'S36'),
  'pay-3': payment('S64', 'S67', 'S66', 'S68', 'S69', 'S70'),
}

function payment(tag: string, good: string, bad: string, data: string, settled: string, end: string) {
  return {
    request: [[tag, 'the purchase tag goes over the line']],
    permitted: [[good, 'the server accepts the tag']],
    refused: [[bad, 'the server refuses the tag']],
    data: [[data, 'the personal data go over the line']],
    settled: [[settled, 'the purchase is settled, the receipt came over the line']],
    hangUp: [[end, 'the terminal hangs up']],
  } as const
}

/** Per state what may happen; all else is a fault. */
export const ALLOWED: Readonly<Record<LineState, readonly CardEventType[]>> = {
  idle: ['start'],
  preparing: ['ready', 'asks', 'known', 'failed'],
  consenting: ['consented', 'failed'],
  dialling: ['connected', 'failed'],
  connected: ['sending', 'failed'],
  exchanging: ['earlier-answered', 'answered', 'failed'],
  paying: ['received', 'failed'],
  'hanging-up': ['hung-up'],
}

/** An event that the state does not allow: a fault of the program. */
export class CardMachineFault extends Error {
  readonly code = 'CARD_FAULT'
  constructor(state: LineState, event: CardEventType) {
    super(`CARD_FAULT: expected ${ALLOWED[state].join(' or ')} while ${state}, got ${event}; please report it`)
    this.name = 'CardMachineFault'
  }
}

const IDLE: CardState = { name: 'idle' }
const DONE: JobEnd = { type: 'done' }

/** @throws CardMachineFault for an event that the state does not allow */
export function step(state: CardState, event: CardEvent): CardStep {
  switch (state.name) {
    case 'idle':
      if (event.type !== 'start') break
      return { state: { name: 'preparing', job: event.job, attempts: 0 }, effects: [{ type: 'prepare' }] }
    case 'preparing':
      if (event.type === 'ready') return dial(state)
      // Only before the first call: what was allowed once is allowed for all calls of the job.
      if (event.type === 'asks' && state.attempts === 0) {
        return { state: { ...state, name: 'consenting' }, effects: [{ type: 'consent' }] }
      }
      if (event.type === 'known') return over(DONE)
      if (event.type === 'failed') return over(event)
      break
    case 'consenting':
      if (event.type === 'consented') return dial(state)
      if (event.type === 'failed') return over(event)
      break
    case 'dialling':
      if (event.type === 'connected') return { state: { ...state, name: 'connected' }, effects: [{ type: 'request' }] }
      if (event.type === 'failed') return ended(state, event)
      break
    case 'connected':
      if (event.type === 'sending') return send(state, event.earlier)
      if (event.type === 'failed') return hangUp(state, event)
      break
    case 'exchanging':
      if (event.type === 'answered') return answered(state, event.permitted)
      if (event.type === 'earlier-answered') {
        return { state: { ...state, name: 'connected' }, effects: [{ type: 'request' }] }
      }
      if (event.type === 'failed') return hangUp(state, event)
      break
    case 'paying':
      if (event.type === 'received') return hangUp(state, DONE, event.settled ? told(state, 'paying', 'settled') : [])
      if (event.type === 'failed') return hangUp(state, unknownIfPassing(event))
      break
    case 'hanging-up':
      if (event.type === 'hung-up') return ended(state, state.end)
  }
  throw new CardMachineFault(state.name, event.type)
}

type Busy = Exclude<CardState, { readonly name: 'idle' }>

function dial({ job, attempts }: Busy): CardStep {
  return { state: { name: 'dialling', job, attempts: attempts + 1 }, effects: [{ type: 'dial' }] }
}

function send(state: Busy, earlier: boolean): CardStep {
  const seen = earlier ? [] : told(state, 'exchanging', 'request')
  return { state: { ...state, name: 'exchanging' }, effects: [...seen, { type: 'exchange' }] }
}

/** A payment goes on where a login is over. */
function answered(state: Busy, permitted: boolean): CardStep {
  const seen = told(state, 'exchanging', permitted ? 'permitted' : 'refused')
  if (!permitted || !paysWith(state.job)) return hangUp(state, DONE, seen)
  const { job, attempts } = state
  const data = told(state, 'paying', 'data')
  return { state: { name: 'paying', job, attempts }, effects: [...seen, ...data, { type: 'pay' }] }
}

export function paysWith(job: JobKind): boolean {
  return job === 'pay-2' || job === 'pay-3'
}

/** Personal data may be there already: another call by itself could pay twice. */
function unknownIfPassing(end: { readonly code: CardErrorCode }): JobEnd {
  return { type: 'failed', code: PASSING.has(end.code) ? 'LINE_OUTCOME_UNKNOWN' : end.code, again: false }
}

function told({ job }: Busy, at: LineState, when: Moment): readonly CardEffect[] {
  return STEPS[job][when].map(([name, text]) => ({ type: 'step', at, step: name, text }))
}

function hangUp(state: Busy, end: JobEnd, before: readonly CardEffect[] = []): CardStep {
  const { job, attempts } = state
  const kept: JobEnd = end.type === 'done' ? DONE : { type: 'failed', code: end.code, again: end.again }
  const seen = told(state, 'hanging-up', 'hangUp')
  return { state: { name: 'hanging-up', job, attempts, end: kept }, effects: [...before, ...seen, { type: 'hang-up' }] }
}

/** The line is free: that was all, or one more call. */
function ended({ job, attempts }: Busy, end: JobEnd): CardStep {
  if (end.type === 'done' || !end.again || attempts >= ATTEMPTS_MAX) return over(end)
  return { state: { name: 'preparing', job, attempts }, effects: [{ type: 'pause' }] }
}

function over(end: JobEnd): CardStep {
  return {
    state: IDLE,
    effects: [{ type: 'end', end: end.type === 'done' ? DONE : { type: 'failed', code: end.code, again: false } }],
  }
}
