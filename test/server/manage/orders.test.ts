import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import type { ServerError } from '../../../server/errors.ts'
import type { ManageContext, Result } from '../../../server/manage/command.ts'
import { ORDER_COMMANDS } from '../../../server/manage/orders.ts'
import type { ShopStore } from '../../../server/store/shop-store.ts'
import { openSqliteStore } from '../../../server/store/sqlite.ts'
import { run } from '../program.ts'
import { issueTag, stockUp } from '../settlement/shop-world.ts'
import { folder, START } from '../world.ts'

const ADDRESS = {
  ...{ name: 'Alice Example', street: 'Sakura 1-2-3', postalCode: '100-0001', city: 'Chiyoda', country: 'JP' },
  contact: '+81300000000',
}
/** HTML, SQL, a cursor movement and a line of its own: whatever a store could hold. */
const HOSTILE = {
  ...ADDRESS,
  name: "<b>x</b>'; DROP TABLE orders; --",
  street: '\u001b[2JBerlin\nK-000009',
  city: '\u202eevil',
}

interface World {
  readonly data: string
  command(name: string, ...argv: readonly string[]): Promise<Result>
  refusal(name: string, ...argv: readonly string[]): Promise<string>
}

/** Orders 1 (paid), 2 (refused) of alice, and 3 (authorising) of bob. */
async function world(t: ExecutionContext, address = ADDRESS): Promise<World> {
  const data = join(folder(t), '.')
  const store = openSqliteStore(join(data, 'server.db'))
  const { shop } = store
  await stockUp(shop, 'A-1')
  const paid = await begin(shop, 'alice', address)
  await shop.orderAuthorised(paid)
  await shop.orderPaid(paid, START + 5000, Uint8Array.of(1, 2, 3))
  const refused = await begin(shop, 'alice', address)
  await shop.orderRefused(refused, 'do-not-honour', START + 900_000)
  await begin(shop, 'bob', address)
  await store.close()
  const context = { input: process.stdin, prompt: process.stderr, now: () => START + 60_000 } satisfies ManageContext
  const command = async (name: string, ...argv: readonly string[]): Promise<Result> => {
    const found = ORDER_COMMANDS[name]
    if (found === undefined) throw new Error(`there is no command ${name}`)
    return found(context, [...argv, '--data', data])
  }
  const refusal = async (name: string, ...argv: readonly string[]): Promise<string> => {
    const error = await t.throwsAsync<ServerError>(command(name, ...argv))
    return error.code
  }
  return { data, command, refusal }
}

async function begin(shop: ShopStore, userId: string, address: typeof ADDRESS): Promise<number> {
  const { tag, amount, currency } = await issueTag(shop, { product: 'A-1', at: START, userId })
  const card = { cardId: 'card-1', brand: 'Visa', lastFour: '4242' }
  const lease = { node: 'main', leaseUntil: START + 60_000, at: START }
  const key = `key-of-${userId}-${tag}`
  const begun = await shop.beginOrder({ tag, userId, amount, currency, key, ...card, ...lease, ...address })
  if (!begun.ok) throw new Error(begun.reason)
  return begun.order.orderId
}

test('list: the newest first, of one user or all', async (t) => {
  const { command } = await world(t)
  const { text, fields } = await command('order list')
  t.deepEqual(
    text.split('\n').map((line) => line.split(/ {2,}/)),
    [
      ['K-000003', '2023-11-14T22:13:20.000Z', 'bob', 'authorising', 'JPY 1,999'],
      ['K-000002', '2023-11-14T22:13:20.000Z', 'alice', 'refused', 'JPY 1,999'],
      ['K-000001', '2023-11-14T22:13:20.000Z', 'alice', 'paid', 'JPY 1,999', 'pending'],
    ],
  )
  const orders = fields.orders as readonly Record<string, unknown>[] // as the command makes them
  t.deepEqual(
    orders.map(({ order }) => order),
    ['K-000003', 'K-000002', 'K-000001'],
  )
  const bobs = await command('order list', '--user', 'bob')
  t.regex(bobs.text, /^K-000003 [^\n]*$/)
  t.is((await command('order list', '--user', 'nobody')).text, '')
})

