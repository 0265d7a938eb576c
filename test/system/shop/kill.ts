import { setTimeout as sleep } from 'node:timers/promises'
import type { ExecutionContext } from 'ava'
import { KeylineError, type Session, Terminal } from '../../../host-driver/index.ts'
import { Shop } from '../../../host-driver/requests/shop-api.ts'
import { seeded } from '../../random.ts'
import { session as logIn } from '../fixture.ts'
import { readBooks } from './books.ts'
import { PERSON, type ShopWorld } from './fixture.ts'

export type Victim = 'server' | 'acquirer' | 'card'

/** Each answer of the card company takes so long, milliseconds: then the kills fall into every part of a settlement too. */
const SLOW = { do: 'behave', as: 'slow', ms: 400 } as const
/** An order that nobody works on is settled within this time, milliseconds: leases of dead calls run a minute. */
const SETTLED_MS = 120_000

interface Row {
  readonly n: number
  readonly atMs: number
  readonly told: string
  readonly tag: string
  charges: number
  order: string
}

/**
 * Buys again and again, and kills one of the programs with signal 9 at a random moment of each purchase. When everything is up again each
 * tag has zero or one charge, money and orders agree, no stock is lost, and the shop tells the user what the card company knows.
 */
export async function killDuring(t: ExecutionContext, shop: ShopWorld, victim: Victim, kills: number, seed: number) {
  t.log(`seed ${seed}`)
  const random = seeded(seed)
  await shop.acquirer.command(SLOW)
  const rows: Row[] = []
  let terminal = await Terminal.open({ card: shop.world.cardPort })
  let session: Session | undefined = await logIn(terminal)
  // The first purchase is left alone, and tells how long one takes: the kills fall anywhere in it.
  const startedAt = performance.now()
  t.is(await pay(terminal, session.userId, await newTag(session)), 'paid')
  const span = Math.ceil(performance.now() - startedAt)
  for (let n = 0; n < kills; n++) {
    session ??= await logIn(terminal)
    const tag = await newTag(session)
    const atMs = random(span)
    const over = pay(terminal, session.userId, tag)
    await sleep(atMs)
    await kill(shop, victim)
    await revive(shop, victim)
    rows.push({ n, atMs, tag: tag.tag, told: await over, charges: 0, order: '' })
    if (victim === 'card') {
      await terminal.close()
      terminal = await Terminal.open({ card: shop.world.cardPort })
    }
    // A server that starts again has erased its sessions.
    if (victim === 'server') {
      await session.close()
      session = undefined
    }
  }
  session ??= await logIn(terminal)
  await settled(t, shop)
  await compare(t, shop, session, rows)
  await session.close()
  await terminal.close()
  t.log(table(victim, rows))
  const broken = rows.filter(({ told }) => told !== 'paid').length
  t.true(broken > kills / 10, `only ${broken} purchases were disturbed: the kills miss`)
  t.true(
    rows.some(({ told }) => told === 'paid'),
    'no purchase went through: this says little',
  )
}

async function newTag(session: Session) {
  const shop = new Shop(session.fetch, 3)
  const basket = await shop.basket()
  if (basket.tag !== null && basket.tag.state === 'open') await shop.cancel(basket.tag.tag)
  await shop.setItem('L-100', 1)
  return shop.finish()
}

/** What the user is told at once. */
async function pay(terminal: Terminal, userId: string, { tag, amount, currency }: Awaited<ReturnType<typeof newTag>>) {
  try {
    const expected = { amount, currency }
    const { outcome } = await terminal.pay({ userId, tag, expected, data: PERSON, embodiment: 3 })
    return outcome
  } catch (error) {
    if (error instanceof KeylineError) return error.code
    throw error
  }
}

async function kill({ world, acquirer }: ShopWorld, victim: Victim): Promise<void> {
  if (victim === 'server') await world.server.kill()
  else if (victim === 'card') await world.card.kill()
  else await acquirer.kill()
}

async function revive(shop: ShopWorld, victim: Victim): Promise<void> {
  if (victim === 'server') await shop.world.startServer()
  else if (victim === 'card') await shop.world.startCard()
  else {
    await shop.restartAcquirer()
    await shop.acquirer.command(SLOW)
  }
}

/** Until the server's worker has nothing left to settle. */
async function settled(t: ExecutionContext, shop: ShopWorld): Promise<void> {
  for (let waited = 0; (await readBooks(shop)).unsettled > 0; waited += 500) {
    if (waited > SETTLED_MS) return t.fail('orders stay unsettled')
    await sleep(500)
  }
}

async function compare(t: ExecutionContext, shop: ShopWorld, session: Session, rows: readonly Row[]): Promise<void> {
  const books = await readBooks(shop)
  t.deepEqual(Object.values(books.missing), [0, 0], 'stock was lost')
  const orders = await new Shop(session.fetch, 3).orders()
  for (const row of rows) {
    const tag = books.tags.find((one) => one.tag === row.tag)
    if (tag === undefined) return t.fail(`${row.n}: the tag is gone`)
    row.charges = tag.charges
    row.order = tag.orderStates.join(' ')
    const about = `purchase ${row.n}, killed after ${row.atMs} ms, told ${row.told}: ${row.order}, ${tag.charges} charges`
    t.true(tag.charges <= 1, about)
    const paid = tag.orderStates.filter((state) => state === 'paid').length
    t.is(paid, tag.charges, about)
    t.is(tag.charged, paid * tag.amount, about)
    t.is(tag.state === 'used', paid === 1, about)
    // What the user was told at once is true, or says that it is not known.
    if (row.told === 'paid') t.is(paid, 1, about)
    else if (!UNKNOWN.includes(row.told)) t.is(paid, 0, about)
    // And what the shop tells him now is the whole truth.
    const shown = orders.filter((order) => order.tag === row.tag && order.state === 'paid').length
    t.is(shown, paid, about)
  }
}

/** Answers that leave open whether it was paid: then the user is told to look at the order. */
const UNKNOWN: readonly string[] = ['LINE_OUTCOME_UNKNOWN', 'pending']

function table(victim: Victim, rows: readonly Row[]): string {
  const head = `  n  killed after  told the user          order            charges   (${victim})`
  const lines = rows.map(
    ({ n, atMs, told, order, charges }) =>
      `${String(n).padStart(3)}  ${String(atMs).padStart(9)} ms  ${told.padEnd(22)} ${order.padEnd(16)} ${charges}`,
  )
  return [head, ...lines].join('\n')
}
