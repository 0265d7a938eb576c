import { mkdtemp, rm } from 'node:fs/promises'
import { Agent, createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import { fault } from '../../../host-driver/errors.ts'
import type { Progress } from '../../../host-driver/events.ts'
import { Keeper } from '../../../host-driver/keeper/keeper.ts'
import { KeeperClient } from '../../../host-driver/keeper/keeper-client.ts'
import { listenAlone } from '../../../host-driver/keeper/listen.ts'
import type { LoginBody } from '../../../host-driver/keeper/protocol.ts'
import { socketPath } from '../../../host-driver/keeper/state-folder.ts'
import { send } from '../../../host-driver/requests/http.ts'
import { KeyPool } from '../../../host-driver/stored/key-pool.ts'
import { Terminal } from '../../../host-driver/terminal.ts'
import { FakeClock } from '../../fake-clock.ts'
import { cardOnStream, type FakeCard } from '../fake-card.ts'
import { FakeServer } from '../fake-server.ts'
import { permitting } from '../world.ts'

export const LOGIN: LoginBody = { userId: 'alice', password: 'open sesame', keys: 1, card: '/dev/fake' }

/** A keeper in this process, its card and server fake, its clock in the test's hands. */
export async function keeper(t: ExecutionContext, prepare: (card: FakeCard, server: FakeServer) => void = () => {}) {
  const folder = await mkdtemp(join(tmpdir(), 'keyline-k-'))
  const server = await FakeServer.start(t)
  const clock = new FakeClock()
  const cards: FakeCard[] = []
  const opened: unknown[] = []
  const time = { after: (ms: number, run: () => void) => clock.after(ms, run), now: () => clock.now() }
  const keys = new KeyPool(time)
  const bench = { cardThere: true }
  let quits = 0
  const http = createServer()
  await listenAlone(http, socketPath(folder))
  const it = new Keeper({
    openTerminal: async ({ card: path, ...options }) => {
      if (!bench.cardThere) throw fault('CARD_NOT_FOUND')
      opened.push(path)
      const { card, stream } = cardOnStream()
      permitting(card, server)
      prepare(card, server)
      cards.push(card)
      return Terminal.open({ ...options, card: stream })
    },
    quit: () => quits++,
    after: time.after,
    keys,
  })
  http.on('request', (request, response) => it.handle(request, response))
  t.teardown(async () => {
    await it.end()
    http.closeAllConnections()
    http.close()
    await rm(folder, { recursive: true, force: true })
  })
  const client = await KeeperClient.find(folder)
  if (client === undefined) throw new Error('expected a keeper')
  const events: Progress[] = []
  const login = (body: Partial<LoginBody> = {}, signal?: AbortSignal) =>
    client.login({ ...LOGIN, ...body }, (event) => events.push(event), signal)
  const raw = (path: string, options?: Parameters<typeof send>[2]) =>
    send({ agent: new Agent(), host: 'keeper', socketPath: socketPath(folder) }, path, options)
  return { it, client, server, keys, bench, cards, opened, clock, events, login, raw, folder, quits: () => quits }
}
