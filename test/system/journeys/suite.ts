import { setTimeout as sleep } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import type { Bearer } from '../../../demo/network.ts'
import { CARD_NUMBER, type World } from '../../../demo/world.ts'
import { KeylineError, Terminal } from '../../../host-driver/index.ts'
import { Shop } from '../../../host-driver/requests/shop-api.ts'
import { enrolled, logIn, PASSWORD, session, USER, withTerminal } from '../fixture.ts'
import { readBooks } from '../shop/books.ts'
import { PERSON, type ShopWorld, shopWorld } from '../shop/fixture.ts'

/** One way, milliseconds: fast lines, so that the suite is quick on each bearer. */
const FAST = {
  call: { rate: 64_000, latencyMs: 5 },
  packet: { rate: 1_000_000, latencyMs: 5 },
  sms: { rate: 0, latencyMs: 20 },
}
/** A network that is cut stays so for so long, milliseconds. */
const OUTAGE_MS = 500
const TIMEOUT_MS = 240_000

/** When the line is cut, in the states of the card. */
const STAGES = ['connected', 'exchanging', 'paying'] as const
type Stage = (typeof STAGES)[number]

/** Cuts the network that this bearer uses, while something is on its way. */
async function cut(world: World, bearer: Bearer): Promise<void> {
  if (bearer === 'call') await world.sim.command({ do: 'cut-now' })
  else if (bearer === 'packet') await world.sim.command({ do: 'packet', number: CARD_NUMBER, drop: 'context' })
  else {
    await world.sim.command({ do: 'sms', loss: 1 })
    await sleep(OUTAGE_MS)
    await world.sim.command({ do: 'sms', loss: 0 })
  }
}

/** A terminal whose line is cut once, at a stage of its first job. */
async function cutTerminal(t: ExecutionContext, world: World, bearer: Bearer, stage: Stage) {
  let cutting: Promise<void> | undefined
  const terminal = await Terminal.open({
    card: world.cardPort,
    onProgress: (event) => {
      if (event.type === 'line' && event.state === stage) cutting ??= cut(world, bearer)
    },
  })
  t.teardown(() => terminal.close())
  const wasCut = async (): Promise<boolean> => {
    await cutting
    return cutting !== undefined
  }
  return { terminal, wasCut }
}

async function newTag(shop: Shop) {
  await shop.setItem('L-100', 1)
  return shop.finish()
}

/** What every bearer must do, in the same words (SYSTEM.md §5, D-4). One after the other: each has a world of processes. */
export function journeys(bearer: Bearer): void {
  const options = { bearer, ...FAST[bearer] }

  test.serial(`${bearer}: login, menu and logout; one message each way`, async (t) => {
    t.timeout(TIMEOUT_MS)
    const world = await enrolled(t, options)
    await withTerminal(world, async (terminal) => {
      const opened = await session(terminal)
      t.true((await opened.menu()).length > 3)
      const { messagesUp, messagesDown, tried, attempts } = opened.call
      t.deepEqual({ messagesUp, messagesDown, attempts }, { messagesUp: 1, messagesDown: 1, attempts: 1 })
      t.deepEqual(
        tried.map((it) => it.bearer),
        [bearer],
      )
      t.true((await opened.close()).serverErased)
    })
  })

  test.serial(`${bearer}: a wrong password and an unknown user are refused over the line (S4)`, async (t) => {
    t.timeout(TIMEOUT_MS)
    const world = await enrolled(t, options)
    await withTerminal(world, async (terminal) => {
      for (const wrong of [
        { userId: USER, password: 'wrong' },
        { userId: 'nobody', password: PASSWORD },
      ]) {
        const outcome = await terminal.login(wrong)
        t.like(outcome, { verdict: 'refused', reason: 'LOGIN_REFUSED' })
      }
      t.is((await logIn(terminal)).verdict, 'permitted')
    })
  })

  test.serial(`${bearer}: tag and personal data, a refused card, a used tag`, async (t) => {
    t.timeout(TIMEOUT_MS)
    const shop = await shopWorld(t, options)
    await withTerminal(shop.world, async (terminal) => {
      const opened = await session(terminal)
      const { tag, amount, currency } = await newTag(new Shop(opened.fetch, 3))
      const request = { userId: USER, tag, expected: { amount, currency }, embodiment: 3 } as const
      const declined = await terminal.pay({ ...request, data: { ...PERSON, cardNumber: '4000000000000002' } })
      t.is(declined.outcome, 'declined')
      const paid = await terminal.pay({ ...request, data: PERSON })
      t.is(paid.outcome, 'paid')
      const again = await terminal.pay({ ...request, data: PERSON })
      t.like(again, { outcome: 'refused', reason: 'TAG_USED' })
      await opened.close()
    })
    await chargedOnce(t, shop, 1)
  })

  for (const stage of STAGES.filter((it) => it !== 'paying')) {
    test.serial(`${bearer}: cut while ${stage}: the login comes about all the same, once`, async (t) => {
      t.timeout(TIMEOUT_MS)
      const world = await enrolled(t, options)
      const { terminal, wasCut } = await cutTerminal(t, world, bearer, stage)
      const opened = await session(terminal)
      t.true(await wasCut())
      t.true((await opened.menu()).length > 3)
      await opened.close()
      const permitted = world.server.events.filter(({ event }) => event === 'login.permitted')
      t.is(permitted.length, 1)
      t.false(world.server.events.some(({ event }) => event === 'card.cloned'))
    })
  }

  test.serial(
    `${bearer}: cut while paying: charged once or not at all, and the user is told what is known`,
    async (t) => {
      t.timeout(TIMEOUT_MS)
      const shop = await shopWorld(t, options)
      const { terminal, wasCut } = await cutTerminal(t, shop.world, bearer, 'paying')
      const opened = await session(terminal)
      const { tag, amount, currency } = await newTag(new Shop(opened.fetch, 3))
      let told: string
      try {
        const request = { userId: USER, tag, expected: { amount, currency }, data: PERSON, embodiment: 3 } as const
        told = (await terminal.pay(request)).outcome
      } catch (error) {
        if (!(error instanceof KeylineError)) throw error
        told = error.code
      }
      t.true(await wasCut())
      t.true(['paid', 'LINE_OUTCOME_UNKNOWN'].includes(told), told)
      await opened.close()
      await chargedOnce(t, shop, told === 'paid' ? 1 : 0)
    },
  )
}

/** @param least how often at least */
async function chargedOnce(t: ExecutionContext, shop: ShopWorld, least: 0 | 1): Promise<void> {
  for (let tries = 0; tries < 100 && (await readBooks(shop)).unsettled > 0; tries++) await sleep(500)
  const [tag] = (await readBooks(shop)).tags
  t.true(tag !== undefined && tag.charges >= least && tag.charges <= 1, JSON.stringify(tag))
}
