import test, { type ExecutionContext } from 'ava'
import type { Page } from 'playwright-core'
import { hits, recordings, type Searched } from '../../../demo/tap.ts'
import { PASSWORD, USER } from '../fixture.ts'
import { readBooks } from './books.ts'
import { DESKTOP, look, openBrowser, PHONE } from './browser.ts'
import { DEMO_GOODS, PERSON, type ShopWorld, shopWorld } from './fixture.ts'
import { computer, openShop } from './gateway.ts'

/** From the catalogue to the purchase tag, with keys and clicks as a person would. */
async function pick(t: ExecutionContext, page: Page, name: string, goods: RegExp): Promise<string> {
  await page.waitForLoadState('networkidle')
  await look(t, page, `${name}-1-catalogue`)
  await page.getByRole('button', { name: goods }).click()
  await page.goto(new URL('/basket', page.url()).href)
  await look(t, page, `${name}-2-basket`)
  await page.getByRole('button', { name: 'Selection finished' }).click()
  await page.waitForURL(/\/tag\//)
  await look(t, page, `${name}-3-tag`)
  return page.url().split('/').at(-1) ?? ''
}

/** The personal data, typed into the gateway's own page. */
async function fill(page: Page, changes: Partial<Record<keyof typeof PERSON, string>> = {}): Promise<void> {
  for (const [name, value] of Object.entries({ ...PERSON, ...changes })) await page.fill(`#${name}`, String(value))
}

async function payAndSee(t: ExecutionContext, page: Page, name: string): Promise<void> {
  await page.getByRole('link', { name: 'Pay by telephone' }).click()
  await look(t, page, `${name}-4-personal-data`)
  // A typing error is found before any call, and the card number does not come back.
  await fill(page, { cardNumber: '4242424242424241', country: 'Germany'.slice(0, 2) })
  await page.getByRole('button', { name: /^Pay / }).click()
  await page.waitForSelector('#cardNumber-wrong')
  t.is(await page.inputValue('#cardNumber'), '')
  t.is(await page.inputValue('#city'), PERSON.city)
  await look(t, page, `${name}-5-typing-error`)
  await fill(page)
  await page.getByRole('button', { name: /^Pay / }).click()
  await page.waitForSelector('[data-step="connected"][data-done]')
  await look(t, page, `${name}-6-calling`)
  await page.waitForSelector('#outcome')
  await look(t, page, `${name}-7-receipt`)
  t.is(await page.getAttribute('#outcome', 'data-outcome'), 'paid')
  t.regex(await page.innerText('main'), /K-\d{6}/)
  t.regex(await page.innerText('main'), /says the same, byte for byte/)
  t.regex(await page.innerText('main'), /Visa ending in 4242/)
}

async function chargedOnce(t: ExecutionContext, shop: ShopWorld, tag: string): Promise<void> {
  const books = await readBooks(shop)
  const own = books.tags.find((one) => one.tag === tag)
  t.like(own, { state: 'used', orderStates: ['paid'], charges: 1, charged: own?.amount })
  t.deepEqual([...new Set(Object.values(books.missing))], [0])
}

/** Nothing of the person on either wire that can be read, whatever the form; the tag neither. */
async function unseen(t: ExecutionContext, shop: ShopWorld, tag: string): Promise<void> {
  const searched: Searched[] = [
    ...Object.entries(PERSON)
      .filter(([name]) => ['cardNumber', 'name', 'street', 'city', 'contact'].includes(name))
      .map(([name, value]) => ({ name, bytes: Buffer.from(String(value)) })),
    { name: 'tag', bytes: Buffer.from(tag) },
    { name: 'tag bytes', bytes: Buffer.from(tag, 'base64url') },
    { name: 'user ID', bytes: Buffer.from(USER) },
    { name: 'password', bytes: Buffer.from(PASSWORD) },
  ]
  for (const wire of ['relay-', 'call-'] as const) {
    const tapes = await recordings(shop.world.taps, wire)
    t.true(tapes.length > 0)
    for (const one of searched) t.is(hits(tapes, [one]), 0, `${one.name} on ${wire}`)
  }
}

test('third embodiment in a browser, on a phone: from the catalogue to the receipt', async (t) => {
  t.timeout(240_000)
  const context = await openBrowser(t, PHONE)
  if (context === undefined) return
  const shop = await shopWorld(t)
  const pc = computer(t, shop)
  await pc.logIn()
  const page = await context.newPage()
  await page.goto(await pc.gateway())
  const tag = await pick(t, page, 'third-phone', /^Add.*Signal lamp/)
  await payAndSee(t, page, 'third-phone')
  await page.goto(new URL('/orders', page.url()).href)
  await look(t, page, 'third-phone-8-orders')
  await page.goto(new URL('/keyline', page.url()).href)
  await look(t, page, 'third-phone-9-terminal')
  t.regex(await page.innerText('main'), /2 calls/)
  // The back button and a second press of Pay: one charge.
  await page.goto(new URL(`/pay?tag=${tag}`, page.url()).href)
  t.regex(await page.innerText('main'), /paid for already/)
  await chargedOnce(t, shop, tag)
  await unseen(t, shop, tag)
  // Erase: the keys are gone, and the shop with them.
  await page.goto(new URL('/keyline', page.url()).href)
  await page.getByRole('button', { name: /Erase/ }).click()
  t.regex(await page.innerText('main'), /Nobody is logged in/)
  t.is((await page.goto(new URL('/', page.url()).href))?.status(), 401)
})

test('second embodiment in a browser, on a desk: an ordinary HTTPS shop, paid by telephone', async (t) => {
  t.timeout(240_000)
  const context = await openBrowser(t, DESKTOP)
  if (context === undefined) return
  const shop = await shopWorld(t, { goodsFile: DEMO_GOODS })
  const pc = computer(t, shop)
  const page = await context.newPage()
  await page.goto(await pc.gateway(openShop(shop)))
  await look(t, page, 'second-desk-0-user')
  await page.getByLabel('User ID').fill(USER)
  await page.keyboard.press('Enter')
  await page.waitForSelector('button:has-text("Add")')
  const tag = await pick(t, page, 'second-desk', /^Add.*Head lamp/)
  await payAndSee(t, page, 'second-desk')
  await page.goto(new URL('/keyline', page.url()).href)
  await look(t, page, 'second-desk-9-terminal')
  await chargedOnce(t, shop, tag)
  await unseen(t, shop, tag)
})
