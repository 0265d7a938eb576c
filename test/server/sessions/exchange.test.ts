import test from 'ava'
import { NoiseError } from '../../../keys/noise.ts'
import { Secret } from '../../../keys/secret.ts'
import { keyPair } from '../../../keys/x25519.ts'
import { CLONED } from '../../../server/sessions/exchange.ts'
import { encodeLoginRequest } from '../../../wire/line/login.ts'
import { encodeMessage } from '../../../wire/line/message.ts'
import { enrolled, firstKey } from '../test-card.ts'
import { hex, KEYS_LIFETIME_S, LIFETIME_S, NUMBER, PASSWORD, START, startNode, USER, world } from '../world.ts'

test('S3–S9: permitted, and both ends derive the same session keys', async (t) => {
  const it = await world(t)
  const card = await enrolled(it)
  const { verdict, keys } = await card.login(it, { keys: 3 })
  t.is(verdict.verdict, 'permitted')
  if (verdict.verdict !== 'permitted') return
  t.is(verdict.lifetimeSeconds, LIFETIME_S)
  t.deepEqual(verdict.secretRoutes, ['/pay'])
  t.is(keys.length, 3)
  for (const [index, { id, psk }] of keys.entries()) {
    t.deepEqual(Buffer.from((await it.sessions.findPsk(id)) ?? []), Buffer.from(psk.reveal()))
    const session = await it.sessions.find(id)
    t.like(session, { userId: USER, cardId: 'card-1', index, opened: false, expiresAt: START + KEYS_LIFETIME_S * 1000 })
  }
  t.is(new Set(keys.map(({ id }) => id)).size, 3)
  t.deepEqual(it.steps(), ['S3', 'S5', 'S9', "S7'"])
  t.is(it.argon2.runs, 1)
})

test('the events hold no password, user ID or key', async (t) => {
  const it = await world(t)
  const card = await enrolled(it)
  const { keys } = await card.login(it)
  await card.login(it, { password: 'wrong password' })
  const text = JSON.stringify(it.events)
  for (const secret of [PASSWORD, 'wrong password', USER, ...keys.map(({ id }) => id)]) t.false(text.includes(secret))
})

test('S4: a wrong password is refused with its reason, makes no session and moves the ratchet', async (t) => {
  const it = await world(t)
  const card = await enrolled(it)
  const { verdict, keys } = await card.login(it, { password: 'wrong' })
  t.deepEqual(verdict, { verdict: 'refused', reason: 'LOGIN_REFUSED', retryAfterSeconds: 0 })
  t.deepEqual(keys, [])
  t.deepEqual(it.steps(), ['S3', 'S4'])
  t.is((await card.login(it)).verdict.verdict, 'permitted')
})

test('ten logins in a row, each under a new pseudonym', async (t) => {
  const it = await world(t)
  const card = await enrolled(it)
  const hints = new Set<string>()
  for (let n = 0; n < 10; n++) {
    const login = card.begin()
    hints.add(Buffer.from(login.message.subarray(1, 9)).toString('hex'))
    const response = await it.line.handle(login.message, undefined)
    t.is(card.accept(login, response ?? new Uint8Array(0)).verdict.verdict, 'permitted')
  }
  t.is(hints.size, 10)
})

test('an unknown hint gets no answer, and costs no password check', async (t) => {
  const it = await world(t)
  const message = (await enrolled(it)).begin().message
  message[3]! ^= 1 // within the hint
  t.is(await it.line.handle(message, undefined), undefined)
  t.is(it.argon2.runs, 0)
})

test('a lost answer: the same request gets the same bytes, at every node, and nothing is done twice', async (t) => {
  const it = await world(t)
  const other = await startNode(t, it.path, { node: 'other', clock: it.clock })
  const card = await enrolled(it)
  const login = card.begin()
  const first = await it.line.handle(login.message, undefined)
  for (const node of [it, other, it]) t.is(hex(await node.line.handle(login.message, undefined)), hex(first))
  t.is(it.argon2.runs + other.argon2.runs, 1)
  const { keys } = card.accept(login, first ?? new Uint8Array(0))
  t.truthy(await other.sessions.findPsk(firstKey({ keys }).id))
  t.is((await it.store.group((await it.sessions.find(firstKey({ keys }).id))?.groupId ?? '', START)).length, 1)
})

test('a lost refusal is repeated too, and counts once', async (t) => {
  const it = await world(t)
  const card = await enrolled(it)
  const login = card.begin({ password: 'wrong' })
  const first = await it.line.handle(login.message, undefined)
  t.is(hex(await it.line.handle(login.message, undefined)), hex(first))
  t.is((await it.accounts.list())[0]?.failures, 1)
})

