import { randomBytes } from 'node:crypto'
import type { ExecutionContext, TestFn } from 'ava'
import { Secret } from '../../../keys/secret.ts'
import type { EnrolmentCommit, ExchangeCommit, NewTicket, Store } from '../../../server/store/store.ts'
import { SESSION_KEYS_MAX, SPARE_KEYS_MAX } from '../../../wire/limits.ts'
import { hex } from '../world.ts'

const NOW = 1_000_000
const LATER = 2_000_000
const bytes = (length: number): Uint8Array => Uint8Array.from(randomBytes(length))
const secret = (): Secret => new Secret(bytes(32))

export function newTicket(cardId = 'card-1', more: Partial<NewTicket> = {}): NewTicket {
  return {
    cardId,
    ticketId: bytes(16),
    secret: secret(),
    issuedAt: NOW,
    expiresAt: LATER,
    addresses: ['+81312345678'],
    ...more,
  }
}

export function enrolmentOf(ticket: NewTicket, more: Partial<EnrolmentCommit> = {}): EnrolmentCommit {
  const { cardId, ticketId } = ticket
  const made = { requestHash: bytes(32), cardPublic: bytes(32), ratchet: secret(), hint: bytes(8), response: bytes(80) }
  return { cardId, ticketId, at: NOW, ...made, ...more }
}

export interface Wanted {
  readonly ids?: readonly string[]
  readonly userId?: string
  readonly node?: string
  readonly expiresAt?: number
}

export function exchangeOf(cardId: string, expectedHint: Uint8Array, wanted?: Wanted): ExchangeCommit {
  const {
    ids = [randomBytes(16).toString('base64url')],
    userId = 'alice',
    node = 'a',
    expiresAt = LATER,
  } = wanted ?? {}
  return {
    cardId,
    expectedHint,
    nextRatchet: secret(),
    nextHint: bytes(8),
    requestHash: bytes(32),
    response: bytes(100),
    locked: false,
    sessions: wanted && {
      userId,
      node,
      expiresAt,
      keys: ids.map((id, index) => ({ id, psk: secret(), index, groupId: `group of ${id}` })),
    },
  }
}

/** A store with a user and an enrolled card. @returns the card's hint */
export async function filled(store: Store, cardId = 'card-1'): Promise<Uint8Array> {
  await store.addAccount({ userId: 'alice', password: 'hashed', createdAt: NOW })
  const ticket = newTicket(cardId)
  await store.issueTicket(ticket)
  const commit = enrolmentOf(ticket)
  await store.commitEnrolment(commit)
  return commit.hint
}

/**
 * What every Store must do, whatever database stands behind it.
 * @param open two stores on one new, empty database: two nodes
 */
