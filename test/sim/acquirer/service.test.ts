import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { TEST_CARDS } from '../../../sim/acquirer/bank.ts'
import { startAcquirer } from '../../../sim/acquirer/process.ts'
import { BODY, CARD, client, clientOf, PAYMENT_KEY, type Spoiled } from './client.ts'

const now = (): number => Math.floor(Date.now() / 1000)

test.serial('what is not signed as it must be changes nothing', async (t) => {
  const { acquirer, ask } = await client(t)
  const spoiled: readonly (readonly [status: number, why: string, request: Spoiled])[] = [
    [401, 'signature', { secret: Buffer.alloc(32) }],
    [401, 'signature', { headers: { signature: '' } }],
    [401, 'signature', { headers: { signature: 'keyline=:AAAA:' } }],
    [401, 'signature', { headers: { signature: `other=:${'A'.repeat(43)}=:` } }],
    [401, 'signature', { headers: { 'signature-input': '' } }],
    [401, 'signature', { headers: { 'signature-input': `keyline=("@method");created=1;keyid="shop-1";nonce="n"` } }],
    [401, 'signature', { components: (all) => all.slice(1) }],
    [401, 'signature', { components: (all) => all.slice(0, 3) }],
    [401, 'signature', { components: (all) => [...all].reverse() }],
    [401, 'signature', { components: (all) => all.map(([id]) => [id, 'x']) }],
    [401, 'signature', { nonce: 'short' }],
    [401, 'signature', { headers: { 'idempotency-key': '"BBBBBBBBBBBBBBBBBBBBBB"' } }],
    [401, 'key', { keyId: 'shop-2' }],
    [401, 'time', { created: now() - 400 }],
    [401, 'time', { created: now() + 400 }],
    [401, 'digest', { digest: 'sha-256=:AAAA:' }],
    [401, 'digest', { headers: { 'content-digest': '' } }],
    [400, 'idempotency-key', { idempotencyKey: '"BBBBBBBBBBBBBBBBBBBBBB"' }],
    [404, 'path', { path: '/payments/short/authorise' }],
    [404, 'path', { path: `/payments/${PAYMENT_KEY}/refund` }],
    [404, 'path', { path: `/payments/${PAYMENT_KEY}/authorise?x=1` }],
    [404, 'path', { method: 'PUT' }],
    [404, 'path', { path: '/ledger', method: 'GET' }],
    [413, 'length', { body: 'x'.repeat(9000) }],
  ]
  for (const [status, why, request] of spoiled) {
    t.deepEqual(await ask('authorise', request), { status, json: { error: why } }, JSON.stringify(request))
  }
  t.deepEqual(await acquirer.payments(), [])
  t.is(acquirer.events.filter(({ event }) => event === 'rejected').length, spoiled.length)
})

test.serial('a nonce counts once, also after kill -9', async (t) => {
  const { acquirer, ask, data, keyFile } = await client(t)
  const nonce = 'the-same-nonce-twice'
  t.is((await ask('authorise', { nonce })).status, 200)
  t.deepEqual(await ask('authorise', { nonce }), { status: 401, json: { error: 'replay' } })
  t.deepEqual(await ask('capture', { nonce }), { status: 401, json: { error: 'replay' } })
  t.is((await acquirer.payments())[0]?.state, 'authorised')
  await acquirer.kill()
  const next = await startAcquirer(['--data', data, '--key-file', keyFile])
  t.teardown(() => next.stop())
  const again = clientOf(next, data, keyFile)
  t.deepEqual(await again.ask('capture', { nonce }), { status: 401, json: { error: 'replay' } })
  t.is((await next.payments())[0]?.charges, 0)
})

test.serial('a body that is none is refused, field by field', async (t) => {
  const { acquirer, ask } = await client(t)
  const bodies: readonly unknown[] = [
    ...[null, [], 'x', {}, { ...BODY, also: 1 }, { ...BODY, amount: -1 }, { ...BODY, amount: 1.5 }],
    ...[
      { ...BODY, amount: '1999' },
      { ...BODY, currency: 'yen' },
      { ...BODY, card: undefined },
    ],
    ...Object.keys(CARD).map((field) => ({ ...BODY, card: { ...CARD, [field]: { $ne: 1 } } })),
    ...["'; DROP TABLE payments; --", '<script>', '4242 4242 4242 4242', ''].map((cardNumber) => {
      return { ...BODY, card: { ...CARD, cardNumber } }
    }),
  ]
  for (const body of bodies) {
    t.deepEqual(await ask('authorise', { body: JSON.stringify(body) }), { status: 400, json: { error: 'body' } })
  }
  t.is((await ask('authorise', { body: '{' })).status, 400)
  t.deepEqual(await acquirer.payments(), [])
})

test.serial('each test card, and what is kept of it', async (t) => {
  const { acquirer, ask, data } = await client(t)
  const cards = [
    ...Object.entries(TEST_CARDS),
    ['4111111111111111', { brand: 'card', refusal: 'no-such-card' }],
  ] as const
  let n = 0
  for (const [cardNumber, { brand, refusal }] of cards) {
    const key = `card-number-of-${String(n++).padStart(6, '0')}`
    const path = `/payments/${key}/authorise`
    const body = JSON.stringify({ ...BODY, card: { ...CARD, cardNumber } })
    const { json } = await ask('authorise', { path, body, idempotencyKey: `"${key}"` })
    if (refusal === undefined) t.deepEqual(json, { key, state: 'authorised', amount: 1999, currency: 'JPY' })
    else t.deepEqual(json, { key, state: 'refused', reason: refusal })
    t.like((await acquirer.payments()).at(-1), { key, brand, lastFour: cardNumber.slice(-4), reason: refusal ?? '' })
  }
  const expired = JSON.stringify({ ...BODY, card: { ...CARD, expiryYear: 2020 } })
  t.deepEqual((await ask('authorise', { body: expired })).json, {
    key: PAYMENT_KEY,
    state: 'refused',
    reason: 'expired-card',
  })
  t.is(await acquirer.stop(), 0)
  const kept = readFileSync(join(data, 'ledger.db'), 'latin1')
  for (const [cardNumber] of cards) t.false(kept.includes(cardNumber))
  for (const secret of [CARD.name, '2040']) t.false(kept.includes(secret))
  const told = JSON.stringify(acquirer.events)
  for (const secret of [...cards.map(([it]) => it), CARD.name]) t.false(told.includes(secret))
})

test.serial('one key is one payment: another amount or card under it is a conflict', async (t) => {
  const { ask } = await client(t)
  t.is((await ask('authorise')).status, 200)
  for (const other of [
    { ...BODY, amount: 1 },
    { ...BODY, currency: 'EUR' },
    { ...BODY, card: { ...CARD, cardNumber: '5555555555554444' } },
  ]) {
    t.is((await ask('authorise', { body: JSON.stringify(other) })).status, 422)
  }
  t.is((await ask('authorise')).json.state, 'authorised')
})

test.serial('kill -9: what was answered stands in the ledger of the next one', async (t) => {
  const one = await client(t)
  await one.ask('authorise')
  t.is((await one.ask('capture')).json.state, 'captured')
  await one.acquirer.kill()
  const next = await startAcquirer(['--data', one.data, '--key-file', one.keyFile])
  t.teardown(() => next.stop())
  const two = clientOf(next, one.data, one.keyFile)
  t.is((await two.ask('look')).json.state, 'captured')
  t.is((await two.ask('capture')).json.state, 'captured')
  t.is((await next.payments())[0]?.charges, 1)
})