test('the answer is kept only until the next ratchet is used', async (t) => {
  const it = await world(t)
  const card = await enrolled(it)
  const old = card.begin()
  card.accept(old, (await it.line.handle(old.message, undefined)) ?? new Uint8Array(0))
  await card.login(it)
  t.is(await it.line.handle(old.message, undefined), undefined)
})

test('two continuations of one ratchet: the card is locked, its sessions end, an alarm is raised', async (t) => {
  const it = await world(t)
  const card = await enrolled(it)
  const clone = card.clone()
  const { keys } = await card.login(it)
  t.is(it.events.filter(({ alarm }) => alarm).length, 0)
  const second = clone.begin()
  const response = await it.line.handle(second.message, undefined)
  t.like(second.finish(response ?? new Uint8Array(0)).verdict, { verdict: 'refused', reason: 'CARD_LOCKED' })
  t.is(await it.sessions.findPsk(firstKey({ keys }).id), undefined)
  t.like((await it.store.cards())[0], { cardId: 'card-1', lockReason: CLONED })
  t.like(await it.store.notes('alarm', 10), [{ event: 'card.locked', subject: 'card-1', detail: CLONED, at: START }])
  t.is(it.events.filter(({ event, alarm }) => event === 'card.cloned' && alarm).length, 1)
  t.is(it.argon2.runs, 1)
})

test('a locked card: whoever holds its ratchet is told so, and no password is looked at', async (t) => {
  const it = await world(t)
  const card = await enrolled(it)
  await it.store.lockCard('card-1', 'reported as lost', START)
  for (let n = 0; n < 2; n++) {
    t.deepEqual((await card.login(it)).verdict, {
      verdict: 'refused',
      reason: 'CARD_LOCKED',
      retryAfterSeconds: 0,
    })
  }
  t.is(it.argon2.runs, 0)
  await it.store.unlockCard('card-1', START)
  t.is((await card.login(it)).verdict.verdict, 'permitted')
})

test('forged bytes under a hint that was seen on the line get no answer and lock nothing', async (t) => {
  const it = await world(t)
  const card = await enrolled(it)
  const login = card.begin()
  const answer = await it.line.handle(login.message, undefined)
  // Previous ratchet: every byte after the hint changed, one at a time; also a cut and a longer one.
  for (let n = 9; n < login.message.length; n += 7) {
    const forged = Uint8Array.from(login.message)
    forged[n]! ^= 0x80
    t.is(await it.line.handle(forged, undefined), undefined)
  }
  t.is(await it.line.handle(login.message.subarray(0, -1), undefined), undefined)
  t.is(await it.line.handle(Buffer.concat([login.message, Uint8Array.of(0)]), undefined), undefined)
  t.is((await it.store.cards())[0]?.lockReason, undefined)
  t.deepEqual(await it.store.notes('alarm', 10), [])
  card.accept(login, answer ?? new Uint8Array(0))
  // Current ratchet: the hint alone, with bytes of the call before.
  const next = card.begin()
  const mixed = Buffer.concat([next.message.subarray(0, 9), login.message.subarray(9)])
  t.is(await it.line.handle(mixed, undefined), undefined)
  t.truthy(card.accept(next, (await it.line.handle(next.message, undefined)) ?? new Uint8Array(0)))
})

test('another called number does not authenticate; each of the server’s own does', async (t) => {
  const it = await world(t, { numbers: ['+81300000001', '+81300000002'] })
  const far = await startNode(t, it.path, { numbers: [], clock: it.clock })
  const card = await enrolled(far) // its ticket names NUMBER, which both know from the store
  for (const node of [far, it]) t.is((await card.login(node)).verdict.verdict, 'permitted')
  card.identity = { ...card.identity, calledAddress: '+81300000002' }
  t.is((await card.login(it)).verdict.verdict, 'permitted')
  t.is(await far.line.handle(card.begin().message, undefined), undefined)
  card.identity = { ...card.identity, calledAddress: '+81300000003' }
  t.is(await it.line.handle(card.begin().message, undefined), undefined)
})

test('its own numbers are tried first, then the latest of the tickets, eight in all', async (t) => {
  const it = await world(t, { numbers: ['+81300000001'] })
  const card = await enrolled(it)
  const reaches = async (calledAddress: string): Promise<boolean> => {
    card.identity = { ...card.identity, calledAddress }
    return (await it.line.handle(card.begin().message, undefined)) !== undefined
  }
  t.true(await reaches(NUMBER))
  const later = Array.from({ length: 7 }, (_, n) => `iot.example/10.0.0.${n}:7000`)
  const [secret, ticketId, cardId] = [new Secret(new Uint8Array(32)), new Uint8Array(16), 'card-2']
  await it.store.issueTicket({ cardId, ticketId, secret, issuedAt: 1, expiresAt: 2, addresses: later })
  t.false(await reaches(NUMBER))
  t.true(await reaches('iot.example/10.0.0.0:7000'))
})

