import test from 'ava'
import { cardTraces } from '../../../server/settlement/card-brand.ts'

const number = (prefix: string): string => prefix.padEnd(16, '1')

test('brands by their first digits, at both ends of each range', (t) => {
  for (const [brand, prefixes] of [
    ['Visa', ['4', '49']],
    ['Mastercard', ['51', '55', '2221', '2720', '2500']],
    ['American Express', ['34', '37']],
    ['JCB', ['3528', '3589']],
    ['Discover', ['6011', '644', '649', '65']],
    [
      'card',
      ['50', '56', '2220', '2721', '33', '35270', '3590', '36', '38', '6010', '6012', '643', '66', '1', '9', '0'],
    ],
  ] as const) {
    for (const prefix of prefixes) t.is(cardTraces(number(prefix)).brand, brand, prefix)
  }
})

test('nothing else of the number is kept', (t) => {
  t.deepEqual(cardTraces('4242424242421234'), { brand: 'Visa', lastFour: '1234' })
  t.deepEqual(cardTraces('378282246310005'), { brand: 'American Express', lastFour: '0005' })
})
