import test from 'ava'
import { NoiseError } from '../../../keys/noise.ts'
import { Secret } from '../../../keys/secret.ts'
import { keyPair } from '../../../keys/x25519.ts'
import { beginEnrolment, enrolled, firstKey, HOUR_MS, issueTicket } from '../test-card.ts'
import { hex, NUMBER, START, startNode, type World, world } from '../world.ts'

const NOTHING = new Uint8Array(0)

/** @returns the verdict for this call */
async function call(it: Pick<World, 'line'>, enrolment: ReturnType<typeof beginEnrolment>) {
  return enrolment.finish((await it.line.handle(enrolment.message, undefined)) ?? NOTHING).verdict
}

test('a ticket enrols a card once, which can then log in', async (t) => {
  const it = await world(t)
  const card = await enrolled(it)
  t.like((await it.store.cards())[0], { cardId: 'card-1', enrolledAt: START, lockReason: undefined })
  t.like(await it.store.notes('notice', 1), [{ event: 'card.enrolled', subject: 'card-1' }])
  t.is((await card.login(it)).verdict.verdict, 'permitted')
})

test('a lost answer: the same request gets the same bytes, also at another node and after expiry', async (t) => {
  const it = await world(t)
  const other = await startNode(t, it.path, { node: 'other', clock: it.clock })
  const enrolment = beginEnrolment(await issueTicket(it))
  const first = await it.line.handle(enrolment.message, undefined)
  t.is(hex(await other.line.handle(enrolment.message, undefined)), hex(first))
  await it.clock.advance(73 * HOUR_MS)
  t.is(hex(await it.line.handle(enrolment.message, undefined)), hex(first))
  t.is((await it.store.notes('notice', 10)).filter(({ event }) => event === 'card.enrolled').length, 1)
  t.is(enrolment.finish(first ?? NOTHING).verdict.verdict, 'enrolled')
})

test('used by others, expired, revoked: refused with the reason, under the ticket’s secret', async (t) => {
  const it = await world(t)
  const used = await issueTicket(it, 'used')
  t.deepEqual(await call(it, beginEnrolment(used)), { verdict: 'enrolled' })
  t.deepEqual(await call(it, beginEnrolment(used)), { verdict: 'refused', reason: 'TICKET_USED' })
  const expired = await issueTicket(it, 'expired', START)
  t.deepEqual(await call(it, beginEnrolment(expired)), { verdict: 'refused', reason: 'TICKET_EXPIRED' })
  const revoked = await issueTicket(it, 'revoked')
  t.true(await it.store.revokeTicket('revoked', START))
  t.deepEqual(await call(it, beginEnrolment(revoked)), { verdict: 'refused', reason: 'TICKET_REVOKED' })
  t.deepEqual(
    (await it.store.cards()).map(({ cardId }) => cardId),
    ['used'],
  )
  const reasons = it.events.filter(({ event }) => event === 'enrolment.refused').map(({ reason }) => reason)
  t.deepEqual(reasons, ['TICKET_USED', 'TICKET_EXPIRED', 'TICKET_REVOKED'])
})

test('without a ticket, or with one whose secret was erased, there is no answer', async (t) => {
  const it = await world(t)
  const { publicKey } = await it.store.identity()
  const secret = new Secret(new Uint8Array(32))
  const none = beginEnrolment({ cardId: 'nobody', secret, serverPublic: publicKey })
  t.is(await it.line.handle(none.message, undefined), undefined)
  const old = beginEnrolment(await issueTicket(it, 'old', START - HOUR_MS))
  t.is(await it.store.eraseTicketSecrets(START), 1)
  t.is(await it.line.handle(old.message, undefined), undefined)
})

test('who has not the secret can make nothing of the answer, nor of the card', async (t) => {
  const it = await world(t)
  const ticket = await issueTicket(it)
  const thief = beginEnrolment({ ...ticket, secret: new Secret(new Uint8Array(32)) })
  const response = await it.line.handle(thief.message, undefined)
  t.throws(() => thief.finish(response ?? NOTHING), { instanceOf: NoiseError })
})

