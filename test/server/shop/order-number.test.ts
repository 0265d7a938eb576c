import test from 'ava'
import fc from 'fast-check'
import { orderId, orderNumber } from '../../../server/shop/order-number.ts'

test('six digits at least, more when there are more orders', (t) => {
  t.is(orderNumber(12), 'K-000012')
  t.is(orderNumber(999_999), 'K-999999')
  t.is(orderNumber(1_000_000), 'K-1000000')
  t.true(Buffer.byteLength(orderNumber(10 ** 12 - 1)) <= 16) // what a receipt has room for
})

test('both ways, and each order has one name', (t) => {
  const back = fc.property(fc.integer({ min: 1, max: 10 ** 12 - 1 }), (id) => orderId(orderNumber(id)) === id)
  t.notThrows(() => fc.assert(back))
  const digits = fc.string({ unit: fc.constantFrom('K', '-', ...'0123456789'), maxLength: 15 })
  const oneName = fc.property(fc.oneof(fc.string(), digits), (text) => {
    const id = orderId(text)
    return id === undefined || orderNumber(id) === text
  })
  t.notThrows(() => fc.assert(oneName))
})

test('what is no order number', (t) => {
  for (const text of [
    ...['', 'K-', '12', 'K-12', 'K-00012', 'K-0000012', 'K-000000', 'k-000012', 'K-00001a', 'K-000012\n', ' K-000012'],
    ...[
      'K-1e5555',
      'K--00012',
      'K-１２３４５６',
      'K-9999999999999',
      "K-000012' OR 1=1 --",
      '<b>K-000012</b>',
      'K-000012\u0000',
    ],
  ]) {
    t.is(orderId(text), undefined, JSON.stringify(text))
  }
})
