import test from 'ava'
import { seeded } from '../../random.ts'
import { beginEnrolment, enrolled, issueTicket } from '../test-card.ts'
import { hex, world } from '../world.ts'

const SEED = 271_828
const ROUNDS = 300

/** One of the ways in which bytes get wrong. */
function mutate(bytes: Uint8Array, below: (bound: number) => number): Uint8Array {
  const at = below(bytes.length)
  const copy = Uint8Array.from(bytes)
  switch (below(6)) {
    case 0:
      copy[at] = (copy[at] ?? 0) ^ (1 << below(8))
      return copy
    case 1:
      return copy.subarray(0, at)
    case 2:
      return Buffer.concat([copy, copy.subarray(0, 1 + below(40))])
    case 3:
      return Buffer.concat([copy.subarray(0, at), copy.subarray(Math.min(at + 1 + below(8), copy.length))])
    case 4:
      return copy.fill(below(256), at, at + 1 + below(16))
    default:
      return Uint8Array.from({ length: below(400) }, () => below(256))
  }
}

test(`seed ${SEED}: mutated logins get no answer and change nothing`, async (t) => {
  const it = await world(t)
  const card = await enrolled(it)
  const login = card.begin()
  const below = seeded(SEED)
  const before = hex((await it.store.cardByHint(login.message.subarray(1, 9)))?.card.currentRatchet.reveal())
  for (let n = 0; n < ROUNDS; n++) {
    const mutant = mutate(login.message, below)
    if (hex(mutant) === hex(login.message)) continue
    t.is(await it.line.handle(mutant, undefined), undefined, `round ${n}: ${hex(mutant)}`)
  }
  const after = await it.store.cardByHint(login.message.subarray(1, 9))
  t.is(after?.uses, 'current')
  t.is(hex(after?.card.currentRatchet.reveal()), before)
  t.is(it.argon2.runs, 0)
  t.deepEqual(
    it.events.filter(({ event }) => event === 'line.fault'),
    [],
  )
  const answer = await it.line.handle(login.message, undefined)
  t.is(card.accept(login, answer ?? new Uint8Array(0)).verdict.verdict, 'permitted')
})

test(`seed ${SEED}: mutated enrolments get no answer and use no ticket up`, async (t) => {
  const it = await world(t)
  const call = beginEnrolment(await issueTicket(it))
  const below = seeded(SEED)
  for (let n = 0; n < ROUNDS; n++) {
    const mutant = mutate(call.message, below)
    if (hex(mutant) === hex(call.message)) continue
    t.is(await it.line.handle(mutant, undefined), undefined, `round ${n}: ${hex(mutant)}`)
  }
  t.is((await it.store.ticket('card-1'))?.state, 'open')
  const answer = await it.line.handle(call.message, undefined)
  t.is(call.finish(answer ?? new Uint8Array(0)).verdict.verdict, 'enrolled')
})

test('the request is copied: what its buffer is used for afterwards does not matter', async (t) => {
  const it = await world(t)
  const card = await enrolled(it)
  const login = card.begin()
  const buffer = Uint8Array.from(login.message)
  const answer = it.line.handle(buffer, undefined)
  buffer.fill(0)
  t.is(card.accept(login, (await answer) ?? new Uint8Array(0)).verdict.verdict, 'permitted')
  t.truthy(await it.line.handle(login.message, undefined)) // its hash was of the request, not of zeros
})
