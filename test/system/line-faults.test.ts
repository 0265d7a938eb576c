import { cp } from 'node:fs/promises'
import test, { type ExecutionContext } from 'ava'
import type { World } from '../../demo/world.ts'
import { CARD_NUMBER, SERVER_NUMBER } from '../../demo/world.ts'
import { KeylineError, type Terminal } from '../../host-driver/index.ts'
import { enrolled, logIn, PASSWORD, running, session, USER, wholeLogin, withTerminal } from './fixture.ts'

/** What a login that must fail fails with: a code, a sentence and a cure. */
async function failure(t: ExecutionContext, attempt: Promise<unknown>): Promise<string> {
  const error = await t.throwsAsync(attempt, { instanceOf: KeylineError })
  t.truthy(error?.what)
  t.truthy(error?.cure)
  return error?.code ?? ''
}

function events(world: World, name: string): number {
  return world.server.events.filter(({ event }) => event === name).length
}

test('a lost response is repaired by repeating the call, with the very same bytes', async (t) => {
  const world = await enrolled(t)
  await withTerminal(world, async (terminal) => {
    const login = session(terminal)
    // The call loses its carrier with the first byte of the response.
    await world.sim.command({ do: 'cut', after: 1, direction: 'down' })
    const opened = await login
    t.is(opened.call.attempts, 2)
    t.is(events(world, 'answer.repeated'), 1)
    t.is(events(world, 'login.permitted'), 1)
    t.true((await opened.menu()).length > 0)
    await opened.close()
  })
})

test('a copied card is noticed and locked, and an alarm raised', async (t) => {
  const world = await enrolled(t)
  const copy = `${world.folder}/copy`
  await world.card.stop()
  await cp(world.cardStore, copy, { recursive: true })
  await world.startCard()
  t.true((await wholeLogin(world)) > 0)
  // The copy calls with the ratchet that the card has used already.
  await world.card.stop()
  await world.startCard(copy)
  await withTerminal(world, async (terminal) => {
    const login = await logIn(terminal)
    t.is(login.verdict === 'refused' && login.reason, 'CARD_LOCKED')
  })
  t.is(events(world, 'card.cloned'), 1)
  // The true card is locked too: nobody can tell which is which.
  await world.card.stop()
  await world.startCard()
  await withTerminal(world, async (terminal) => {
    const login = await logIn(terminal)
    t.is(login.verdict === 'refused' && login.reason, 'CARD_LOCKED')
  })
})

test('cut at any byte of the request or the response: one clear end, and the next login works', async (t) => {
  t.timeout(300_000)
  const world = await enrolled(t)
  for (const [direction, after] of [
    ['up', 0],
    ['up', 1],
    ['up', 70],
    ['down', 1],
    ['down', 60],
  ] as const) {
    await withTerminal(world, async (terminal) => {
      const login = session(terminal)
      await world.sim.command({ do: 'cut', after, direction })
      await (await login).close()
    })
    t.true((await wholeLogin(world)) > 0, `${direction} ${after}`)
  }
})

test('busy, no answer, no modem, not enrolled, wrong password: each has its code, and nothing stays stuck', async (t) => {
  t.timeout(300_000)
  const world = await running(t, { sim: ['--ring-for', '4000'] })
  await withTerminal(world, async (terminal: Terminal) => {
    t.is(await failure(t, logIn(terminal)), 'CARD_NOT_ENROLLED')
    const ticket = await world.ticket()
    await terminal.enrol(ticket)
    await world.sim.command({ do: 'modem', number: SERVER_NUMBER, answer: 'busy' })
    t.is(await failure(t, logIn(terminal)), 'LINE_BUSY')
    await world.sim.command({ do: 'modem', number: SERVER_NUMBER, answer: 'no-answer' })
    t.is(await failure(t, logIn(terminal)), 'LINE_NO_ANSWER')
    await world.sim.command({ do: 'modem', number: SERVER_NUMBER, answer: 'normal' })
    await world.sim.command({ do: 'modem', number: CARD_NUMBER, answer: 'silent' })
    t.is(await failure(t, logIn(terminal)), 'MODEM_ABSENT')
    await world.sim.command({ do: 'modem', number: CARD_NUMBER, answer: 'normal' })
    for (const [userId, password] of [
      [USER, 'wrong-horse'],
      ['nobody', PASSWORD],
    ] as const) {
      const login = await terminal.login({ userId, password })
      t.is(login.verdict === 'refused' && login.reason, 'LOGIN_REFUSED')
    }
    await (await session(terminal)).close()
  })
})

test('a used ticket and an unknown card', async (t) => {
  t.timeout(120_000)
  const world = await running(t)
  const ticket = await world.ticket()
  await withTerminal(world, (terminal) => terminal.enrol(ticket))
  await world.card.stop()
  await world.startCard(`${world.folder}/second`)
  await withTerminal(world, async (terminal) => t.is(await failure(t, terminal.enrol(ticket)), 'TICKET_USED'))
  t.is((await world.ticket('card-2')).startsWith('keyline:'), true)
})
