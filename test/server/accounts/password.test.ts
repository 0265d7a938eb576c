import { argon2Sync } from 'node:crypto'
import test from 'ava'
import { Gate } from '../../../server/accounts/gate.ts'
import { FORGET_MS, lockedFor, lockSeconds, oneMore } from '../../../server/accounts/lock-out.ts'
import { dummyPassword, hashPassword, verifyPassword } from '../../../server/accounts/password.ts'
import { ServerError } from '../../../server/errors.ts'

test('Argon2id as RFC 9106 appendix A.2.4 has it', (t) => {
  const tag = argon2Sync('argon2id', {
    message: Buffer.alloc(32, 1),
    nonce: Buffer.alloc(16, 2),
    secret: Buffer.alloc(8, 3),
    associatedData: Buffer.alloc(12, 4),
    memory: 32,
    passes: 3,
    parallelism: 4,
    tagLength: 32,
  })
  t.is(tag.toString('hex'), '0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659')
})

test('a password is stored with OWASP’s parameters and its own salt, and fits only itself', async (t) => {
  const [one, two] = [await hashPassword('correct horse'), await hashPassword('correct horse')]
  t.regex(one, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/)
  t.not(one, two)
  t.true(await verifyPassword(one, 'correct horse'))
  t.false(await verifyPassword(one, 'correct horsf'))
  t.false(await verifyPassword(one, ''))
})

test('stored parameters count, so that they can be raised later', async (t) => {
  const nonce = Buffer.alloc(16, 7)
  const message = Buffer.from('old password')
  const tag = argon2Sync('argon2id', { message, nonce, memory: 64, passes: 1, parallelism: 1, tagLength: 32 })
  const text = (bytes: Buffer): string => bytes.toString('base64').replaceAll('=', '')
  t.true(await verifyPassword(`$argon2id$v=19$m=64,t=1,p=1$${text(nonce)}$${text(tag)}`, 'old password'))
})

test('the dummy fits nothing and costs the same run', async (t) => {
  let runs = 0
  const fits = await verifyPassword(dummyPassword(), 'anything', async ({ memory, passes, parallelism }) => {
    t.deepEqual({ memory, passes, parallelism }, { memory: 19_456, passes: 2, parallelism: 1 })
    runs++
    return new Uint8Array(32)
  })
  t.false(fits)
  t.is(runs, 1)
})

test('what is not of this form, or would take all memory, is refused before it runs', async (t) => {
  const good = dummyPassword()
  for (const stored of [
    '',
    'plain text',
    good.slice(0, -1),
    `${good}A`,
    good.replace('argon2id', 'argon2i'),
    good.replace('m=19456', 'm=9999999'),
    good.replace('t=2', 't=99'),
    good.replace('p=1', 'p=99'),
  ]) {
    await t.throwsAsync(
      verifyPassword(stored, 'x', () => Promise.reject(new Error('it ran'))),
      { instanceOf: ServerError, message: /^STORE_DAMAGED/ },
    )
  }
})

test('the table of locks', (t) => {
  t.deepEqual([0, 1, 4, 5, 6, 16, 17, 1000].map(lockSeconds), [0, 0, 0, 30, 60, 61_440, 86_400, 86_400])
  const first = oneMore(undefined, 1000)
  t.deepEqual(first, { failures: 1, lockedUntil: 1000, lastAt: 1000 })
  t.is(oneMore({ ...first, failures: 7 }, 1000 + FORGET_MS).failures, 8)
  t.is(oneMore({ ...first, failures: 7 }, 1001 + FORGET_MS).failures, 1)
  t.is(lockedFor(undefined, 0), 0)
  t.is(lockedFor({ failures: 5, lockedUntil: 2001, lastAt: 0 }, 1000), 2)
  // A clock that was set back must not lock for longer than the longest lock.
  t.is(lockedFor({ failures: 5, lockedUntil: 10 ** 12, lastAt: 0 }, 0), 86_400)
})

test('the gate lets so many run, so many wait, in their order', async (t) => {
  const gate = new Gate(1, 2)
  const order: number[] = []
  const { promise, resolve } = Promise.withResolvers<void>()
  const jobs = [1, 2, 3].map((n) =>
    gate.run(async () => {
      order.push(n)
      if (n === 1) await promise
      return n
    }),
  )
  t.is(
    gate.run(async () => 4),
    undefined,
  )
  t.true(jobs.every((job) => job !== undefined))
  await Promise.resolve()
  t.deepEqual(order, [1])
  resolve()
  t.deepEqual(await Promise.all(jobs), [1, 2, 3])
  t.is(await gate.run(async () => 5), 5)
})
