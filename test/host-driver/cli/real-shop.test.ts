import { readFile } from 'node:fs/promises'
import test from 'ava'
import { OpenShop } from '../../../host-driver/index.ts'
import { PASSWORD, USER } from '../../system/fixture.ts'
import { CA, PERSON, shopWorld } from '../../system/shop/fixture.ts'
import { home } from './run.ts'

const month = `${PERSON.expiryMonth}/${PERSON.expiryYear}`
const ADDRESS = [PERSON.name, PERSON.street, PERSON.postalCode, PERSON.city, PERSON.country, PERSON.contact]
const typed = (cardNumber: string): string =>
  [cardNumber, month, PERSON.securityCode, ...ADDRESS, 'y'].map((line) => `${line}\n`).join('')

test('the command line buys in the running world: in the session, and in the open', async (t) => {
  t.timeout(120_000)
  const { world, acquirer } = await shopWorld(t)
  const user = await home(t)
  const card = ['--card', world.cardPort]

  const login = await user.run(['login', '--user', USER, ...card], `${PASSWORD}\n`)
  t.is(login.code, 0, login.err)
  t.regex((await user.run(['shop', 'ls'])).out, /ONE +EUR 1,200\.00 +1 left +The last telegraph key/)
  await user.run(['shop', 'add', 'ONE'])
  const finished = await user.run(['shop', 'finish', '--json'])
  t.like(finished.last, { ok: true, state: 'open', amount: 120_000 }, finished.out)
  t.regex((await user.run(['shop', 'ls'])).out, /sold out +The last telegraph key/)

  const refused = await user.run(['pay', ...card, '--json'], typed('4000000000000002'))
  t.is(refused.code, 3)
  t.like(refused.last, { error: { code: 'PAYMENT_REFUSED' } })
  const paid = await user.run(['pay', ...card, '--json'], typed(PERSON.cardNumber))
  t.is(paid.code, 0, paid.out)
  t.like(paid.last, { ok: true, amount: 120_000, brand: 'Visa', lastFour: '4242', learned: 'line', shown: 'same' })
  t.regex((await user.run(['shop', 'orders'])).out, /^K-\d{6} .*EUR 1,200\.00 .*paid, shipment pending\n/)

  const shop = `https://${world.internet}`
  const tag = await openTag(shop)
  const open = await user.run(['pay', tag, '--shop', shop, '--ca', CA, ...card, '--json'], typed(PERSON.cardNumber))
  t.is(open.code, 0, open.out)
  t.like(open.last, { ok: true, tag, amount: 9980, learned: 'line', shown: 'same' })
  const twice = await user.run(['pay', tag, '--shop', shop, '--ca', CA, ...card, '--json'])
  t.like(twice.last, { error: { code: 'TAG_USED' } })

  const charges = (await acquirer.payments()).map(({ state, charges }) => [state, charges])
  t.deepEqual(charges, [
    ['refused', 0],
    ['captured', 1],
    ['captured', 1],
  ])
})

/** A tag as a browser would get it, for two lamps. */
async function openTag(shop: string): Promise<string> {
  const open = await OpenShop.enter({ shop, ca: await readFile(CA, 'utf8'), userId: USER })
  await open.shop.setItem('L-100', 2)
  const { tag } = await open.finish()
  open.close()
  return tag
}
