import test from 'ava'
import { tagFault } from '../../../server/settlement/tag-check.ts'
import type { StoredTag } from '../../../server/store/shop-store.ts'

const NOW = 1_700_000_000_000
const PAYER = { cardId: 'card-1', userId: 'alice', tag: 'AAAAAAAAAAAAAAAAAAAAAA' }
const TAG: StoredTag = {
  tag: PAYER.tag,
  basketId: 'b',
  basketNumber: 1,
  userId: 'alice',
  access: 'session',
  cardId: 'card-1',
  state: 'open',
  amount: 100,
  currency: 'JPY',
  items: [{ product: 'A-1', quantity: 1, price: 100 }],
  issuedAt: NOW - 1000,
  lapsesAt: NOW + 1,
  orderId: undefined,
}

test('an open tag of this user and this card, or of the open shop, may be paid for', (t) => {
  t.is(tagFault(TAG, PAYER, NOW), undefined)
  t.is(tagFault({ ...TAG, access: 'open', cardId: undefined }, PAYER, NOW), undefined)
  t.is(tagFault({ ...TAG, access: 'open', cardId: undefined }, { ...PAYER, cardId: 'card-2' }, NOW), undefined)
})

for (const [reason, change] of [
  ['TAG_FOREIGN', { userId: 'bob' }],
  ['TAG_FOREIGN', { userId: 'Alice' }],
  ['TAG_FOREIGN', { cardId: 'card-2' }],
  ['TAG_USED', { state: 'used' }],
  ['TAG_PENDING', { state: 'paying' }],
  ['TAG_LAPSED', { state: 'lapsed' }],
  ['TAG_LAPSED', { state: 'cancelled' }],
  ['TAG_LAPSED', { lapsesAt: NOW }],
  ['TAG_LAPSED', { lapsesAt: NOW - 1 }],
  // What is being paid for, or was, does not lapse.
  ['TAG_PENDING', { state: 'paying', lapsesAt: NOW - 1 }],
  ['TAG_USED', { state: 'used', lapsesAt: NOW - 1 }],
] as const) {
  test(`${reason}: ${JSON.stringify(change)}`, (t) => {
    t.is(tagFault({ ...TAG, ...change }, PAYER, NOW), reason)
  })
}

test('of another one’s tag nothing is told but that', (t) => {
  for (const state of ['open', 'paying', 'used', 'lapsed', 'cancelled'] as const) {
    t.is(tagFault({ ...TAG, state, userId: 'bob' }, PAYER, NOW), 'TAG_FOREIGN')
  }
  t.is(tagFault(undefined, PAYER, NOW), 'TAG_UNKNOWN')
})
