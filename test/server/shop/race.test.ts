import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import test, { type ExecutionContext } from 'ava'
import { openSqliteStore } from '../../../server/store/sqlite.ts'
import { goodsOf } from '../store/shop-contract.ts'
import { folder } from '../world.ts'

const RACER = fileURLToPath(new URL('./racer.ts', import.meta.url))
const RACES = 500

test(`two users in two processes race for a single item ${RACES} times: always exactly one order`, async (t) => {
  t.timeout(300_000)
  const path = join(folder(t), 'server.db')
  const store = openSqliteStore(path)
  t.teardown(() => store.close())
  const alice = await racer(t, path, 'alice')
  const bob = await racer(t, path, 'bob')
  const won = { alice: 0, bob: 0 }
  for (let n = 0; n < RACES; n++) {
    const product = `ONE-${n}`
    await store.shop.putGoods([goodsOf(product, 1)])
    const [first, second] = await Promise.all([alice(product), bob(product)])
    t.deepEqual([first, second].sort(), ['OUT_OF_STOCK', 'paid'], product)
    won[first === 'paid' ? 'alice' : 'bob']++
    t.is((await store.shop.good(product))?.available, 0)
  }
  const orders = await store.shop.orders(undefined, 2 * RACES)
  t.is(orders.length, RACES)
  t.is(new Set(orders.map(({ items }) => items[0]?.product)).size, RACES)
  t.log(`alice got ${won.alice}, bob got ${won.bob}`)
  t.true(won.alice > 0 && won.bob > 0, 'one of them never won: that was no race')
})

/** @returns sends him for a product, and what came of it */
async function racer(t: ExecutionContext, path: string, user: string): Promise<(product: string) => Promise<string>> {
  const args = ['--disable-warning=ExperimentalWarning', RACER, path, user]
  const child: ChildProcessWithoutNullStreams = spawn(process.execPath, args, { stdio: 'pipe' })
  t.teardown(() => child.kill())
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async (): Promise<string> => String((await lines.next()).value)
  t.is(await next(), 'ready')
  return (product) => {
    child.stdin.write(`${product}\n`)
    return next()
  }
}
