import test from 'ava'
import { Call, type Subscriber } from '../../sim/call.ts'
import { chanceOf } from '../../sim/chance.ts'
import { HEALTHY } from '../../sim/wire.ts'
import { FakeClock } from '../fake-clock.ts'

/** A subscriber that only notes what happens to it. */
function subscriber(number: string) {
  const notes: string[] = []
  const state = { room: 4096 }
  const self: Subscriber = {
    number,
    speed: { rate: 9600, latencyMs: 0 },
    availability: () => 'free',
    ring: (leg) => notes.push(`ring ${leg.number}`),
    ringEnded: () => notes.push('ring ended'),
    connected: (rate) => notes.push(`connected ${rate}`),
    failed: (outcome, cause) => notes.push(`${outcome}: ${cause}`),
    carrierLost: (cause) => notes.push(`carrier lost: ${cause}`),
    room: () => state.room,
    deliver: (bytes) => notes.push(Buffer.from(bytes).toString()),
  }
  return { self, notes, state }
}

function call() {
  const clock = new FakeClock()
  const reports: string[] = []
  const [from, to] = [subscriber('+1'), subscriber('+2')]
  const made = new Call(1, from.self, '+2', {
    clock,
    chance: (name) => chanceOf(1, name),
    impairment: () => HEALTHY,
    tap: () => {},
    report: (_, { state, reason }) => reports.push(reason === undefined ? state : `${state} ${reason}`),
  })
  return { clock, reports, from, to, call: made }
}

test('ringing, answered, hung up by the called one', async (t) => {
  const { clock, reports, from, to, call: made } = call()
  made.ring(to.self)
  made.ring(to.self)
  made.calledLeg.answer()
  made.callerLeg.write(Buffer.from('x'))
  await clock.advance(100)
  made.calledLeg.hangUp()
  t.deepEqual(to.notes, ['ring +1', 'ring +1', 'connected 9600', 'x'])
  t.deepEqual(from.notes, ['connected 9600', 'carrier lost: called-hung-up'])
  t.deepEqual(reports, ['ringing', 'connected', 'ended called-hung-up'])
  t.is(clock.waiting, 0)
})

test('after the end nothing does anything', async (t) => {
  const { clock, reports, from, to, call: made } = call()
  made.ring(to.self)
  made.calledLeg.answer()
  made.cut('cut')
  const notes = [...from.notes, ...to.notes]
  made.cut('cut')
  made.calledLeg.answer()
  made.callerLeg.hangUp()
  made.calledLeg.vanish()
  made.callerLeg.write(Buffer.from('x'))
  made.setSpeed({ rate: 2400, latencyMs: 1 })
  made.cutAfter(0, 'both')
  await clock.advance(60_000)
  t.deepEqual([...from.notes, ...to.notes], notes)
  t.deepEqual(reports, ['ringing', 'connected', 'ended cut'])
})

test('before an answer there is no line: writing, cutting and answering do nothing', (t) => {
  const { reports, from, to, call: made } = call()
  made.calledLeg.answer()
  made.cut('cut')
  made.callerLeg.write(Buffer.from('x'))
  t.is(made.callerLeg.room(), 0)
  made.ring(to.self)
  made.callerLeg.write(Buffer.from('x'))
  made.callerLeg.hangUp()
  t.deepEqual(reports, ['ringing', 'ended given-up'])
  t.deepEqual(to.notes, ['ring +1', 'ring ended'])
  t.deepEqual(from.notes, [])
})

test('who hung up hears no more, and the other one gets the rest first', async (t) => {
  const { clock, from, to, call: made } = call()
  made.ring(to.self)
  made.calledLeg.answer()
  made.callerLeg.write(Buffer.from('rest'))
  made.calledLeg.write(Buffer.from('too late'))
  made.callerLeg.hangUp()
  await clock.advance(1000)
  t.is(to.notes.slice(2, -1).join(''), 'rest')
  t.is(to.notes.at(-1), 'carrier lost: caller-hung-up')
  t.deepEqual(from.notes, ['connected 9600'])
})

test('the rest waits 20 s for a receiver that takes nothing, and no longer', async (t) => {
  const { clock, reports, to, call: made } = call()
  made.ring(to.self)
  made.calledLeg.answer()
  to.state.room = 0
  made.callerLeg.write(Buffer.from('rest'))
  made.callerLeg.hangUp()
  await clock.advance(19_999)
  t.is(made.state, 'leaving')
  await clock.advance(1)
  t.is(to.notes.at(-1), 'carrier lost: caller-hung-up')
  t.is(reports.at(-1), 'ended caller-hung-up')
  t.is(clock.waiting, 0)
})

test('both hang up: it ends once, and nobody loses a carrier', async (t) => {
  const { clock, reports, from, to, call: made } = call()
  made.ring(to.self)
  made.calledLeg.answer()
  made.callerLeg.write(Buffer.from('rest'))
  made.callerLeg.hangUp()
  made.calledLeg.hangUp()
  made.callerLeg.hangUp()
  await clock.advance(60_000)
  t.deepEqual(reports.slice(2), ['ended called-hung-up'])
  t.false([...from.notes, ...to.notes].some((note) => note.startsWith('carrier')))
})

test('a modem that vanishes takes the call with it at once', (t) => {
  const { reports, from, to, call: made } = call()
  made.ring(to.self)
  made.calledLeg.answer()
  made.callerLeg.write(Buffer.from('rest'))
  made.callerLeg.vanish()
  t.is(reports.at(-1), 'ended unplugged')
  t.is(to.notes.at(-1), 'carrier lost: unplugged')
  t.is(from.notes.at(-1), 'carrier lost: unplugged')
})
