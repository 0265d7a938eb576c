import { readFileSync, writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ExecutionContext } from 'ava'
import { runProgram } from '../../../demo/child.ts'
import type { World, WorldOptions } from '../../../demo/world.ts'
import { type AcquirerProcess, makeKeyFile, startAcquirer } from '../../../sim/acquirer/process.ts'
import type { PersonalData } from '../../../wire/line/personal-data.ts'
import { folder } from '../../server/world.ts'
import { enrolled } from '../fixture.ts'

const CERTIFICATE = fileURLToPath(new URL('../../../demo/certificate/', import.meta.url))
export const CA = `${CERTIFICATE}ca.pem`
/** Six goods with photos, one of them a single piece. */
export const DEMO_GOODS = fileURLToPath(new URL('../../../demo/goods/goods.json', import.meta.url))

/** What must be found on no Internet wire, in no log and in no store but where it belongs. */
export const PERSON: PersonalData = {
  cardNumber: '4242424242424242',
  expiryMonth: 12,
  expiryYear: 2033,
  securityCode: '737',
  name: 'Mireille Quastenberg',
  street: 'Am Wehrhahn 17b',
  postalCode: '40211',
  city: 'Duisburg-Ruhrort',
  country: 'DE',
  contact: 'mireille@quastenberg.example',
}

/** What the shop of the tests sells: enough of one, one of the other. */
export const GOODS = {
  currency: 'EUR',
  goods: [
    { product: 'L-100', name: 'Signal lamp', specification: 'LED, 12 V', price: 4990, stock: 100_000 },
    { product: 'ONE', name: 'The last telegraph key', specification: 'brass, 1911', price: 120_000, stock: 1 },
  ],
}

export interface ShopWorld {
  readonly world: World
  /** Pieces of each product that the operator brought. */
  readonly delivered: Readonly<Record<string, number>>
  readonly acquirer: AcquirerProcess
  /** After a kill: the same ledger, at the same address. */
  restartAcquirer(): Promise<void>
}

/** A world with an enrolled card, a stocked shop, an open HTTPS port and a card company. */
export async function shopWorld(
  t: ExecutionContext,
  options: Partial<WorldOptions> & { readonly goodsFile?: string } = {},
): Promise<ShopWorld> {
  const own = folder(t)
  const keyFile = join(own, 'acquirer.key')
  makeKeyFile(keyFile)
  const ledger = join(own, 'ledger')
  await mkdir(ledger)
  const start = (listen: string): Promise<AcquirerProcess> =>
    startAcquirer(['--data', ledger, '--key-file', keyFile, '--listen', listen])
  let acquirer = await start('127.0.0.1:0')
  t.teardown(() => acquirer.stop())
  const { url } = acquirer
  const goods = options.goodsFile ?? join(own, 'goods.json')
  if (options.goodsFile === undefined) writeFileSync(goods, JSON.stringify(GOODS))
  const offered = JSON.parse(readFileSync(goods, 'utf8')) as typeof GOODS // the server checks it
  const server = [
    ...['--certificate', `${CERTIFICATE}server.pem`, '--certificate-key', `${CERTIFICATE}server-key.pem`],
    ...['--acquirer', url, '--acquirer-key', keyFile],
    ...(options.server ?? []),
  ]
  const world = await enrolled(t, { ...options, server })
  await runProgram('server', ['goods', 'load', goods, '--data', world.serverData])
  return {
    world,
    delivered: Object.fromEntries(offered.goods.map(({ product, stock }) => [product, stock])),
    get acquirer() {
      return acquirer
    },
    restartAcquirer: async () => {
      acquirer = await start(new URL(url).host)
    },
  }
}
