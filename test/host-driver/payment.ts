import type { PayRequest } from '../../host-driver/flows/pay.ts'

export const TAG = `${'q'.repeat(21)}g`
export const EXPECTED = { amount: 129_800, currency: 'JPY' }
export const PAY: PayRequest = {
  userId: 'alice',
  tag: TAG,
  expected: EXPECTED,
  data: {
    cardNumber: '4539578763621486',
    expiryMonth: 12,
    expiryYear: 2030,
    securityCode: '987',
    name: 'Hanako Aoyama',
    street: '1-2-3 Nowhere Street',
    postalCode: '100-0001',
    city: 'Tokyo',
    country: 'JP',
    contact: '',
  },
  embodiment: 2,
}
