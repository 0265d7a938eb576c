import { createInterface } from 'node:readline'
import { Shop } from '../../../server/shop/shop.ts'
import type { BeginOrder } from '../../../server/store/shop-store.ts'
import { openSqliteStore } from '../../../server/store/sqlite.ts'
import { systemTime } from '../../../server/time.ts'

/*
 * One of two users who want the same single item, as a process of his own: for each product named on standard input he finishes his
 * basket and, if he got the tag, pays. He answers with what came of it.
 */
const [path = '', userId = ''] = process.argv.slice(2)
const store = openSqliteStore(path)
const shop = new Shop({ store: store.shop, now: systemTime.now, log: () => {}, tagLifetimeMs: 60_000 })

async function buy(product: string): Promise<string> {
  const { basketId } = await shop.basketOf(userId)
  const set = await shop.setItem(basketId, product, 1)
  if (!set.ok) return set.reason
  const finished = await shop.finish(basketId, 'card-1')
  // The basket is used up or emptied, so that the next race begins anew.
  if (!finished.ok) {
    await shop.setItem(basketId, product, 0)
    return finished.reason
  }
  const { tag, amount, currency } = finished.tag
  const order: BeginOrder = {
    ...{ tag, cardId: 'card-1', userId, amount, currency, key: tag, node: userId, leaseUntil: 0, at: Date.now() },
    ...{
      brand: 'Visa',
      lastFour: '4242',
      name: 'N',
      street: 'S',
      postalCode: '1',
      city: 'C',
      country: 'DE',
      contact: '',
    },
  }
  const begun = await store.shop.beginOrder(order)
  if (!begun.ok) return begun.reason
  await store.shop.orderAuthorised(begun.order.orderId)
  return (await store.shop.orderPaid(begun.order.orderId, Date.now(), Uint8Array.of(1))) ? 'paid' : 'not paid'
}

process.stdout.write('ready\n')
for await (const product of createInterface({ input: process.stdin })) process.stdout.write(`${await buy(product)}\n`)
await store.close()
