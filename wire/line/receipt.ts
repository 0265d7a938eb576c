import { decodeArray, encodeArray, LineFormatError, numberField, textField } from './cbor.ts'
import { AMOUNT_MAX, currencyField } from './purchase.ts'

/*
 * The receipt of a purchase (S35, S69), type RECEIPT_TYPE, one CBOR array:
 *
 *   [order number, time in seconds since 1970, amount, currency, [[product number, quantity, price], …], card brand, last four digits]
 *
 * The server keeps these very bytes and shows them over the session too, so that both paths can be compared.
 */
export const RECEIPT_TYPE = 'application/vnd.keyline.receipt+cbor'
const ITEMS_MAX = 100
const TIME_MAX = 2 ** 40
export const PRODUCT_NUMBER = /^[A-Z0-9][A-Z0-9-]{0,15}$/
export const QUANTITY_MAX = 99

export interface ReceiptItem {
  readonly product: string
  readonly quantity: number
  /** Of one, minor units. */
  readonly price: number
}

export interface Receipt {
  /** As K-000012. */
  readonly order: string
  /** Seconds since 1970. */
  readonly at: number
  readonly amount: number
  readonly currency: string
  readonly items: readonly ReceiptItem[]
  /** As Visa; `card` when it is not known. */
  readonly brand: string
  readonly lastFour: string
}

export function encodeReceipt({ order, at, amount, currency, items, brand, lastFour }: Receipt): Uint8Array {
  const rows = items.map(({ product, quantity, price }) => [product, quantity, price])
  return encodeArray([order, at, amount, currency, rows, brand, lastFour])
}

/** @throws LineFormatError */
export function decodeReceipt(bytes: Uint8Array): Receipt {
  const fields = decodeArray(bytes)
  const rows = fields[4]
  if (fields.length !== 7 || !Array.isArray(rows) || rows.length > ITEMS_MAX) {
    throw new LineFormatError('expected a receipt')
  }
  return {
    order: textField(fields[0], 'order number', 1, 16),
    at: numberField(fields[1], 'time', 0, TIME_MAX),
    amount: numberField(fields[2], 'amount', 0, AMOUNT_MAX),
    currency: currencyField(fields[3]),
    items: rows.map(item),
    brand: textField(fields[5], 'brand', 1, 20),
    lastFour: textField(fields[6], 'last four digits', 4, 4),
  }
}

function item(row: unknown): ReceiptItem {
  if (!Array.isArray(row) || row.length !== 3) throw new LineFormatError('expected an item of a receipt')
  const product = textField(row[0], 'product number', 1, 16)
  if (!PRODUCT_NUMBER.test(product)) throw new LineFormatError('expected a product number')
  return {
    product,
    quantity: numberField(row[1], 'quantity', 1, QUANTITY_MAX),
    price: numberField(row[2], 'price', 0, AMOUNT_MAX),
  }
}