test('a card that authenticates always gets an answer, or it could only repeat its request for ever', async (t) => {
  const it = await world(t)
  const card = await enrolled(it)
  const lowOrder = encodeLoginRequest({ userId: USER, password: PASSWORD, terminalKeys: [new Uint8Array(32)] })
  for (const payload of [lowOrder, Buffer.from('ff', 'hex'), new Uint8Array(0), Buffer.from('8401', 'hex')]) {
    const { verdict } = await card.login(it, { payload })
    t.deepEqual(verdict, { verdict: 'refused', reason: 'LOGIN_REFUSED', retryAfterSeconds: 0 })
  }
  t.is(it.argon2.runs, 0)
  t.is((await card.login(it)).verdict.verdict, 'permitted')
})

test('an answer that anyone touched on its way does not open', async (t) => {
  const it = await world(t)
  const card = await enrolled(it)
  const login = card.begin()
  const answer = Uint8Array.from((await it.line.handle(login.message, undefined)) ?? [])
  answer[answer.length - 1]! ^= 1
  t.throws(() => login.finish(answer), { instanceOf: NoiseError })
})

test('the user was removed while his password was hashed: nothing is permitted', async (t) => {
  const it = await world(t, {
    wrap: (store) => ({
      ...store,
      commitExchange: async (commit) => {
        await store.removeAccount(USER)
        return store.commitExchange(commit)
      },
    }),
  })
  const card = await enrolled(it)
  const { verdict } = await card.login(it)
  t.like(verdict, { verdict: 'refused', reason: 'LOGIN_REFUSED' })
})

test('two nodes get the same request at once: one answer, one session', async (t) => {
  const it = await world(t)
  const other = await startNode(t, it.path, { node: 'other', clock: it.clock })
  const card = await enrolled(it)
  const login = card.begin()
  const answers = await Promise.all([it, other, it, other].map(({ line }) => line.handle(login.message, undefined)))
  for (const answer of answers) t.is(hex(answer), hex(answers[0]))
  const { keys } = card.accept(login, answers[0] ?? new Uint8Array(0))
  const session = await it.sessions.find(firstKey({ keys }).id)
  t.is((await it.store.group(session?.groupId ?? '', START)).length, 1)
  t.is((await it.store.cards())[0]?.lockReason, undefined)
})

test('two nodes get two continuations at once: one is permitted at most, and the card is locked', async (t) => {
  const it = await world(t)
  const other = await startNode(t, it.path, { node: 'other', clock: it.clock })
  const card = await enrolled(it)
  const calls = [card.begin(), card.clone().begin()] as const
  const answers = await Promise.all([
    it.line.handle(calls[0].message, undefined),
    other.line.handle(calls[1].message, undefined),
  ])
  const verdicts = calls.map((call, n) => call.finish(answers[n] ?? new Uint8Array(0)).verdict.verdict)
  t.deepEqual(verdicts.sort(), ['permitted', 'refused'])
  t.is((await it.store.cards())[0]?.lockReason, CLONED)
})

test('a store that fails gives no answer, an event, and no rejection', async (t) => {
  const it = await world(t, {
    wrap: (store) => ({ ...store, cardByHint: () => Promise.reject(new Error('disk gone')) }),
  })
  const card = await enrolled(it)
  t.is(await it.line.handle(card.begin().message, undefined), undefined)
  t.like(it.events.at(-1), { event: 'line.fault', code: 'UNEXPECTED', path: 'line' })
})

test('messages of the channel, unknown kinds and garbage: no answer and never a rejection', async (t) => {
  const it = await world(t)
  await enrolled(it)
  const { message } = (await enrolled(it, 'card-2')).begin()
  const garbage = [
    new Uint8Array(0),
    Uint8Array.of(1),
    Uint8Array.of(0, 1, 2),
    Uint8Array.of(255, 1),
    encodeMessage('channel', message.subarray(1)),
    encodeMessage('enrolment', message.subarray(1)),
    encodeMessage('exchange', keyPair().publicKey.subarray(0, 7)),
    encodeMessage('exchange', new Uint8Array(16_000)),
    encodeMessage('enrolment', new Uint8Array(16_000)),
  ]
  for (const bytes of garbage) t.is(await it.line.handle(bytes, '+81900000000'), undefined)
  for (let n = 0; n < message.length; n++) t.is(await it.line.handle(message.subarray(0, n), undefined), undefined)
  t.is(it.events.filter(({ event }) => event === 'line.fault').length, 0)
})
