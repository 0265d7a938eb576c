import { once } from 'node:events'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import { KEEPER_VERSION } from '../../../host-driver/keeper/protocol.ts'
import { CA, FakeShop, openShop } from '../fake-shop.ts'
import { cardOnTty } from '../fake-tty.ts'
import { paying } from '../paying-card.ts'
import { home } from './run.ts'

/** What is typed: nine answers and the consent. */
export const ANSWERS = [
  '4242 4242 4242 4242',
  '12/33',
  '737',
  'Hanako Aoyama',
  'Nowhere 1-2-3',
  '100-0001',
  'Tokyo',
  'jp',
  'hanako@aoyama.example',
  'y',
] as const
/** None of it may be in any output. */
export const SECRETS = ['4242 4242', '42424242', '12/33', '737', 'Hanako', 'Nowhere', '100-0001', 'Tokyo', 'aoyama']

/** The command line in its own process; in this one a card on a terminal line, a shop over HTTPS, and the same shop in a keeper. */
export async function shopDesk(t: ExecutionContext) {
  const user = await home(t)
  const shop = new FakeShop()
  const tty = cardOnTty(t)
  paying(tty.card, shop)
  await fakeKeeper(t, user.state, shop)
  const { url, counted } = await openShop(t, shop)
  const ca = join(user.folder, 'ca.pem')
  await writeFile(ca, CA)
  const pay = (more: readonly string[] = [], answers: readonly string[] = ANSWERS) =>
    user.run(['pay', '--card', tty.path, ...more], answers.map((line) => `${line}\n`).join(''))
  return { user, shop, ...tty, url, counted, ca, pay }
}

/** A keeper of this user whose session reaches the shop; closed with the test. */
async function fakeKeeper(t: ExecutionContext, state: string, shop: FakeShop): Promise<void> {
  await mkdir(state, { mode: 0o700 })
  const expiresAt = new Date(Date.now() + 3_600_000).toISOString()
  const session = { userId: 'alice', server: '127.0.0.1:1', expiresAt, keysLeft: 0 }
  const status = JSON.stringify({ keeper: KEEPER_VERSION, pid: process.pid, session, keys: [] })
  const http = createServer((request, response) => {
    if (request.url === '/status') response.writeHead(200, { 'content-type': 'application/json' }).end(status)
    else shop.handle(request, response)
  })
  const path = join(state, 'keeper.sock')
  http.listen(path)
  await once(http, 'listening')
  await chmod(path, 0o600)
  // Before the home looks for a keeper to end: this one is the test itself.
  t.teardown(async () => {
    http.closeAllConnections()
    http.close()
    await once(http, 'close')
  })
}
