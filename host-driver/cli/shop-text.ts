import type { Receipt } from '../../wire/line/receipt.ts'
import { money } from '../../wire/money.ts'
import type { Tag } from '../requests/shop-api.ts'

interface Item {
  readonly product: string
  readonly quantity: number
  /** Of one, minor units. */
  readonly price: number
  readonly name: string
}

/** One line an item, and their sum. */
export function itemLines(items: readonly Item[], amount: number, currency: string): string[] {
  const prices = items.map(({ price, quantity }) => money(price * quantity, currency))
  const total = money(amount, currency)
  const widest = Math.max(total.length, ...prices.map(({ length }) => length))
  const longest = Math.max(5, ...items.map(({ product }) => product.length))
  const lines = items.map(({ product, quantity, name }, n) => {
    return `  ${String(quantity).padStart(2)} × ${product.padEnd(longest)}  ${prices[n]?.padStart(widest)}  ${name}`
  })
  return [...lines, `  ${'Total'.padEnd(longest + 5)}  ${total.padStart(widest)}`]
}

/** @param names of the products, which a receipt does not hold */
export function receiptLines(
  { order, at, items, amount, currency, brand, lastFour }: Receipt,
  names: Tag['items'],
): string[] {
  const named = items.map((item) => {
    return { ...item, name: names.find(({ product }) => product === item.product)?.name ?? item.product }
  })
  const paid = `Paid with ${brand} ending in ${lastFour}.`
  return [`Receipt ${order}, ${moment(new Date(at * 1000))}`, ...itemLines(named, amount, currency), paid]
}

/** As 2026-03-20 11:22, local time. */
export function moment(at: Date): string {
  return at.toLocaleString('sv').slice(0, 16)
}

/** A tag for `--json`: its receipt as base64url, as it came. */
export function tagFields({ receipt, ...tag }: Tag): Readonly<Record<string, unknown>> {
  return { ...tag, receipt: receipt === null ? null : Buffer.from(receipt).toString('base64url') }
}