export function storeContract(test: TestFn, open: (t: ExecutionContext) => Promise<readonly [Store, Store]>): void {
  const both = (title: string, run: (t: ExecutionContext, one: Store, two: Store) => Promise<void>): void => {
    test(`store: ${title}`, async (t) => run(t, ...(await open(t))))
  }

  both('the server has one identity, made once, at whichever node', async (t, one, two) => {
    const [first, second] = await Promise.all([one.identity(), two.identity()])
    t.is(hex(first.publicKey), hex(second.publicKey))
    t.is(hex(first.secretKey), hex(second.secretKey))
    t.is(hex((await one.identity()).secretKey), hex(first.secretKey))
  })

  both('accounts are added once, listed by name, changed and removed', async (t, one, two) => {
    const account = (userId: string) => ({ userId, password: `hash of ${userId}`, createdAt: NOW })
    t.true(await one.addAccount(account('bob')))
    t.false(await two.addAccount({ ...account('bob'), password: 'other' }))
    t.true(await two.addAccount(account('alice')))
    t.deepEqual(await one.accounts(), [account('alice'), account('bob')])
    t.is(await one.account('Bob'), undefined)
    t.true(await one.setPassword('bob', 'new'))
    t.is((await two.account('bob'))?.password, 'new')
    t.false(await one.setPassword('carol', 'new'))
    t.true(await two.removeAccount('bob'))
    t.false(await one.removeAccount('bob'))
    t.is(await one.account('bob'), undefined)
  })

  both('attempts are counted by comparing before setting', async (t, one, two) => {
    const key = bytes(32)
    const first = { failures: 1, lockedUntil: 0, lastAt: NOW }
    const second = { failures: 2, lockedUntil: LATER, lastAt: NOW + 1 }
    t.is(await one.attempts(key), undefined)
    t.true(await one.replaceAttempts(key, undefined, first))
    t.false(await two.replaceAttempts(key, undefined, first))
    t.true(await two.replaceAttempts(key, first, second))
    t.false(await one.replaceAttempts(key, first, second))
    t.deepEqual(await one.attempts(key), second)
    t.true(await one.clearAttempts(key))
    t.false(await two.clearAttempts(key))
    t.false(await two.replaceAttempts(key, second, first))
  })

  both('old counters are forgotten, locked ones are not, and beyond the bound the oldest go', async (t, one) => {
    const add = async (lastAt: number, lockedUntil = 0): Promise<Uint8Array> => {
      const key = bytes(32)
      await one.replaceAttempts(key, undefined, { failures: 1, lockedUntil, lastAt })
      return key
    }
    const [old, locked, third, newest] = [await add(1), await add(2, LATER), await add(500), await add(900)]
    t.is(await one.pruneAttempts(NOW, 100, 10), 1)
    t.is(await one.attempts(old), undefined)
    t.truthy(await one.attempts(locked))
    t.is(await one.pruneAttempts(NOW, 100, 1), 2)
    t.is(await one.attempts(third), undefined)
    t.truthy(await one.attempts(newest))
  })

  both('a ticket is kept with its secret, replaced by a newer one, revoked once', async (t, one, two) => {
    const ticket = newTicket()
    await one.issueTicket(ticket)
    const stored = await two.ticket('card-1')
    t.is(hex(stored?.secret?.reveal()), hex(ticket.secret.reveal()))
    t.like(stored, { cardId: 'card-1', state: 'open', expiresAt: LATER, requestHash: undefined, response: undefined })
    const newer = newTicket('card-1', { addresses: ['+81399999999', '+81312345678'] })
    await two.issueTicket(newer)
    t.is(hex((await one.ticket('card-1'))?.ticketId), hex(newer.ticketId))
    t.deepEqual(await one.lineAddresses(), ['+81312345678', '+81399999999'])
    t.true(await one.revokeTicket('card-1', NOW))
    t.false(await two.revokeTicket('card-1', NOW))
    t.is((await two.ticket('card-1'))?.state, 'revoked')
    t.is(await one.ticket('card-2'), undefined)
    const events = (await one.notes('notice', 10)).map(({ event }) => event)
    t.deepEqual(events, ['ticket.revoked', 'ticket.issued', 'ticket.issued'])
  })

  both('secrets of tickets long expired are erased, others kept', async (t, one) => {
    await one.issueTicket(newTicket('old', { expiresAt: 10 }))
    await one.issueTicket(newTicket('new'))
    t.is(await one.eraseTicketSecrets(11), 1)
    t.is(await one.eraseTicketSecrets(11), 0)
    t.is((await one.ticket('old'))?.secret, undefined)
    t.truthy((await one.ticket('new'))?.secret)
  })

  both('one ticket is used once, at whichever node', async (t, one, two) => {
    const ticket = newTicket()
    await one.issueTicket(ticket)
    const commits = [enrolmentOf(ticket), enrolmentOf(ticket)] as const
    const done = await Promise.all([one.commitEnrolment(commits[0]), two.commitEnrolment(commits[1])])
    t.deepEqual(done.filter(Boolean), [true])
    const winner = commits[done.indexOf(true)]
    const stored = await two.ticket('card-1')
    t.is(stored?.state, 'used')
    t.is(hex(stored?.response), hex(winner?.response))
    t.is(hex(stored?.requestHash), hex(winner?.requestHash))
    const found = await one.cardByHint(winner?.hint ?? bytes(8))
    t.is(hex(found?.card.currentRatchet.reveal()), hex(winner?.ratchet.reveal()))
    t.is(found?.card.previous, undefined)
    t.false(await one.revokeTicket('card-1', NOW))
  })

  both('an expired, revoked, replaced or missing ticket is used by nobody', async (t, one) => {
    const expired = newTicket('expired', { expiresAt: NOW })
    const revoked = newTicket('revoked')
    const replaced = newTicket('replaced')
    for (const ticket of [expired, revoked, replaced, newTicket('replaced')]) await one.issueTicket(ticket)
    await one.revokeTicket('revoked', NOW)
    for (const ticket of [expired, revoked, replaced, newTicket('missing')]) {
      t.false(await one.commitEnrolment(enrolmentOf(ticket)), ticket.cardId)
    }
    t.deepEqual(await one.cards(), [])
  })

  both('re-enrolment replaces keys, ratchets and lock, and ends the sessions', async (t, one) => {
    const hint = await filled(one)
    const exchange = exchangeOf('card-1', hint, { ids: ['k'] })
    t.true(await one.commitExchange(exchange))
    t.true(await one.lockCard('card-1', 'lost', NOW))
    const ticket = newTicket()
    await one.issueTicket(ticket)
    const commit = enrolmentOf(ticket)
    t.true(await one.commitEnrolment(commit))
    t.is(await one.session('k', NOW), undefined)
    for (const gone of [hint, exchange.nextHint]) t.is(await one.cardByHint(gone), undefined)
    t.like(await one.cards(), [{ cardId: 'card-1', lockReason: undefined }])
    t.is((await one.notes('notice', 1))[0]?.event, 'card.re-enrolled')
  })

  both('an exchange moves the ratchet, keeps the answer, and drops the ratchet before', async (t, one, two) => {
    const hint = await filled(one)
    const first = exchangeOf('card-1', hint, { ids: ['k0', 'k1'] })
    t.true(await one.commitExchange(first))
    const now = await two.cardByHint(first.nextHint)
    t.is(now?.uses, 'current')
    const before = await two.cardByHint(hint)
    t.is(before?.uses, 'previous')
    t.is(hex(before?.card.previous?.response), hex(first.response))
    t.is(hex(before?.card.previous?.requestHash), hex(first.requestHash))
    t.is(hex(before?.card.currentRatchet.reveal()), hex(first.nextRatchet.reveal()))
    t.true(await two.commitExchange(exchangeOf('card-1', first.nextHint)))
    t.is(await one.cardByHint(hint), undefined)
    t.is((await one.cardByHint(first.nextHint))?.uses, 'previous')
  })

  both('two continuations at once: one is committed, with its sessions', async (t, one, two) => {
    const hint = await filled(one)
    const commits = [exchangeOf('card-1', hint, { ids: ['a'] }), exchangeOf('card-1', hint, { ids: ['b'] })] as const
    const done = await Promise.all([one.commitExchange(commits[0]), two.commitExchange(commits[1])])
    t.deepEqual(done.filter(Boolean), [true])
    const [won, lost] = done[0] ? ['a', 'b'] : ['b', 'a']
    t.truthy(await two.session(won ?? '', NOW))
    t.is(await one.session(lost ?? '', NOW), undefined)
  })

  both('an exchange is too late when the card was locked, unlocked, removed, or the user is gone', async (t, one) => {
    const hint = await filled(one)
    await one.lockCard('card-1', 'lost', NOW)
    t.false(await one.commitExchange(exchangeOf('card-1', hint)))
    t.true(await one.commitExchange({ ...exchangeOf('card-1', hint), locked: true, nextHint: hint }))
    await one.unlockCard('card-1', NOW)
    t.false(await one.commitExchange({ ...exchangeOf('card-1', hint), locked: true }))
    t.false(await one.commitExchange(exchangeOf('card-1', hint, { userId: 'bob' })))
    t.false(await one.commitExchange(exchangeOf('card-1', bytes(8))))
    await one.removeCard('card-1', NOW)
    t.false(await one.commitExchange(exchangeOf('card-1', hint)))
  })

  both('a lock is an alarm, ends sessions, and is set and taken once', async (t, one, two) => {
    const hint = await filled(one)
    await one.commitExchange(exchangeOf('card-1', hint, { ids: ['k'] }))
    t.true(await one.lockCard('card-1', 'cloned', NOW))
    t.false(await two.lockCard('card-1', 'other reason', NOW))
    t.false(await two.lockCard('card-9', 'cloned', NOW))
    t.is(await two.session('k', NOW), undefined)
    t.is((await two.cards())[0]?.lockReason, 'cloned')
    t.deepEqual(await two.notes('alarm', 9), [
      { at: NOW, level: 'alarm', event: 'card.locked', subject: 'card-1', detail: 'cloned' },
    ])
    t.true(await two.unlockCard('card-1', LATER))
    t.false(await one.unlockCard('card-1', LATER))
    t.is((await one.notes(undefined, 1))[0]?.event, 'card.unlocked')
  })

  both('a removed card takes its ticket and sessions with it', async (t, one, two) => {
    const hint = await filled(one)
    await one.commitExchange(exchangeOf('card-1', hint, { ids: ['k'] }))
    t.true(await two.removeCard('card-1', NOW))
    t.false(await two.removeCard('card-1', NOW))
    t.is(await one.ticket('card-1'), undefined)
    t.is(await one.session('k', NOW), undefined)
    t.is(await one.psk('k', NOW), undefined)
  })

  both('a key is found until it lapses, at every node', async (t, one, two) => {
    const commit = exchangeOf('card-1', await filled(one), { ids: ['k0', 'k1'], node: 'b' })
    await one.commitExchange(commit)
    t.deepEqual(await two.session('k1', LATER - 1), {
      id: 'k1',
      groupId: 'group of k1',
      index: 1,
      userId: 'alice',
      cardId: 'card-1',
      node: 'b',
      opened: false,
      expiresAt: LATER,
    })
    t.is(hex(await two.psk('k0', LATER - 1)), hex(commit.sessions?.keys[0]?.psk.reveal()))
    t.is(await two.session('k1', LATER), undefined)
    t.is(await two.psk('k0', LATER), undefined)
    t.false(await two.openSession('k0', LATER, LATER + 1))
    t.deepEqual(await two.group('group of k0', LATER), [])
    t.is((await two.group('group of k0', NOW)).length, 1)
    t.is(await two.spareKeys('alice', 'card-1', NOW), 2)
    t.is(await two.spareKeys('alice', 'card-1', LATER), 0)
    t.is(await one.eraseExpired(LATER - 1), 0)
    t.is(await one.eraseExpired(LATER), 2)
    t.deepEqual(await two.group('group of k0', NOW), [])
  })

  both('each key opens one session, once: also when two nodes try at once', async (t, one, two) => {
    await one.commitExchange(exchangeOf('card-1', await filled(one), { ids: ['k0', 'k1'] }))
    const tries = [one, two, one, two].map((store) => store.openSession('k0', NOW, LATER + 500))
    t.deepEqual((await Promise.all(tries)).filter(Boolean), [true])
    t.false(await one.openSession('k0', NOW, LATER + 900))
    t.like(await two.session('k0', NOW), { opened: true, expiresAt: LATER + 500 })
    t.like(await two.session('k1', NOW), { opened: false, expiresAt: LATER })
    t.is(await two.spareKeys('alice', 'card-1', NOW), 1)
    // An opened one lives to the end of its session, not to the end of its waiting.
    t.is(await one.eraseExpired(LATER), 1)
    t.truthy(await two.session('k0', LATER))
  })

  both('an unopened key takes over from an open one, once, and erases it', async (t, one, two) => {
    await one.commitExchange(exchangeOf('card-1', await filled(one), { ids: ['k0', 'k1', 'k2', 'k3'] }))
    t.false(await one.rekeySession('k1', 'k0', NOW)) // nothing is open
    t.true(await two.openSession('k0', NOW, LATER - 500))
    t.false(await one.rekeySession('k0', 'k0', NOW))
    t.false(await one.rekeySession('k1', 'k0', LATER))
    t.false(await one.rekeySession('k1', 'unknown', NOW))
    const tries = [one.rekeySession('k1', 'k0', NOW), two.rekeySession('k2', 'k0', NOW)]
    t.deepEqual((await Promise.all(tries)).filter(Boolean), [true])
    const next = (await one.session('k1', NOW))?.opened ? 'k1' : 'k2'
    t.like(await one.session(next, NOW), { opened: true, groupId: 'group of k0', expiresAt: LATER - 500 })
    t.deepEqual(
      (await two.group('group of k0', NOW)).map(({ id }) => id),
      [next],
    )
    t.is(await one.session('k0', NOW), undefined)
    t.false(await one.openSession('k0', NOW, LATER))
    t.false(await one.openSession(next, NOW, LATER))
    // Another session of the same user is not taken over by a key that is used.
    t.true(await one.openSession('k3', NOW, LATER))
    t.false(await two.rekeySession(next, 'k3', NOW))
  })

  both('a key of one user takes over from no other user', async (t, one) => {
    const hint = await filled(one)
    await one.addAccount({ userId: 'bob', password: 'hashed', createdAt: NOW })
    const first = exchangeOf('card-1', hint, { ids: ['a'] })
    await one.commitExchange(first)
    await one.commitExchange(exchangeOf('card-1', first.nextHint, { ids: ['b'], userId: 'bob' }))
    await one.openSession('a', NOW, LATER)
    t.false(await one.rekeySession('b', 'a', NOW))
    t.true((await one.session('a', NOW))?.opened)
  })

  both('all keys of one user by one card are erased, and no others', async (t, one, two) => {
    const hints = [await filled(one), await filled(one, 'card-2')]
    await one.addAccount({ userId: 'bob', password: 'hashed', createdAt: NOW })
    const first = exchangeOf('card-1', hints[0] ?? bytes(8), { ids: ['a0', 'a1', 'a2'] })
    await one.commitExchange(first)
    await one.commitExchange(exchangeOf('card-1', first.nextHint, { ids: ['bob'], userId: 'bob' }))
    await one.commitExchange(exchangeOf('card-2', hints[1] ?? bytes(8), { ids: ['other'] }))
    await one.openSession('a0', NOW, LATER)
    t.is(await two.eraseKeys('alice', 'card-1'), 3)
    t.is(await two.eraseKeys('alice', 'card-1'), 0)
    for (const id of ['a0', 'a1', 'a2']) t.is(await one.psk(id, NOW), undefined)
    for (const id of ['bob', 'other']) t.truthy(await one.psk(id, NOW))
  })

  both(`at most ${SPARE_KEYS_MAX} keys wait: the oldest are dropped, opened ones are not counted`, async (t, one) => {
    let hint = await filled(one)
    for (let call = 0; call < 5; call++) {
      const ids = Array.from({ length: SESSION_KEYS_MAX }, (_, n) => `${call}.${n}`)
      const commit = exchangeOf('card-1', hint, { ids })
      t.true(await one.commitExchange(commit))
      hint = commit.nextHint
      if (call === 0) await one.openSession('0.0', NOW, LATER)
    }
    t.is(await one.spareKeys('alice', 'card-1', NOW), SPARE_KEYS_MAX)
    t.true((await one.session('0.0', NOW))?.opened)
    t.is(await one.session('0.15', NOW), undefined)
    for (const id of ['1.0', '4.15']) t.truthy(await one.session(id, NOW))
    const last = exchangeOf('card-1', hint, { ids: ['last'] })
    await one.commitExchange(last)
    t.is(await one.session('1.0', NOW), undefined)
    t.truthy(await one.session('1.1', NOW))
  })

  both('sessions are erased by group and by node, and with their user', async (t, one, two) => {
    let hint = await filled(one)
    const add = async (ids: readonly string[], node: string): Promise<void> => {
      const commit = exchangeOf('card-1', hint, { ids, node })
      await one.commitExchange(commit)
      hint = commit.nextHint
    }
    await add(['a0', 'a1', 'a2'], 'a')
    await add(['b0'], 'b')
    t.is(await two.eraseGroup('group of a0'), 1)
    t.is(await two.eraseGroup('group of a0'), 0)
    t.is(await two.eraseNode('a'), 2)
    t.truthy(await one.session('b0', NOW))
    await two.setPassword('alice', 'new')
    t.is(await one.session('b0', NOW), undefined)
    await add(['b1'], 'b')
    await two.removeAccount('alice')
    t.is(await one.psk('b1', NOW), undefined)
  })

  both('notes are read newest first, by level, and bounded', async (t, one, two) => {
    const note = (n: number) =>
      ({ at: n, level: n % 2 ? 'alarm' : 'notice', event: `e${n}`, subject: 's', detail: '' }) as const
    for (let n = 0; n < 6; n++) await one.addNote(note(n))
    t.deepEqual(await two.notes(undefined, 2), [note(5), note(4)])
    t.deepEqual(await two.notes('alarm', 9), [note(5), note(3), note(1)])
    t.is(await one.pruneNotes(4), 2)
    t.is(await one.pruneNotes(4), 0)
    t.deepEqual(await two.notes('alarm', 9), [note(5), note(3)])
  })

  both('bytes given to it are not changed, and secrets it gives belong to the caller', async (t, one) => {
    const ticket = newTicket()
    const before = hex(ticket.secret.reveal())
    await one.issueTicket(ticket)
    ;(await one.ticket('card-1'))?.secret?.wipe()
    t.is(hex(ticket.secret.reveal()), before)
    t.is(hex((await one.ticket('card-1'))?.secret?.reveal()), before)
  })
}
