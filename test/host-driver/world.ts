import type { ExecutionContext } from 'ava'
import type { Progress } from '../../host-driver/events.ts'
import type { Session } from '../../host-driver/session.ts'
import { Terminal, type TerminalOptions } from '../../host-driver/terminal.ts'
import type { Params } from '../../wire/usb/methods.ts'
import { CARD, cardOnStream, type FakeCard } from './fake-card.ts'
import { FakeServer, type ServerOptions } from './fake-server.ts'

export interface World {
  readonly card: FakeCard
  readonly server: FakeServer
  readonly terminal: Terminal
  readonly events: Progress[]
  /** Pulls the cable. */
  readonly unplug: () => void
}

/** Does as a card and its server do in one good call, steps included. */
export function permitting(card: FakeCard, server: FakeServer, options: ServerOptions = {}): void {
  card.answers['card.hello'] = () => ({ version: 1, firmware: 'fake/1', card: { ...CARD, internet: server.internet } })
  card.answers['line.login'] = (params: Params<'line.login'>) => {
    card.state('dialling', 'S2')
    card.state('connected', 'S5')
    card.state('exchanging', 'S6')
    card.state('exchanging', 'S7')
    card.state('exchanging', "S7'")
    const answer = server.permit(params, options)
    card.state('hanging-up', 'S10')
    card.state('idle')
    return answer
  }
}

/** Terminal, card and server, connected; everything is closed at the end of the test. */
export async function world(
  t: ExecutionContext,
  options: ServerOptions = {},
  terminalOptions: Partial<TerminalOptions> = {},
): Promise<World> {
  const server = await FakeServer.start(t)
  const { card, stream } = cardOnStream()
  permitting(card, server, options)
  const events: Progress[] = []
  const onProgress = (event: Progress): void => {
    events.push(event)
  }
  const terminal = await Terminal.open({ card: stream, onProgress, ...terminalOptions })
  t.teardown(() => terminal.close())
  return { card, server, terminal, events, unplug: () => stream.destroy() }
}

/** A session that is open; forgotten at the end of the test. */
export async function loggedIn(t: ExecutionContext, world: World, keys = 1, internetVia?: string): Promise<Session> {
  const via = internetVia === undefined ? {} : { internetVia }
  const outcome = await world.terminal.login({ userId: 'alice', password: world.server.password, keys, ...via })
  if (outcome.verdict !== 'permitted') throw new Error('expected a session')
  t.teardown(() => outcome.session.forget())
  return outcome.session
}

export function steps(events: readonly Progress[]): string[] {
  return events.flatMap((event) => (event.type === 'step' ? [event.step] : []))
}
