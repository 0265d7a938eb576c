import test from 'ava'
import { METHODS } from '../../../wire/usb/methods.ts'
import { codeOf, enrolledCard, TestCard, verdictOf } from './card.ts'
import { FakeLine } from './fake-line.ts'
import { bytes, NUMBER } from './fixture.ts'
import { MemoryDisk, PowerCut } from './memory-disk.ts'

test('S2–S10: one call, one request, one response, and the line is hung up', async (t) => {
  const card = await enrolledCard()
  const before = card.vault.record.enrolled?.ratchet
  const outcome = await card.login()
  t.true(outcome.ok)
  if (!outcome.ok || outcome.result.verdict !== 'permitted') return t.fail()
  t.true(METHODS['line.login'].result.safeParse(outcome.result).success)
  t.is(outcome.result.lifetimeSeconds, 3600)
  t.deepEqual(outcome.result.secretRoutes, ['/pay'])
  t.is(outcome.result.internet, 'server.example:443')
  t.is(outcome.result.call.attempts, 1)
  t.is(outcome.result.call.messagesUp, 1)
  t.is(card.line.calls.length, 1)
  t.is(card.line.calls[0]?.address, NUMBER)
  t.is(card.line.calls[0]?.requests.length, 1)
  t.is(card.line.calls[0]?.hungUp, 1)
  t.is(card.vault.record.enrolled?.pending, undefined)
  t.true(before?.wiped)
  t.false(card.vault.record.enrolled?.ratchet.wiped)
  t.is(card.jobs.state, 'idle')
  t.is(card.clock.waiting, 0)
  t.deepEqual(card.ends.at(-1), undefined)
  return undefined
})

test('states and steps are told in their order', async (t) => {
  const card = await enrolledCard()
  await card.login()
  t.deepEqual(
    card.notes.map(({ state, step }) => `${state} ${step ?? ''}`.trim()),
    [
      'preparing',
      'dialling',
      'connected',
      'exchanging',
      'exchanging S2',
      'exchanging S6',
      'exchanging S7',
      'exchanging S5',
      "exchanging S7'",
      'hanging-up',
      'hanging-up S10',
      'idle',
    ],
  )
})

test('S4: a wrong password ends here, as a result that the user may see', async (t) => {
  const card = await enrolledCard()
  const outcome = await card.login('a', { password: 'wrong' })
  t.deepEqual(outcome.ok && outcome.result.verdict === 'refused' && outcome.result.reason, 'LOGIN_REFUSED')
  t.true(card.notes.some(({ step }) => step === 'S4'))
  t.false(card.notes.some(({ step }) => step === 'S5'))
  t.is(verdictOf(await card.login('b')), 'permitted')
})

test('many logins, each under a new hint', async (t) => {
  const card = await enrolledCard()
  for (let n = 0; n < 5; n++) t.is(verdictOf(await card.login(`${n}`)), 'permitted')
  const hints = card.line.calls.map(({ requests }) => requests[0]?.subarray(1, 9).toString('hex'))
  t.is(new Set(hints).size, 5)
  t.false(card.server.locked)
})

for (const lost of ['request-lost', 'response-lost', 'silent'] as const) {
  test(`${lost}: the same job dials again and repeats the same bytes`, async (t) => {
    const card = await enrolledCard()
    card.line.script = [lost, lost]
    const outcome = await card.login()
    t.is(verdictOf(outcome), 'permitted')
    t.is(outcome.ok && outcome.result.call.attempts, 3)
    const sent = card.line.calls.map(({ requests }) => Buffer.concat(requests).toString('hex'))
    t.is(sent.length, 3)
    t.is(new Set(sent).size, 1)
    t.is(card.server.exchanges, 1)
    t.deepEqual(
      card.line.calls.map(({ hungUp }) => hungUp),
      [1, 1, 1],
    )
    t.is(verdictOf(await card.login('b')), 'permitted')
  })

  test(`${lost} three times: the job fails, and the next one first settles its call`, async (t) => {
    const card = await enrolledCard()
    card.line.script = [lost, lost, lost]
    t.is(codeOf(await card.login('a')), lost === 'silent' ? 'LINE_NO_RESPONSE' : 'LINE_LOST')
    t.is(card.line.calls.length, 3)
    t.truthy(card.vault.record.enrolled?.pending)
    const first = card.line.calls[0]?.requests[0]
    card.line.calls.length = 0
    card.notes.length = 0
    const outcome = await card.login('b')
    t.is(verdictOf(outcome), 'permitted')
    t.is(card.line.calls.length, 1)
    t.deepEqual(card.line.calls[0]?.requests[0], first)
    t.is(card.line.calls[0]?.requests.length, 2)
    t.is(card.notes.filter(({ step }) => step === 'S2').length, 1)
    t.is(card.server.exchanges, 2)
    t.false(card.server.locked)
    t.is(card.vault.record.enrolled?.pending, undefined)
  })
}