test('another server’s key, another number, touched bytes: no answer, and the ticket is still good', async (t) => {
  const it = await world(t)
  const ticket = await issueTicket(it)
  const good = beginEnrolment(ticket)
  const bad = [
    beginEnrolment({ ...ticket, serverPublic: keyPair().publicKey }).message,
    beginEnrolment(ticket, '+81300000009').message,
    ...Array.from({ length: good.message.length - 1 }, (_, n) => {
      const touched = Uint8Array.from(good.message)
      touched[n + 1]! ^= 1
      return touched
    }),
  ]
  for (const message of bad) t.is(await it.line.handle(message, undefined), undefined)
  t.deepEqual(await call(it, good), { verdict: 'enrolled' })
})

test('re-enrolment replaces the keys, frees a locked card, ends its sessions, and is in the audit log', async (t) => {
  const it = await world(t)
  const before = await enrolled(it)
  const { id } = firstKey(await before.login(it))
  await it.store.lockCard('card-1', 'reported as lost', START)
  t.is(await it.sessions.findPsk(id), undefined)
  const after = await enrolled(it)
  t.is(await it.line.handle(before.begin().message, undefined), undefined)
  t.is((await after.login(it)).verdict.verdict, 'permitted')
  t.is((await it.store.notes('notice', 1))[0]?.event, 'card.re-enrolled')
})

test('sessions that run end with a re-enrolment', async (t) => {
  const it = await world(t)
  const { id } = firstKey(await (await enrolled(it)).login(it))
  let told = 0
  it.sessions.onChanged(() => told++)
  await enrolled(it)
  t.is(await it.sessions.findPsk(id), undefined)
  t.true(told > 0)
})

test('a recording of an earlier enrolment does not use up the card’s next ticket', async (t) => {
  const it = await world(t)
  const recorded = beginEnrolment(await issueTicket(it))
  await call(it, recorded)
  const late = beginEnrolment(await issueTicket(it, 'card-2', START))
  await call(it, late) // refused: expired
  for (const [cardId, earlier] of [
    ['card-1', recorded],
    ['card-2', late],
  ] as const) {
    const next = await issueTicket(it, cardId)
    t.is(await it.line.handle(earlier.message, undefined), undefined)
    t.deepEqual(await call(it, beginEnrolment(next)), { verdict: 'enrolled' })
  }
})

test('a new ticket replaces the older one for the same card', async (t) => {
  const it = await world(t)
  const older = beginEnrolment(await issueTicket(it))
  const newer = beginEnrolment(await issueTicket(it))
  t.is(await it.line.handle(older.message, undefined), undefined)
  t.deepEqual(await call(it, newer), { verdict: 'enrolled' })
})

test('who knows the server’s key and a card id, but not the ticket, gets no answer and uses nothing up', async (t) => {
  const it = await world(t)
  const ticket = await issueTicket(it)
  const stranger = beginEnrolment({ ...ticket, secret: new Secret(new Uint8Array(32)) })
  t.is(await it.line.handle(stranger.message, undefined), undefined)
  t.deepEqual(await it.store.cards(), [])
  t.deepEqual(await call(it, beginEnrolment(ticket)), { verdict: 'enrolled' })
})

test('two nodes, one ticket, two cards at once: one is enrolled', async (t) => {
  const it = await world(t)
  const other = await startNode(t, it.path, { node: 'other', clock: it.clock })
  const ticket = await issueTicket(it)
  const calls = [beginEnrolment(ticket), beginEnrolment(ticket)] as const
  const verdicts = await Promise.all([call(it, calls[0]), call(other, calls[1])])
  t.deepEqual(verdicts.map(({ verdict }) => verdict).sort(), ['enrolled', 'refused'])
})

test('a node without numbers of its own takes those on the tickets', async (t) => {
  const it = await world(t, { numbers: [] })
  t.deepEqual(await it.store.lineAddresses(), [])
  const ticket = await issueTicket(it)
  t.deepEqual(await it.store.lineAddresses(), [NUMBER])
  t.deepEqual(await call(it, beginEnrolment(ticket)), { verdict: 'enrolled' })
})
