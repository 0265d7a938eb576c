import { setTimeout as sleep } from 'node:timers/promises'
import type { ExecutionContext } from 'ava'
import { KeylineError, type Progress, type Session, Terminal } from '../../../host-driver/index.ts'
import { Shop } from '../../../host-driver/requests/shop-api.ts'
import { seeded } from '../../random.ts'
import { session as logIn } from '../fixture.ts'
import { readBooks } from './books.ts'
import { PERSON, type ShopWorld } from './fixture.ts'

export async function slowAcquirer({ acquirer }: ShopWorld): Promise<void> {
  await acquirer.command(SLOW)
}

export type Victim = 'server' | 'acquirer' | 'card'

/** Each answer of the card company takes so long, milliseconds: then the kills fall into every part of a settlement too. */
const SLOW = { do: 'behave', as: 'slow', ms: 400 } as const
/** An order that nobody works on is settled within this time, milliseconds: leases of dead calls run a minute. */
const SETTLED_MS = 120_000

export interface KillRow {
  readonly n: number
  /** What the time is counted from: the wish to pay, the personal data on their way (S68), or, of the last one, the answer. */
  readonly from: 'start' | 'paying' | 'answer'
  readonly atMs: number
  readonly told: string
  readonly tag: string
  charges: number
  order: string
}

/**
 * Buys again and again, and kills one of the programs with signal 9 at a random moment of each purchase, and once right behind the answer: on
 * a machine that grew slower since the first purchase all others fall before it. When everything is up again each
 * tag has zero or one charge, money and orders agree, no stock is lost, and the shop tells the user what the card company knows.
 */
export async function killDuring(t: ExecutionContext, shop: ShopWorld, victim: Victim, kills: number, seed: number) {
  t.log(`seed ${seed}`)
  const random = seeded(seed)
  await slowAcquirer(shop)
  const rows: KillRow[] = []
  const moments = new Moments()
  const open = () => Terminal.open({ card: shop.world.cardPort, onProgress: (event) => moments.see(event) })
  let terminal = await open()
  let session: Session | undefined = await logIn(terminal)
  // The first purchase is left alone, and tells how long one takes: the kills fall anywhere in it. How long the line needs differs
  // from call to call, so every second kill is counted from the moment at which the personal data go.
  const begun = moments.begin()
  const paid = pay(terminal, session.userId, await newTag(session))
  await Promise.race([begun.paying, paid])
  const settlingAt = performance.now()
  t.is(await paid, 'paid')
  const now = performance.now()
  const spans = { start: Math.ceil(now - begun.at), paying: Math.ceil(now - settlingAt) }
  for (let n = 0; n <= kills; n++) {
    session ??= await logIn(terminal)
    const tag = await newTag(session)
    const half = n % 2 === 0 ? 'start' : 'paying'
    const from = n === kills ? 'answer' : half
    const atMs = from === 'answer' ? 0 : random(spans[from])
    const { paying } = moments.begin()
    const over = pay(terminal, session.userId, tag)
    if (from === 'paying') await Promise.race([paying, over])
    if (from === 'answer') await over
    await sleep(atMs)
    await kill(shop, victim)
    await revive(shop, victim)
    rows.push({ n, from, atMs, tag: tag.tag, told: await over, charges: 0, order: '' })
    if (victim === 'card') {
      await terminal.close()
      terminal = await open()
    }
    // A server that starts again has erased its sessions.
    if (victim === 'server') {
      await session.close()
      session = undefined
    }
  }
  session ??= await logIn(terminal)
  const lastShop = new Shop(session.fetch, 3)
  await settledAndCompared(t, shop, rows, () => lastShop.orders())
  await session.close()
  await terminal.close()
  t.log(killTable(victim, rows))
  t.true(bites(shop, victim, rows), 'no kill fell into a settlement: this says little')
  t.true(
    rows.some(({ told }) => told === 'paid'),
    'no purchase went through: this says little',
  )
}

/** Most kills are repaired unseen, by another call or another request. Some must have been felt all the same. */
function bites({ world }: ShopWorld, victim: Victim, rows: readonly KillRow[]): boolean {
  if (victim === 'acquirer') return world.server.events.some(({ event }) => event === 'acquirer.unreachable')
  return rows.some(({ told, order }) => told !== 'paid' || order !== 'paid')
}

/** Tells when the personal data of the purchase that was begun last go over the line. */
class Moments {
  #paying = (): void => {}

  begin(): { readonly at: number; readonly paying: Promise<void> } {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#paying = resolve
    return { at: performance.now(), paying: promise }
  }

  see(event: Progress): void {
    if (event.type === 'line' && event.state === 'paying') this.#paying()
  }
}

export async function newTag(session: Session) {
  const shop = new Shop(session.fetch, 3)
  const basket = await shop.basket()
  if (basket.tag !== null && basket.tag.state === 'open') await shop.cancel(basket.tag.tag)
  await shop.setItem('L-100', 1)
  return shop.finish()
}

/** What the user is told at once. */
export async function pay(
  terminal: Terminal,
  userId: string,
  { tag, amount, currency }: Awaited<ReturnType<typeof newTag>>,
) {
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
    await slowAcquirer(shop)
  }
}

/** Until the server's worker has nothing left to settle. */
async function settled(t: ExecutionContext, shop: ShopWorld): Promise<void> {
  for (let waited = 0; (await readBooks(shop)).unsettled > 0; waited += 500) {
    if (waited > SETTLED_MS) return t.fail('orders stay unsettled')
    await sleep(500)
  }
}

/** @param show what the shop tells the user in the end: his orders */
export async function settledAndCompared(
  t: ExecutionContext,
  shop: ShopWorld,
  rows: readonly KillRow[],
  show: () => Promise<unknown>,
) {
  await settled(t, shop)
  const orders = (await show()) as readonly { tag: string; state: string }[] // checked by the driver
  const books = await readBooks(shop)
  t.deepEqual([...new Set(Object.values(books.missing))], [0], 'stock was lost')
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
    const told = orders.filter((order) => order.tag === row.tag && order.state === 'paid').length
    t.is(told, paid, about)
  }
}

/** Answers that leave open whether it was paid: then the user is told to look at the order. */
const UNKNOWN: readonly string[] = ['LINE_OUTCOME_UNKNOWN', 'pending', 'gone']

export function killTable(victim: string, rows: readonly KillRow[]): string {
  const head = `  n  killed after           told the user          order            charges   (${victim})`
  const lines = rows.map(
    ({ n, from, atMs, told, order, charges }) =>
      `${String(n).padStart(3)}  ${from.padEnd(6)} ${String(atMs).padStart(9)} ms  ${told.padEnd(22)} ${order.padEnd(16)} ${charges}`,
  )
  return [head, ...lines].join('\n')
}