test('the very same login after a failed one gets the answer of the first', async (t) => {
  const card = await enrolledCard()
  card.line.script = ['response-lost', 'response-lost', 'response-lost']
  t.is(codeOf(await card.login('a')), 'LINE_LOST')
  card.line.calls.length = 0
  t.is(verdictOf(await card.login('a')), 'permitted')
  t.is(card.line.calls[0]?.requests.length, 1)
  t.is(card.server.exchanges, 1)
})

test('the same keys with another password are another login', async (t) => {
  const card = await enrolledCard()
  card.line.script = ['response-lost', 'response-lost', 'response-lost']
  t.is(codeOf(await card.login('a', { password: 'wrong' })), 'LINE_LOST')
  t.is(verdictOf(await card.login('a')), 'permitted')
  t.is(card.server.exchanges, 2)
})

test('a response that is not the server’s is refused at once, and changes nothing', async (t) => {
  const card = await enrolledCard()
  card.line.script = ['garbage']
  t.is(codeOf(await card.login('a')), 'LINE_TAMPERED')
  t.is(card.line.calls.length, 1)
  t.is(card.line.calls[0]?.hungUp, 1)
  t.truthy(card.vault.record.enrolled?.pending)
  t.is(verdictOf(await card.login('b')), 'permitted')
  t.false(card.server.locked)
})

test('an authentic response of another version, or with too few keys, does not leave the ratchet behind', async (t) => {
  const card = await enrolledCard()
  card.server.payload = bytes('what is this')
  t.is(codeOf(await card.login('a')), 'LINE_FORMAT')
  card.server.payload = undefined
  card.server.answer = () => ({
    verdict: 'permitted',
    serverKeys: [bytes('1'), bytes('2')],
    lifetimeSeconds: 1,
    secretRoutes: [],
  })
  t.is(codeOf(await card.login('b')), 'LINE_FORMAT')
  card.server.answer = () => ({ verdict: 'refused', reason: 'SERVER_BUSY', retryAfterSeconds: 1 })
  t.is(verdictOf(await card.login('c')), 'SERVER_BUSY')
})

test('a card without an enrolment calls nobody', async (t) => {
  const card = new TestCard()
  t.is(codeOf(await card.login()), 'CARD_NOT_ENROLLED')
  t.is(card.line.calls.length, 0)
})

test('several numbers: after one that fails, the next one; what is pending goes to any of them', async (t) => {
  const card = new TestCard()
  const line = [
    { bearer: 'packet', address: '10.0.0.1:7000' },
    { bearer: 'call', address: '111' },
    { bearer: 'call', address: '222' },
  ] as const
  await card.enrol(card.server.ticket('two', { line }))
  card.line.calls.length = 0
  card.line.script = ['busy', 'response-lost']
  t.is(verdictOf(await card.login()), 'permitted')
  t.deepEqual(
    card.line.calls.map(({ address }) => address),
    ['111', '222', '111'],
  )
})

test('the password is nowhere on the disk, in no state and in no error', async (t) => {
  const disk = new MemoryDisk()
  const seen: Buffer[] = []
  const watched = Object.assign(Object.create(disk), {
    write: (name: string, it: Uint8Array) => {
      seen.push(Buffer.from(it))
      disk.write(name, it)
    },
  }) as MemoryDisk // only one method is another
  const card = await enrolledCard('one', bind(watched, disk))
  card.line.script = ['response-lost', 'garbage']
  const password = 'kJ2-very-unlikely'
  const outcome = await card.login('a', { password })
  t.is(codeOf(outcome), 'LINE_TAMPERED')
  t.true(seen.length > 2)
  for (const it of seen) t.false(it.includes(password))
  t.false(JSON.stringify([card.notes, card.ends, outcome]).includes(password))
})

function bind(watched: MemoryDisk, disk: MemoryDisk): MemoryDisk {
  for (const name of ['read', 'sync', 'rename', 'remove', 'syncFolder', 'hold'] as const) {
    Object.assign(watched, { [name]: disk[name].bind(disk) })
  }
  return watched
}

for (const script of ['answered', 'response-lost'] as const) {
  test(`a power cut at any moment of a login (${script}): the next one works, never a second continuation`, async (t) => {
    let cuts = 0
    for (let step = 1; ; step++) {
      const disk = new MemoryDisk()
      const card = await enrolledCard('one', disk)
      await card.login('before')
      disk.steps = 0
      disk.cutAfter = step
      // What a program without power would do is not done.
      card.line.onRequest = () => {
        if (disk.steps >= step) throw new PowerCut()
      }
      card.line.script = [script, script]
      await card.login('cut')
      for (const survivor of sample([...disk.survivors()])) {
        const server = card.server.clone()
        const next = new TestCard(new FakeLine(server), survivor)
        const verdict = verdictOf(await next.login('next'))
        if (verdict !== 'permitted' || server.locked) t.fail(`step ${step}: ${verdict}`)
        cuts++
      }
      if (disk.steps < step) break
    }
    t.true(cuts > 50, `${cuts} cuts`)
  })
}

/** Not each byte again: the vault's own test does that. */
function sample<T>(all: readonly T[]): readonly T[] {
  const every = Math.max(1, Math.floor(all.length / 12))
  return all.filter((_, n) => n % every === 0)
}