test('show: all that is kept, and nothing that opens anything', async (t) => {
  const { command } = await world(t)
  const { text, fields } = await command('order show', 'K-000001')
  for (const fact of [
    'K-000001',
    'alice',
    '2023-11-14T22:13:25.000Z',
    'Visa ending in 4242',
    'JPY 1,999',
    'pending',
    '1 ×',
  ]) {
    t.true(text.includes(fact), fact)
  }
  t.true(text.endsWith('Alice Example\nSakura 1-2-3\n100-0001 Chiyoda\nJP\n+81300000000'))
  t.like(fields.order, { order: 'K-000001', state: 'paid', brand: 'Visa', lastFour: '4242', ...ADDRESS })
  for (const secret of ['tag', 'key', 'receipt', 'orderId']) t.false(secret in (fields.order as object)) // it is one
  t.regex((await command('order show', 'K-000002')).text, /refused: do-not-honour/)
  t.like((await command('order show', 'K-000003')).fields.order, { state: 'authorising', paidAt: null })
})

test('slip: what goes with the parcel, without money, card and user', async (t) => {
  const { command, refusal } = await world(t)
  const { text, fields } = await command('order slip', 'K-000001')
  t.is(
    text,
    [
      ...['Order K-000001', 'Paid 2023-11-14T22:13:25.000Z', '', 'To', 'Alice Example', 'Sakura 1-2-3'],
      ...['100-0001 Chiyoda', 'JP', '+81300000000', '', 'Items', '1 ×  A-1  Two tones'],
    ].join('\n'),
  )
  t.deepEqual(fields, {
    order: 'K-000001',
    paidAt: '2023-11-14T22:13:25.000Z',
    to: ADDRESS,
    items: [{ product: 'A-1', name: 'Two tones', quantity: 1 }],
  })
  t.is(await refusal('order slip', 'K-000002'), 'ORDER_NOT_PAID')
  t.is(await refusal('order slip', 'K-000003'), 'ORDER_NOT_PAID')
})

test('ship: once, and only what is paid', async (t) => {
  const { command, refusal } = await world(t)
  t.deepEqual((await command('order ship', 'K-000001')).fields, { order: 'K-000001', shipment: 'shipped' })
  t.regex((await command('order show', 'K-000001')).text, /shipped/)
  t.is(await refusal('order ship', 'K-000001'), 'ORDER_NOT_PENDING')
  t.is(await refusal('order ship', 'K-000002'), 'ORDER_NOT_PENDING')
  t.is((await command('order slip', 'K-000001')).fields.order, 'K-000001', 'it may be printed again')
})

test('an address moves no cursor and makes no line, and is text in JSON', async (t) => {
  const { command } = await world(t, HOSTILE)
  for (const name of ['order show', 'order slip']) {
    const { text } = await command(name, 'K-000001')
    t.notRegex(text, /(?!\n)[\p{Cc}\p{Cf}]/u)
    t.false(text.split('\n').includes('K-000009'))
    t.true(text.includes(HOSTILE.name))
  }
  t.like((await command('order slip', 'K-000001')).fields.to, HOSTILE)
})

test('what is no order', async (t) => {
  const { refusal } = await world(t)
  for (const name of ['order show', 'order slip', 'order ship']) {
    t.is(await refusal(name, 'K-000004'), 'ORDER_UNKNOWN')
    for (const word of ['', '1', 'K-1', 'k-000001', "K-000001' OR 1=1", '../K-000001'])
      t.is(await refusal(name, word), 'USAGE')
    t.is(await refusal(name), 'USAGE')
    t.is(await refusal(name, 'K-000001', 'K-000002'), 'USAGE')
  }
  t.is(await refusal('order list', 'K-000001'), 'USAGE')
  t.is(await refusal('order list', '--user', ''), 'USAGE')
})

test.serial('as a program, with --json', async (t) => {
  const { data } = await world(t)
  const slip = await run(['order', 'slip', 'K-000001', '--data', data, '--json'])
  t.is(slip.code, 0, slip.err)
  t.like(slip.json(), { ok: true, order: 'K-000001', to: ADDRESS })
  const unknown = await run(['order', 'show', 'K-000009', '--data', data])
  t.deepEqual([unknown.code, unknown.out], [1, ''])
  t.is(unknown.err, 'keyline server: there is no order K-000009 (ORDER_UNKNOWN); see order list.\n')
  t.is((await run(['order', '--data', data])).code, 2)
})
