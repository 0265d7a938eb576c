import test from 'ava'
import type { LineServiceOptions } from '../../../server/sessions/line-options.ts'
import { checkPurchase } from '../../../server/sessions/purchase.ts'
import { CONSENT_BUTTON, CONSENT_EARLIER } from '../../../wire/line/consent.ts'
import { USER, world } from '../world.ts'
import { FakeShop, TAG } from './purchase-call.ts'

test('a payment wants the button now: an earlier press of the session allows no personal data, and the shop is not asked', async (t) => {
  const { store } = await world(t)
  const reasons: unknown[] = []
  const shop = new FakeShop()
  let opened = 0
  const open = shop.open.bind(shop)
  shop.open = async (payer) => {
    opened++
    return open(payer)
  }
  const options: LineServiceOptions = {
    store,
    own: await store.identity(),
    accounts: { check: () => Promise.reject(new Error('a payment has no password')) },
    ...{ numbers: [], node: 'main', lifetimeSeconds: 60, keysLifetimeSeconds: 600, secretRoutes: [] },
    now: () => 0,
    log: (it) => reasons.push('reason' in it ? it.reason : undefined),
    onSessionsEnded: () => {},
    ...shop.parts,
    requireConsent: new Set(['pay'] as const),
  }
  const opening = { tag: TAG, userId: USER }
  for (const wish of [opening, { ...opening, consent: CONSENT_EARLIER } as const]) {
    const { verdict, payer } = await checkPurchase(options, 'card-1', wish)
    t.deepEqual(verdict, { verdict: 'refused', reason: 'CONSENT_REQUIRED', retryAfterSeconds: 0 })
    t.is(payer, undefined)
  }
  t.deepEqual([opened, reasons], [0, ['CONSENT_REQUIRED', 'CONSENT_REQUIRED']])
  const { verdict } = await checkPurchase(options, 'card-1', { ...opening, consent: CONSENT_BUTTON })
  t.deepEqual([verdict.verdict, opened], ['accepted', 1])
})
