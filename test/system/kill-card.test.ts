import test from 'ava'
import { seeded } from '../random.ts'
import { enrolled, logIn, wholeLogin, withTerminal } from './fixture.ts'
import { lastWords } from './last-words.ts'

const SEED = 20_000_523
const KILLS = 50
/** A login with fast lines takes about this long, milliseconds: kills fall before, into and after it. */
const SPAN_MS = 1400

test(`the card loses its power at ${KILLS} random moments of a login: enrolment and next login stand (seed ${SEED})`, async (t) => {
  t.timeout(600_000)
  t.log(`seed ${SEED}`)
  const random = seeded(SEED)
  const world = await enrolled(t, lastWords(t))
  let broken = 0
  for (let n = 0; n < KILLS; n++) {
    let login = Promise.resolve('')
    // The cable of the simulator stays plugged in when the card loses its power: it is the PC that lets go.
    await withTerminal(world, async (terminal) => {
      login = logIn(terminal).then(
        () => 'ended',
        () => 'broken',
      )
      await new Promise((resolve) => setTimeout(resolve, random(SPAN_MS)))
      await world.card.kill()
    })
    if ((await login) === 'broken') broken++
    await world.startCard()
    t.true((await wholeLogin(world)) > 0)
  }
  t.true(broken > KILLS / 4, `only ${broken} logins were broken: the kills miss`)
  t.false(world.server.events.some(({ event }) => String(event).includes('clone')))
})
