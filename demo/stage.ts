import { fileURLToPath } from 'node:url'
import { Terminal } from '../host-driver/index.ts'
import { keyPair } from '../keys/x25519.ts'
import { decodeTicket } from '../wire/line/ticket.ts'
import { type Bearer, NETWORKS } from './network.ts'
import type { Embodiment } from './report.ts'
import type { Show } from './show.ts'
import type { Searched } from './tap.ts'
import { Told } from './told.ts'
import { CARD_ID, World } from './world.ts'

export const CONTENT = fileURLToPath(new URL('./content', import.meta.url))
export const USER = 'alice@example.org'
export const PASSWORD = 'correct-horse'

/** What every play stands on. */
export interface Stage {
  readonly world: World
  readonly bearer: Bearer
  readonly terminal: Terminal
  readonly show: Told
  /** Secrets that no recording may hold; each play adds its own. */
  readonly searched: Searched[]
}

/**
 * A world of its own, with a user and an enrolled card, and with a shop where a play needs one.
 * @throws whatever keeps the plays from their end
 */
export async function onStage<T>(
  show: Show,
  embodiments: readonly Embodiment[],
  bearer: Bearer,
  play: (stage: Stage) => Promise<T>,
): Promise<T> {
  const told = new Told(show)
  const shop = embodiments.some((embodiment) => embodiment !== 1)
  const parts = shop ? ', a server, a card company and a card' : ', a server and a card'
  told.scene(`The world: an exchange, modems, the Internet${parts}, each a process of its own`)
  const onEvent = (from: string, event: Parameters<Told['server']>[0]): void => {
    if (from === 'server') told.server(event)
  }
  const { rate, latencyMs } = NETWORKS[bearer]
  const world = await World.start({ bearer, rate, latencyMs, content: CONTENT, onEvent })
  try {
    await world.addUser(USER, PASSWORD)
    if (shop) await world.openShop()
    const ticket = await world.ticket()
    await Promise.all([world.startServer(), world.startCard()])
    return await withTerminal({ world, bearer, show: told }, ticket, play)
  } finally {
    await world.close()
  }
}

async function withTerminal<T>(
  { world, bearer, show }: Pick<Stage, 'world' | 'bearer' | 'show'>,
  ticket: string,
  play: (stage: Stage) => Promise<T>,
): Promise<T> {
  const searched: Searched[] = [
    { name: 'user ID', bytes: Buffer.from(USER) },
    { name: 'password', bytes: Buffer.from(PASSWORD) },
    { name: 'ticket secret', bytes: decodeTicket(ticket).secret },
  ]
  const terminal = await Terminal.open({
    card: world.cardPort,
    onProgress: show.progress,
    newKeyPair: () => {
      const pair = keyPair()
      searched.push({ name: 'PSkey', bytes: Uint8Array.from(pair.secretKey) })
      return pair
    },
  })
  try {
    show.scene(`Enrolment of ${CARD_ID}: once, with the operator's ticket, in one call`)
    await terminal.enrol(ticket)
    return await play({ world, bearer, terminal, show, searched })
  } finally {
    await terminal.close()
  }
}
