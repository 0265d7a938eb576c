import { fileURLToPath } from 'node:url'
import type { ExecutionContext } from 'ava'
import { World, type WorldOptions } from '../../demo/world.ts'
import { type LoginOutcome, type Session, Terminal } from '../../host-driver/index.ts'

export const USER = 'alice@example.org'
export const PASSWORD = 'correct-horse'
const CONTENT = fileURLToPath(new URL('../../demo/content', import.meta.url))

/** A world with fast lines, one user, a running server and a card; ended with the test. */
export async function running(t: ExecutionContext, options: Partial<WorldOptions> = {}): Promise<World> {
  const sim = ['--ring-after', '10', ...(options.sim ?? [])]
  const world = await World.start({ rate: 64_000, latencyMs: 5, content: CONTENT, ...options, sim })
  t.teardown(() => world.close())
  await world.addUser(USER, PASSWORD)
  await Promise.all([world.startServer(), world.startCard()])
  return world
}

/** The same, with the card enrolled. */
export async function enrolled(t: ExecutionContext, options: Partial<WorldOptions> = {}): Promise<World> {
  const world = await running(t, options)
  await withTerminal(world, async (terminal) => terminal.enrol(await world.ticket()))
  return world
}

/** A PC that is plugged in, used and taken away. */
export async function withTerminal<T>(world: World, use: (terminal: Terminal) => Promise<T>): Promise<T> {
  const terminal = await Terminal.open({ card: world.cardPort })
  try {
    return await use(terminal)
  } finally {
    await terminal.close()
  }
}

export function logIn(terminal: Terminal, signal?: AbortSignal): Promise<LoginOutcome> {
  return terminal.login({ userId: USER, password: PASSWORD, ...(signal && { signal }) })
}

/** @throws Error when it is refused */
export async function session(terminal: Terminal): Promise<Session> {
  const login = await logIn(terminal)
  if (login.verdict === 'refused') throw new Error(`refused: ${login.reason}`)
  return login.session
}

/** Whether a whole login and its end work now. @returns the menu's length */
export function wholeLogin(world: World): Promise<number> {
  return withTerminal(world, async (terminal) => {
    const opened = await session(terminal)
    const menu = await opened.menu()
    await opened.close()
    return menu.length
  })
}
