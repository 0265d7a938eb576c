import { z } from 'zod'
import { money } from '../../wire/money.ts'
import { COMMON } from '../arguments.ts'
import { ServerError } from '../errors.ts'
import { orderId, orderNumber } from '../shop/order-number.ts'
import type { ShopStore, StoredOrder } from '../store/shop-store.ts'
import { type Command, columns, command } from './command.ts'

const schema = z.object(COMMON)
const words = ['K-NUMBER']
const ORDERS_MAX = 1000

/** What the operator does with orders (S35, S69: shipment). What was kept of a card is its brand and last four digits. */
export const ORDER_COMMANDS: Readonly<Record<string, Command>> = {
  'order list': command({
    schema: z.object({ ...COMMON, user: z.string().min(1, 'is missing').optional() }),
    options: { user: { type: 'string' } },
    run: async ({ store }, _words, { user }) => {
      const orders = await store.shop.orders(user, ORDERS_MAX)
      const rows = orders.map((order) => [
        ...[orderNumber(order.orderId), time(order.createdAt), plain(order.userId), order.state],
        ...[money(order.amount, order.currency), order.shipment === 'none' ? '' : order.shipment],
      ])
      return { text: columns(rows), fields: { orders: orders.map(fieldsOf) } }
    },
  }),
  'order show': command({
    schema,
    words,
    run: async ({ store }, [word = '']) => {
      const order = await find(store.shop, word)
      const card = `${order.brand} ending in ${order.lastFour}`
      const facts = [
        ['order', orderNumber(order.orderId)],
        ['user', plain(order.userId)],
        ['made', time(order.createdAt)],
        ['state', order.refusal === '' ? order.state : `${order.state}: ${order.refusal}`],
        ['paid', order.paidAt === undefined ? 'no' : `${time(order.paidAt)}, ${card}`],
        ['amount', money(order.amount, order.currency)],
        ['shipment', order.shipment],
      ]
      const text = `${columns(facts)}\n\n${items(order)}\n\n${address(order)}`
      return { text, fields: { order: fieldsOf(order) } }
    },
  }),
  'order slip': command({
    schema,
    words,
    run: async ({ store }, [word = '']) => {
      const order = await find(store.shop, word)
      if (order.state !== 'paid') throw new ServerError('ORDER_NOT_PAID', `${word} is not paid: ${order.state}`)
      const named = await Promise.all(
        order.items.map(async ({ product, quantity }) => {
          return { product, name: (await store.shop.good(product))?.name ?? '', quantity }
        }),
      )
      const rows = named.map(({ product, name, quantity }) => [`${quantity} ×`, product, plain(name)])
      const head = `Order ${word}\nPaid ${time(order.paidAt ?? 0)}`
      const text = `${head}\n\nTo\n${address(order)}\n\nItems\n${columns(rows)}`
      const { orderId: _, name, street, postalCode, city, country, contact } = order
      const to = { name, street, postalCode, city, country, contact }
      return { text, fields: { order: word, paidAt: time(order.paidAt ?? 0), to, items: named } }
    },
  }),
  'order ship': command({
    schema,
    words,
    run: async ({ store, now }, [word = '']) => {
      const order = await find(store.shop, word)
      if (!(await store.shop.shipOrder(order.orderId, now()))) {
        throw new ServerError('ORDER_NOT_PENDING', `${word} is not waiting for shipment`)
      }
      return { text: `order ${word} was shipped`, fields: { order: word, shipment: 'shipped' } }
    },
  }),
}

/** @throws ServerError USAGE, ORDER_UNKNOWN */
async function find(shop: ShopStore, word: string): Promise<StoredOrder> {
  const id = orderId(word)
  if (id === undefined) throw new ServerError('USAGE', 'expected an order number, as K-000012')
  const order = await shop.order(id)
  if (order === undefined) throw new ServerError('ORDER_UNKNOWN', `there is no order ${word}`)
  return order
}

/** Tag and idempotency key are left out: whoever sees this output needs neither. */
function fieldsOf(order: StoredOrder): Readonly<Record<string, unknown>> {
  const { orderId: id, tag: _, key: __, receipt: ___, createdAt, paidAt, ...rest } = order
  return {
    order: orderNumber(id),
    ...rest,
    createdAt: time(createdAt),
    paidAt: paidAt === undefined ? null : time(paidAt),
  }
}

function items({ items: all, currency }: StoredOrder): string {
  return columns(all.map(({ product, quantity, price }) => [`${quantity} ×`, product, money(price, currency)]))
}

function address({ name, street, postalCode, city, country, contact }: StoredOrder): string {
  const lines = [name, street, `${postalCode} ${city}`, country, contact]
  return lines
    .filter((line) => line !== '')
    .map(plain)
    .join('\n')
}

function time(at: number): string {
  return new Date(at).toISOString()
}

/** Whatever a customer typed moves no cursor and makes no line of its own. */
function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '\ufffd')
}
