import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { Accounts } from '../../../server/accounts/accounts.ts'
import type { Argon2id } from '../../../server/accounts/password.ts'
import { ServerError } from '../../../server/errors.ts'
import { openSqliteStore } from '../../../server/store/sqlite.ts'
import { cheapArgon2, clockAt, folder, PASSWORD, START, USER } from '../world.ts'

async function setUp(t: ExecutionContext, argon2id?: Argon2id) {
  const store = openSqliteStore(join(folder(t), 'server.db'))
  t.teardown(() => store.close())
  const clock = await clockAt()
  const argon2 = cheapArgon2()
  const serverSecret = (await store.identity()).secretKey
  const accounts = new Accounts({ store, serverSecret, now: () => clock.now(), argon2id: argon2id ?? argon2.run })
  await accounts.add(USER, PASSWORD)
  argon2.runs = 0
  return { store, clock, argon2, accounts, serverSecret }
}

const code = (expected: string) => ({ instanceOf: ServerError, message: new RegExp(`^${expected}: `) })

test('S3: user ID and password that are known are permitted', async (t) => {
  const { accounts, argon2 } = await setUp(t)
  t.deepEqual(await accounts.check(USER, PASSWORD), { permitted: true, userId: USER })
  t.is(argon2.runs, 1)
})

test('an unknown user and a wrong password: one answer, one run of Argon2id, the same lock', async (t) => {
  const { accounts, argon2, clock } = await setUp(t)
  const answers = { alice: [] as unknown[], nobody: [] as unknown[] }
  for (const user of ['alice', 'nobody'] as const) {
    for (let n = 0; n < 6; n++) {
      argon2.runs = 0
      answers[user].push({ answer: await accounts.check(user, 'wrong'), runs: argon2.runs })
    }
  }
  t.deepEqual(answers.nobody, answers.alice)
  const refused = { permitted: false, reason: 'LOGIN_REFUSED', retryAfterSeconds: 0 }
  t.deepEqual(answers.alice[0], { answer: refused, runs: 1 })
  t.deepEqual(answers.alice[4], { answer: { ...refused, retryAfterSeconds: 30 }, runs: 1 })
  t.deepEqual(answers.alice[5], {
    answer: { permitted: false, reason: 'ACCOUNT_LOCKED', retryAfterSeconds: 30 },
    runs: 0,
  })
  await clock.advance(30_000)
  t.deepEqual(await accounts.check(USER, PASSWORD), { permitted: true, userId: USER })
})

test('the right password of a locked account is not looked at', async (t) => {
  const { accounts, argon2, clock } = await setUp(t)
  for (let n = 0; n < 5; n++) await accounts.check(USER, 'wrong')
  argon2.runs = 0
  await clock.advance(29_001)
  const answer = { permitted: false, reason: 'ACCOUNT_LOCKED', retryAfterSeconds: 1 }
  t.deepEqual(await accounts.check(USER, PASSWORD), answer)
  t.is(argon2.runs, 0)
})

test('the lock grows with each failure, up to a day, and success resets it', async (t) => {
  const { accounts, clock } = await setUp(t)
  const waits: number[] = []
  for (let n = 0; n < 20; n++) {
    const answer = await accounts.check(USER, 'wrong')
    if (answer.permitted || answer.reason !== 'LOGIN_REFUSED') return t.fail(`try ${n}`)
    waits.push(answer.retryAfterSeconds)
    await clock.advance(answer.retryAfterSeconds * 1000)
  }
  const day = 86_400
  const growing = [30, 60, 120, 240, 480, 960, 1920, 3840, 7680, 15_360, 30_720, 61_440]
  t.deepEqual(waits, [0, 0, 0, 0, ...growing, day, day, day, day])
  t.true((await accounts.check(USER, PASSWORD)).permitted)
  t.like(await accounts.check(USER, 'wrong'), { reason: 'LOGIN_REFUSED', retryAfterSeconds: 0 })
})

test('a counter is forgotten two days after its last failure', async (t) => {
  const { accounts, clock } = await setUp(t)
  for (let n = 0; n < 4; n++) await accounts.check(USER, 'wrong')
  await clock.advance(2 * 86_400_000 + 1)
  t.like(await accounts.check(USER, 'wrong'), { retryAfterSeconds: 0 })
  for (let n = 0; n < 3; n++) await accounts.check(USER, 'wrong')
  t.like(await accounts.check(USER, 'wrong'), { retryAfterSeconds: 30 })
})

test('many guesses side by side win no more looks than one after the other', async (t) => {
  const { accounts, argon2 } = await setUp(t)
  const answers = await Promise.all(Array.from({ length: 30 }, (_, n) => accounts.check(USER, `guess ${n}`)))
  t.is(argon2.runs, 5)
  t.is(answers.filter((it) => !it.permitted && it.reason === 'ACCOUNT_LOCKED').length, 25)
})

