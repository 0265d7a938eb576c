import test from 'ava'
import { decodeTicket, encodeTicket } from '../../../wire/line/ticket.ts'
import { METHODS } from '../../../wire/usb/methods.ts'
import { codeOf, enrolledCard, NOW_SECONDS, TestCard, verdictOf } from './card.ts'
import { FakeLine } from './fake-line.ts'
import { MemoryDisk, PowerCut } from './memory-disk.ts'

test('a ticket makes a card: one call, and both sides can go on', async (t) => {
  const card = new TestCard()
  const outcome = await card.enrol(card.server.ticket('one'))
  if (!outcome.ok) return t.fail(outcome.problem.what)
  t.true(METHODS['card.enrol'].result.safeParse(outcome.result).success)
  t.is(outcome.result.cardId, 'card-one')
  t.is(outcome.result.internet, 'server.example:443')
  t.is(outcome.result.call.attempts, 1)
  t.is(card.line.calls[0]?.hungUp, 1)
  t.is(card.vault.record.enrolling, undefined)
  t.deepEqual(
    card.notes.filter(({ step }) => step !== undefined),
    [],
  )
  t.is(verdictOf(await card.login()), 'permitted')
  return undefined
})

test('the canary of a ticket is remembered, and a later ticket without one forgets it', async (t) => {
  const card = new TestCard()
  const canary = '192.0.2.1:443'
  t.true((await card.enrol(encodeTicket({ ...decodeTicket(card.server.ticket('one')), canary }))).ok)
  t.is(card.vault.record.enrolled?.canary, canary)
  t.is(verdictOf(await card.login()), 'permitted')
  t.is(card.vault.record.enrolled?.canary, canary)
  t.true((await card.enrol(card.server.ticket('two'))).ok)
  t.false('canary' in (card.vault.record.enrolled ?? {}))
})

test('what is no ticket, or one that has expired by the card’s own clock, is refused without a call', async (t) => {
  const card = new TestCard()
  const good = card.server.ticket('one')
  for (const bad of ['nonsense', good.slice(0, -1), `${good}A`, good.replace('keyline:', 'http:'), 'keyline:', ' ']) {
    t.is(codeOf(await card.enrol(bad)), 'TICKET_INVALID', bad)
  }
  const late = card.server.ticket('two', { expiresAtSeconds: NOW_SECONDS })
  t.is(codeOf(await card.enrol(late)), 'TICKET_EXPIRED')
  card.nowSeconds = NOW_SECONDS - 1
  t.is(codeOf(await card.enrol(late)), 'ok')
  t.is(card.line.calls.length, 1)
  t.is(card.jobs.state, 'idle')
})

for (const reason of ['TICKET_USED', 'TICKET_EXPIRED', 'TICKET_REVOKED'] as const) {
  test(`the server says ${reason}: nothing is kept of it, and the old identity stands`, async (t) => {
    const card = await enrolledCard()
    const ticket = card.server.ticket('bad', { verdict: { verdict: 'refused', reason } })
    t.is(codeOf(await card.enrol(ticket)), reason)
    t.is(card.line.calls.length, 1)
    t.is(card.line.calls[0]?.hungUp, 1)
    t.is(card.vault.record.enrolling, undefined)
    t.is(card.vault.record.enrolled?.cardId, 'card-one')
    t.is(verdictOf(await card.login()), 'permitted')
  })
}

test('a second card with the same ticket is refused', async (t) => {
  const first = new TestCard()
  const ticket = first.server.ticket('one')
  t.is(codeOf(await first.enrol(ticket)), 'ok')
  const second = new TestCard(new FakeLine(first.server))
  t.is(codeOf(await second.enrol(ticket)), 'TICKET_USED')
  t.is(verdictOf(await first.login()), 'permitted')
})

test('the same ticket once more after success is a success without a call', async (t) => {
  const card = new TestCard()
  const ticket = card.server.ticket('one')
  await card.enrol(ticket)
  card.nowSeconds = 3_000_000_000
  const again = await card.enrol(ticket)
  t.is(again.ok && again.result.call.attempts, 0)
  t.is(card.line.calls.length, 1)
  t.is(card.server.enrolments, 1)
  t.is(verdictOf(await card.login()), 'permitted')
})

