import test from 'ava'
import { addressType, identityOf } from '../../sim/identity.ts'

test('check digits, worked out by hand', (t) => {
  // 35000000345678, every other digit from the right doubled, digits of those added: 7+7+3+5+8+3+1+3 = 37, so 3.
  t.is(identityOf('+818012345678').imei, '350000003456783')
  t.is(identityOf('+818012345678').iccid.slice(0, 18), '898100008012345678')
})

test('short numbers are filled up, signs do not count', (t) => {
  t.is(identityOf('119').imsi, '001010000000119')
  t.deepEqual(identityOf('+119'), identityOf('119'))
  for (const number of ['1', '119', '+8131', '+999999999999999']) {
    const { imei, imsi, iccid } = identityOf(number)
    t.deepEqual([imei.length, imsi.length, iccid.length], [15, 15, 19], number)
  }
})

test('only numbers with a plus are international', (t) => {
  t.is(addressType('+8131'), 145)
  t.is(addressType('119'), 129)
})
