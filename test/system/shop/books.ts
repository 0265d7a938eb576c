import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { ShopWorld } from './fixture.ts'

/** What stands in the books of server and card company, read from outside. */
export interface Books {
  /** Charges and orders of each tag. */
  readonly tags: readonly {
    readonly tag: string
    readonly state: string
    readonly orderStates: readonly string[]
    readonly charges: number
    /** What moved, minor units. */
    readonly charged: number
    readonly amount: number
  }[]
  /** Per product: delivered less available, held and sold; nothing is lost when all are zero. */
  readonly missing: Readonly<Record<string, number>>
  readonly unsettled: number
}

export async function readBooks({ world, acquirer, delivered }: ShopWorld): Promise<Books> {
  const payments = new Map((await acquirer.payments()).map((payment) => [payment.key, payment]))
  const db = new DatabaseSync(join(world.serverData, 'server.db'), { readOnly: true })
  const rows = (sql: string) => db.prepare(sql).all()
  const orders = rows('SELECT tag, state, idempotency_key AS key FROM orders ORDER BY order_id')
  const tags = rows('SELECT tag, state, amount FROM purchase_tags').map(({ tag, state, amount }) => {
    const own = orders.filter((order) => order.tag === tag)
    const paid = own.flatMap(({ key }) => payments.get(String(key)) ?? [])
    return {
      tag: String(tag),
      state: String(state),
      amount: Number(amount),
      orderStates: own.map((order) => String(order.state)),
      charges: paid.reduce((sum, { charges }) => sum + charges, 0),
      charged: paid.reduce((sum, { charges, amount }) => sum + charges * amount, 0),
    }
  })
  const sql = `SELECT product, available
    + coalesce((SELECT sum(quantity) FROM purchase_tag_items i JOIN purchase_tags t USING (tag)
      WHERE i.product = g.product AND t.state IN ('open', 'paying')), 0)
    + coalesce((SELECT sum(quantity) FROM order_items i JOIN orders o USING (order_id)
      WHERE i.product = g.product AND o.state = 'paid'), 0) AS there FROM goods g`
  const missing = Object.fromEntries(
    rows(sql).map(({ product, there }) => {
      return [String(product), (delivered[String(product)] ?? 0) - Number(there)]
    }),
  )
  const unsettled = orders.filter(({ state }) => state === 'authorising' || state === 'authorised').length
  db.close()
  return { tags, missing, unsettled }
}
