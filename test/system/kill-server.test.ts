import test from 'ava'
import { seeded } from '../random.ts'
import { enrolled, logIn, wholeLogin, withTerminal } from './fixture.ts'

const SEED = 20_000_524
const KILLS = 50
const SPAN_MS = 1400

test(`the server is killed at ${KILLS} random moments of a login: nothing is lost (seed ${SEED})`, async (t) => {
  t.timeout(600_000)
  t.log(`seed ${SEED}`)
  const random = seeded(SEED)
  const world = await enrolled(t)
  let broken = 0
  for (let n = 0; n < KILLS; n++) {
    await withTerminal(world, async (terminal) => {
      const cancel = new AbortController()
      const login = logIn(terminal, cancel.signal).then(
        () => 'ended',
        () => 'broken',
      )
      await new Promise((resolve) => setTimeout(resolve, random(SPAN_MS)))
      await world.server.kill()
      cancel.abort()
      if ((await login) === 'broken') broken++
    })
    await world.startServer()
    t.true((await wholeLogin(world)) > 0)
  }
  t.true(broken > KILLS / 4, `only ${broken} logins were broken: the kills miss`)
})