for (const lost of ['request-lost', 'response-lost', 'silent'] as const) {
  test(`${lost}: repeated with the same bytes, in this job and in the next`, async (t) => {
    const card = new TestCard()
    const ticket = card.server.ticket('one')
    card.line.script = [lost, lost, lost]
    t.is(codeOf(await card.enrol(ticket)), lost === 'silent' ? 'LINE_NO_RESPONSE' : 'LINE_LOST')
    t.is(card.vault.record.enrolled, undefined)
    // The server may have answered it before it expired.
    card.nowSeconds = 3_000_000_000
    t.is(codeOf(await card.enrol(ticket)), 'ok')
    const sent = card.line.calls.map(({ requests }) => Buffer.concat(requests).toString('hex'))
    t.is(sent.length, 4)
    t.is(new Set(sent).size, 1)
    t.is(card.server.enrolments, 1)
    t.is(verdictOf(await card.login()), 'permitted')
  })
}

test('another ticket after an unanswered one is another request', async (t) => {
  const card = new TestCard()
  card.line.script = ['silent', 'silent', 'silent']
  await card.enrol(card.server.ticket('one'))
  t.is(codeOf(await card.enrol(card.server.ticket('two'))), 'ok')
  t.is(card.vault.record.enrolled?.cardId, 'card-two')
  t.is(verdictOf(await card.login()), 'permitted')
})

test('garbage instead of a response changes nothing', async (t) => {
  const card = await enrolledCard()
  const ticket = card.server.ticket('two')
  card.line.script = ['garbage']
  t.is(codeOf(await card.enrol(ticket)), 'LINE_TAMPERED')
  t.is(card.vault.record.enrolled?.cardId, 'card-one')
  t.is(codeOf(await card.enrol(ticket)), 'ok')
  t.is(card.vault.record.enrolled?.cardId, 'card-two')
  t.is(verdictOf(await card.login()), 'permitted')
})

test('re-enrolment: what was pending under the old keys goes with them', async (t) => {
  const card = await enrolledCard()
  card.line.script = ['response-lost', 'response-lost', 'response-lost']
  await card.login('a')
  const old = card.vault.record.enrolled
  t.is(codeOf(await card.enrol(card.server.ticket('two'))), 'ok')
  t.true(old?.ratchet.wiped)
  t.true(old?.ownSecret.wiped)
  t.true(old?.pending?.ephemeral.wiped)
  card.line.calls.length = 0
  t.is(verdictOf(await card.login('b')), 'permitted')
  t.is(card.line.calls[0]?.requests.length, 1)
})

test('a ticket without a number that this card can call', async (t) => {
  const card = new TestCard()
  const ticket = card.server.ticket('one', { line: [{ bearer: 'packet', address: '10.0.0.1:7000' }] })
  t.is(codeOf(await card.enrol(ticket)), 'LINE_NO_ADDRESS')
  t.is(card.line.calls.length, 0)
})

for (const before of [false, true]) {
  test(`a power cut at any moment of ${before ? 'a re-enrolment' : 'an enrolment'}: the same ticket works again`, async (t) => {
    let cuts = 0
    for (let step = 1; ; step++) {
      const disk = new MemoryDisk()
      const card = new TestCard(undefined, disk)
      if (before) await card.enrol(card.server.ticket('old'))
      const ticket = card.server.ticket('new')
      disk.steps = 0
      disk.cutAfter = step
      card.line.onRequest = () => {
        if (disk.steps >= step) throw new PowerCut()
      }
      await card.enrol(ticket)
      const all = [...disk.survivors()]
      const every = Math.max(1, Math.floor(all.length / 12))
      for (const survivor of all.filter((_, n) => n % every === 0)) {
        const next = new TestCard(new FakeLine(card.server.clone()), survivor)
        t.is(next.vault.record.enrolled !== undefined || !before, true)
        const outcomes = [codeOf(await next.enrol(ticket)), verdictOf(await next.login())]
        if (outcomes.join() !== 'ok,permitted') t.fail(`step ${step}: ${outcomes}`)
        cuts++
      }
      if (disk.steps < step) break
    }
    t.true(cuts > 30, `${cuts} cuts`)
  })
}
