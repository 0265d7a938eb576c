import { readFile } from 'node:fs/promises'
import { KeylineError, OpenShop, payInSession, SessionShop } from '../host-driver/index.ts'
import { PERSON, personalSecrets, purchaseReport, tagSecrets, timed } from './purchase.ts'
import type { PurchaseReport } from './report.ts'
import { inStock, storedSecrets } from './server-store.ts'
import { PASSWORD, type Stage, USER } from './stage.ts'
import { CA } from './world.ts'

/** There is one of it: who gets the tag gets the goods (S60). */
const PRODUCT = 'T-1961'

/** Plays the third embodiment (S41–S70; S41–S55 are told as S1–S16). @throws whatever keeps it from its end */
export async function playThird(stage: Stage): Promise<PurchaseReport> {
  const { world, terminal, show, searched } = stage
  const onProgress = show.progress
  searched.push(...personalSecrets())

  show.scene('The login of the first embodiment (S41–S55 are S1–S16)')
  const login = await terminal.login({ userId: USER, password: PASSWORD })
  if (login.verdict !== 'permitted') throw new Error(`expected to be permitted, got ${login.reason}`)
  const { session } = login
  searched.push(...storedSecrets(world))

  show.scene('The shop inside the session: nobody sees which single piece is wanted, nor its tag')
  const keyed = await SessionShop.enter({ session, onProgress })
  const before = inStock(world, PRODUCT)
  await keyed.shop.goods()
  await keyed.shop.setItem(PRODUCT, 1)
  const tag = await keyed.finish()
  searched.push(...tagSecrets(tag))
  const late = await tooLate(world.internet)
  show.line(`somebody else wants it now: ${late}`)
  keyed.close()

  show.scene('The tag by telephone, then the personal data')
  const clocked = timed(terminal)
  const purchase = await payInSession(clocked, { session, tag, data: PERSON, onProgress })

  show.scene('The same tag once more: the server refuses it before anything secret is sent')
  const twice = await payInSession(terminal, { session, tag, data: PERSON, onProgress })
  if (twice.outcome !== 'refused') throw new Error(`expected a used tag to be refused, got ${twice.outcome}`)
  const stock = { product: PRODUCT, before, after: inStock(world, PRODUCT) }
  const paid = await keyed.shop.tag(tag.tag)
  await session.close()
  const refusals = [late, twice.reason]
  return purchaseReport(stage, { embodiment: 3, purchase, seconds: clocked.seconds(), tag: paid, stock, refusals })
}

/** Another buyer, in the open shop, while the tag holds the single piece. @returns why he does not get it */
async function tooLate(internet: string): Promise<string> {
  const open = await OpenShop.enter({ shop: `https://${internet}`, ca: await readFile(CA, 'utf8'), userId: 'mallory' })
  try {
    await open.shop.setItem(PRODUCT, 1)
    await open.finish()
  } catch (error) {
    if (error instanceof KeylineError && error.code === 'OUT_OF_STOCK') return error.code
    throw error
  } finally {
    open.close()
  }
  throw new Error('expected a single piece to be sold once')
}
