import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { seeded } from '../random.ts'
import { enrolled, PASSWORD, USER, wholeLogin } from './fixture.ts'

const SEED = 20_000_525
const KILLS = 50
/** A process of Node starts in about 0.4 s, a login takes 1.4 s. */
const SPAN_MS = 2000
const DRIVER = fileURLToPath(new URL('./driver.ts', import.meta.url))

test(`the driver is killed at ${KILLS} random moments: the card hangs up, the next login works (seed ${SEED})`, async (t) => {
  t.timeout(600_000)
  t.log(`seed ${SEED}`)
  const random = seeded(SEED)
  const world = await enrolled(t)
  let killed = 0
  for (let n = 0; n < KILLS; n++) {
    const args = ['--disable-warning=ExperimentalWarning', DRIVER, world.cardPort, USER, PASSWORD]
    const child = spawn(process.execPath, args, { stdio: 'ignore' })
    const over = once(child, 'close')
    const timer = setTimeout(() => child.kill('SIGKILL'), random(SPAN_MS))
    const [, signal] = await over
    clearTimeout(timer)
    if (signal === 'SIGKILL') killed++
    t.true((await wholeLogin(world)) > 0)
  }
  t.true(killed > KILLS / 4, `only ${killed} drivers were killed: the kills miss`)
  const calls = world.sim.events.filter((event) => event.event === 'call')
  const begun = new Set(calls.map((call) => (call.event === 'call' ? call.id : 0)))
  for (const id of begun) {
    await world.sim.until((event) => event.event === 'call' && event.id === id && event.state === 'ended')
  }
})
