import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { ExecutionContext } from 'ava'
import { folder } from '../../server/world.ts'
import { PASSWORD, USER } from '../fixture.ts'
import { CA, type ShopWorld } from './fixture.ts'

const MAIN = fileURLToPath(new URL('../../../host-driver/cli/main.ts', import.meta.url))

/** A user's computer: the command line with a state folder of its own. */
export interface Computer {
  /** `keyline ARGS`. @returns its last JSON line */
  run(args: readonly string[], input?: string): Promise<Readonly<Record<string, unknown>>>
  logIn(): Promise<void>
  /** `keyline gateway`. @returns the address to open, once */
  gateway(args?: readonly string[]): Promise<string>
  /** Process number of the keeper, which the gateway runs in. */
  keeper(): Promise<number>
}

export function computer(t: ExecutionContext, { world }: ShopWorld): Computer {
  const state = folder(t)
  const env = { ...process.env, KEYLINE_STATE: state, KEYLINE_CARD: world.cardPort }
  const start = (args: readonly string[]) => {
    const node = ['--disable-warning=ExperimentalWarning', MAIN, ...args, '--json']
    return spawn(process.execPath, node, { env, stdio: ['pipe', 'pipe', 'inherit'] })
  }
  const run: Computer['run'] = async (args, input = '') => {
    const child = start(args)
    child.stdin.end(input)
    let last = '{}'
    for await (const line of createInterface({ input: child.stdout })) last = line
    return JSON.parse(last) as Readonly<Record<string, unknown>> // our own program's output
  }
  t.teardown(() => run(['logout']))
  return {
    run,
    logIn: async () => {
      const done = await run(['login', '--user', USER], `${PASSWORD}\n`)
      if (done.ok !== true) throw new Error(JSON.stringify(done))
    },
    gateway: async (args = []) => {
      const child = start(['gateway', ...args])
      t.teardown(() => child.kill())
      for await (const line of createInterface({ input: child.stdout })) {
        const said = JSON.parse(line) as Readonly<Record<string, unknown>> // our own program's output
        if (typeof said.url === 'string') return said.url
        throw new Error(line)
      }
      throw new Error('the gateway ended')
    },
    keeper: async () => Number((await run(['status'])).keeper),
  }
}

/** What opens the second embodiment: the open shop behind the relay that records. */
export function openShop({ world }: ShopWorld): readonly string[] {
  return ['--shop', `https://${world.internet}`, '--ca', CA]
}
