import test from 'ava'
import { shopWorld } from './fixture.ts'
import { killDuring } from './kill.ts'

const SEED = 20_000_528
const KILLS = 50

test(`the acquirer is killed at ${KILLS} random moments of a purchase: each tag is charged once or not at all (seed ${SEED})`, async (t) => {
  t.timeout(900_000)
  await killDuring(t, await shopWorld(t), 'acquirer', KILLS, SEED)
})
