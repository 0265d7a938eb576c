import { setTimeout as sleep } from 'node:timers/promises'
import test from 'ava'
import { seeded } from '../../random.ts'
import { PERSON, shopWorld } from './fixture.ts'
import { computer } from './gateway.ts'
import { Visitor } from './gateway-visitor.ts'
import { type KillRow, killTable, settledAndCompared, slowAcquirer } from './kill.ts'

const SEED = 20_000_530
const KILLS = 50

test(`the gateway is killed at ${KILLS} random moments of a purchase: each tag is charged once or not at all (seed ${SEED})`, async (t) => {
  t.timeout(1_200_000)
  t.log(`seed ${SEED}`)
  const random = seeded(SEED)
  const shop = await shopWorld(t)
  await slowAcquirer(shop)
  const pc = computer(t, shop)
  const rows: KillRow[] = []
  let span = 0
  for (let n = -1; n < KILLS; n++) {
    await pc.logIn()
    const visitor = await Visitor.enter(await pc.gateway())
    const tag = await visitor.pick('L-100')
    const keeper = await pc.keeper()
    const startedAt = performance.now()
    const over = visitor.pay(tag, PERSON)
    if (n === -1) {
      // The first one is left alone, and tells how long a purchase takes.
      t.is(await over, 'paid')
      span = Math.ceil(performance.now() - startedAt)
      process.kill(keeper, 'SIGKILL')
      continue
    }
    const atMs = random(span)
    await sleep(atMs)
    process.kill(keeper, 'SIGKILL')
    rows.push({ n, from: 'start', atMs, tag, told: await over, charges: 0, order: '' })
  }
  await pc.logIn()
  await settledAndCompared(t, shop, rows, async () => (await pc.run(['shop', 'orders'])).orders)
  t.log(killTable('gateway', rows))
  t.true(rows.filter(({ told }) => told !== 'paid').length > KILLS / 10, 'the kills miss')
})
