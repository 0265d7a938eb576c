import { readFile } from 'node:fs/promises'
import { OpenShop, openFetch, payOpen, Shop } from '../host-driver/index.ts'
import { BAD_CARD, PERSON, personalSecrets, purchaseReport, tagSecrets, timed } from './purchase.ts'
import type { PurchaseReport } from './report.ts'
import { inStock } from './server-store.ts'
import { type Stage, USER } from './stage.ts'
import { CA } from './world.ts'

const PRODUCT = 'L-100'

/** Plays the second embodiment (S21–S36). @throws whatever keeps it from its end */
export async function playSecond(stage: Stage): Promise<PurchaseReport> {
  const { world, terminal, show, searched } = stage
  const address = { shop: `https://${world.internet}`, ca: await readFile(CA, 'utf8'), onProgress: show.progress }
  searched.push(...personalSecrets())

  show.scene('A shop in the open: ordinary HTTPS with a certificate, no login, no session key')
  const before = inStock(world, PRODUCT)
  const open = await OpenShop.enter({ ...address, userId: USER })
  for (const { product, photo } of await open.shop.goods()) if (photo !== null) await open.shop.photo(product)
  await open.shop.setItem(PRODUCT, 1)
  const tag = await open.finish()
  open.close()
  searched.push(...tagSecrets(tag))

  show.scene('A card that its company refuses: nothing is charged, the tag stays good', 'aside')
  const declined = await payOpen(terminal, { ...address, tag, data: { ...PERSON, cardNumber: BAD_CARD } })
  if (declined.outcome !== 'declined') throw new Error(`expected a refused card, got ${declined.outcome}`)
  show.line(`the card company says: ${declined.reason}`)

  show.scene('Another card: first the tag goes by telephone, and only when the server knows it the personal data')
  const clocked = timed(terminal)
  const purchase = await payOpen(clocked, { ...address, tag, data: PERSON })
  const seconds = clocked.seconds()

  const { fetch, close } = openFetch(address)
  const paid = await new Shop(fetch, 2).tag(tag.tag)
  close()
  const stock = { product: PRODUCT, before, after: inStock(world, PRODUCT) }
  const refusals = [declined.reason]
  return purchaseReport(stage, { embodiment: 2, purchase, seconds, tag: paid, stock, refusals })
}
