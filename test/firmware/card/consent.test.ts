import test from 'ava'
import {
  CONSENT_WAIT_MS,
  type ConsentAnswer,
  type ConsentPolicy,
  type ConsentWish,
} from '../../../firmware/card/consent.ts'
import { decodeLoginRequest } from '../../../wire/line/login.ts'
import { decodePurchaseOpening } from '../../../wire/line/purchase.ts'
import { codeOf, enrolledCard, loginParams } from './card.ts'

const ALWAYS: ConsentPolicy = { login: 'always', enrol: 'always', pay: 'always' }
const FIRST: ConsentPolicy = { login: 'first', enrol: 'first', pay: 'first' }

/** An enrolled card whose user is asked, and answers as the test says. */
async function askedCard(policy: ConsentPolicy) {
  const card = await enrolledCard()
  const wishes: ConsentWish[] = []
  let answer: ConsentAnswer | undefined
  card.asks = policy
  card.asker = async (wish) => {
    wishes.push(wish)
    return answer ?? (await new Promise<never>(() => {}))
  }
  const given: (number | undefined)[] = []
  card.server.seen = (payload) => {
    const decode = payload[1] === 1 ? decodeLoginRequest : decodePurchaseOpening
    given.push(decode(payload).consent)
  }
  return {
    card,
    wishes,
    given,
    calls: () => card.line.calls.length,
    answer: (it: ConsentAnswer | undefined) => {
      answer = it
    },
  }
}

for (const [answer, code] of [
  ['refused', 'LINE_CONSENT_REFUSED'],
  ['data-refused', 'LINE_CONSENT_REFUSED'],
  ['stuck', 'BUTTON_STUCK'],
  [undefined, 'LINE_CONSENT_TIMEOUT'],
] as const) {
  test(`nothing leaves the card without consent: ${code}, ${answer ?? 'no answer'}`, async (t) => {
    const it = await askedCard(ALWAYS)
    it.answer(answer)
    t.is(codeOf(await it.card.login()), code)
    t.is(codeOf(await it.card.pay()), code)
    t.deepEqual([it.calls(), it.given], [0, []])
    t.is(it.card.vault.record.enrolled?.pending, undefined)
    t.deepEqual(it.wishes, ['call', 'data'])
    t.is(it.card.clock.waiting, 0)
    t.is(it.card.jobs.state, 'idle')
    it.answer('granted')
    t.true((await it.card.login()).ok)
    t.deepEqual([it.calls(), it.given], [1, [2]])
  })
}

test('the wait is bounded, told with what to do, and over in the moment in which the PC cancels', async (t) => {
  const it = await askedCard(ALWAYS)
  const job = it.card.jobs.login(loginParams('a'))
  await it.card.clock.advance(CONSENT_WAIT_MS - 1)
  t.is(it.card.jobs.state, 'consenting')
  t.regex(it.card.notes.at(-1)?.text ?? '', /hold the button for one second/)
  t.true(it.card.jobs.cancel())
  t.is(codeOf(await it.card.end(job)), 'LINE_CANCELLED')
  const late = it.card.jobs.login(loginParams('b'))
  await it.card.clock.advance(CONSENT_WAIT_MS)
  t.is(codeOf(await late), 'LINE_CONSENT_TIMEOUT')
  t.is(it.calls(), 0)
  t.is(it.card.clock.waiting, 0)
})

test('first: one press for the logins of a session, and each payment is asked', async (t) => {
  const it = await askedCard(FIRST)
  it.answer('granted')
  t.true((await it.card.login('a')).ok)
  it.answer('refused')
  t.true((await it.card.login('b')).ok)
  t.deepEqual([it.wishes, it.given], [['call'], [2, 1]])
  t.is(codeOf(await it.card.pay('c')), 'LINE_CONSENT_REFUSED')
  it.card.consent.forget()
  t.is(codeOf(await it.card.login('d')), 'LINE_CONSENT_REFUSED')
  it.answer('granted')
  t.true((await it.card.login('e')).ok)
  // As long as the server said that a session lasts.
  await it.card.clock.advance(3_600_000)
  it.answer('refused')
  t.is(codeOf(await it.card.login('f')), 'LINE_CONSENT_REFUSED')
})

test('a login that was refused begins no session', async (t) => {
  const it = await askedCard(FIRST)
  it.answer('granted')
  const refused = await it.card.login('a', { password: 'wrong' })
  t.is(refused.ok && refused.result.verdict, 'refused')
  it.answer('refused')
  t.is(codeOf(await it.card.login('b')), 'LINE_CONSENT_REFUSED')
})

test('asked once for all calls of a job', async (t) => {
  const it = await askedCard(ALWAYS)
  it.answer('granted')
  it.card.line.script = ['busy', 'busy']
  t.true((await it.card.login()).ok)
  t.deepEqual([it.wishes, it.calls()], [['call'], 3])
})

test('a request that had no answer is known again though its consent is another one', async (t) => {
  const it = await askedCard(FIRST)
  it.answer('granted')
  t.true((await it.card.login('a')).ok)
  it.card.line.script = ['response-lost', 'response-lost', 'response-lost']
  t.false((await it.card.login('b')).ok)
  t.not(it.card.vault.record.enrolled?.pending, undefined)
  const seen = it.given.length
  it.card.consent.forget()
  // Sealed with an earlier consent, and repeated byte by byte after a press: it is the same login, and its answer serves.
  t.true((await it.card.login('b')).ok)
  t.is(it.wishes.length, 2)
  t.deepEqual(
    it.given.slice(seen).filter((given) => given === 2),
    [],
  )
})