test('two users do not share a counter', async (t) => {
  const { accounts } = await setUp(t)
  await accounts.add('bob', 'bob has one too')
  for (let n = 0; n < 6; n++) await accounts.check(USER, 'wrong')
  t.true((await accounts.check('bob', 'bob has one too')).permitted)
})

test('a login that must be of one user is not of another, whatever his password', async (t) => {
  const { accounts, argon2 } = await setUp(t)
  await accounts.add('bob', 'bob has one too')
  argon2.runs = 0
  t.like(await accounts.check('bob', 'bob has one too', USER), { permitted: false, reason: 'LOGIN_REFUSED' })
  t.is(argon2.runs, 1)
  t.true((await accounts.check(USER, PASSWORD, USER)).permitted)
})

test('beyond two runs and 64 waiting there is SERVER_BUSY at once, which counts for nobody', async (t) => {
  const { promise, resolve } = Promise.withResolvers<void>()
  let running = 0
  let most = 0
  const { accounts, store } = await setUp(t, async (parameters) => {
    if (parameters.message.toString() === PASSWORD) return cheapArgon2().run(parameters)
    most = Math.max(most, ++running)
    await promise
    running--
    return new Uint8Array(32)
  })
  const waiting = Array.from({ length: 66 }, (_, n) => accounts.check(`user ${n}`, 'slow password'))
  const busy = { permitted: false, reason: 'SERVER_BUSY', retryAfterSeconds: 5 }
  for (let n = 0; n < 3; n++) t.deepEqual(await accounts.check('late', 'slow password'), busy)
  resolve()
  for (const answer of await Promise.all(waiting)) t.like(answer, { reason: 'LOGIN_REFUSED' })
  t.is(most, 2)
  t.true((await accounts.check(USER, PASSWORD)).permitted)
  t.is(await store.pruneAttempts(START, START, 0), 66)
})

test('a run that fails gives its place back', async (t) => {
  let broken = false
  const { accounts } = await setUp(t, (parameters) => {
    if (broken) return Promise.reject(new Error('no memory'))
    return cheapArgon2().run(parameters)
  })
  broken = true
  for (let n = 0; n < 4; n++) await t.throwsAsync(accounts.check(USER, 'x'), { message: 'no memory' })
  broken = false
  t.true((await accounts.check(USER, PASSWORD)).permitted)
})

test('users are added, listed, unlocked, changed and removed', async (t) => {
  const { accounts } = await setUp(t)
  await t.throwsAsync(accounts.add(USER, 'another one'), code('USER_EXISTS'))
  for (let n = 0; n < 5; n++) await accounts.check(USER, 'wrong')
  t.deepEqual(await accounts.list(), [{ userId: USER, createdAt: START, failures: 5, lockedForSeconds: 30 }])
  t.true(await accounts.unlock(USER))
  t.false(await accounts.unlock(USER))
  t.like((await accounts.list())[0], { failures: 0, lockedForSeconds: 0 })
  for (let n = 0; n < 5; n++) await accounts.check(USER, 'wrong')
  await accounts.setPassword(USER, 'a new password')
  t.true((await accounts.check(USER, 'a new password')).permitted)
  await accounts.remove(USER)
  for (const work of [accounts.unlock(USER), accounts.remove(USER), accounts.setPassword(USER, 'long enough')]) {
    await t.throwsAsync(work, code('USER_UNKNOWN'))
  }
  t.like(await accounts.check(USER, 'a new password'), { reason: 'LOGIN_REFUSED' })
})

test('names and passwords that do not fit on the line are not taken', async (t) => {
  const { accounts } = await setUp(t)
  for (const name of ['', 'a\nb', '\u202ea', 'a'.repeat(65), 'é'.repeat(33)]) {
    await t.throwsAsync(accounts.add(name, 'long enough'), code('USAGE'))
  }
  for (const password of ['', 'seven77', 'x'.repeat(129), 'é'.repeat(65)]) {
    await t.throwsAsync(accounts.add('bob', password), code('PASSWORD_UNFIT'))
  }
})

test('one name, one password, however their accents are written (RFC 8265)', async (t) => {
  const { accounts } = await setUp(t)
  await accounts.add('jose\u0301', 'contrasen\u0303a')
  t.deepEqual(await accounts.check('jos\u00e9', 'contrase\u00f1a'), { permitted: true, userId: 'jos\u00e9' })
})

test('what users type in the place of their name is not kept as it is', async (t) => {
  const { accounts, store, serverSecret } = await setUp(t)
  await accounts.check('my password, by mistake', 'x')
  const other = new Accounts({ store, serverSecret: new Uint8Array(32), now: () => START })
  t.like((await other.list())[0], { failures: 0 })
  const same = new Accounts({ store, serverSecret, now: () => START, argon2id: cheapArgon2().run })
  for (let n = 0; n < 3; n++) await same.check('my password, by mistake', 'x')
  t.like(await same.check('my password, by mistake', 'x'), { retryAfterSeconds: 30 })
})
