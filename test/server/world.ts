import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import { sha256 } from '../../keys/kdf.ts'
import { Accounts } from '../../server/accounts/accounts.ts'
import type { Argon2id } from '../../server/accounts/password.ts'
import type { ServerEvent } from '../../server/events.ts'
import type { LineServiceOptions } from '../../server/sessions/line-options.ts'
import { type AnsweredCall, LineService } from '../../server/sessions/line-service.ts'
import { Sessions } from '../../server/sessions/sessions.ts'
import { openSqliteStore } from '../../server/store/sqlite.ts'
import type { Store } from '../../server/store/store.ts'
import { FakeClock } from '../fake-clock.ts'

export const NUMBER = '+81312345678'
export const USER = 'alice'
export const PASSWORD = 'correct horse'
/** Where the fake clocks begin, Unix milliseconds. */
export const START = 1_700_000_000_000
export const LIFETIME_S = 3600
export const KEYS_LIFETIME_S = 86_400

/** Bytes as text, for comparisons: the store gives Uint8Arrays where others give Buffers. */
export function hex(bytes: Uint8Array | undefined): string {
  return bytes === undefined ? 'none' : Buffer.from(bytes).toString('hex')
}

/** A folder of the test's own, gone after it. */
export function folder(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), 'keyline-server-'))
  t.teardown(() => rmSync(path, { recursive: true, force: true }))
  return path
}

export async function clockAt(start = START): Promise<FakeClock> {
  const clock = new FakeClock()
  await clock.advance(start)
  return clock
}

/** Costs nothing; counts. What Argon2id itself does is tested in accounts/password.test.ts. */
export function cheapArgon2(): { run: Argon2id; runs: number } {
  const it = {
    runs: 0,
    run: async ({ message, nonce }: Parameters<Argon2id>[0]): Promise<Uint8Array> => {
      it.runs++
      return sha256(message as Uint8Array, nonce as Uint8Array) // both are bytes in our own calls
    },
  }
  return it
}

/** The line's end of a node. */
export interface TestLine {
  answer(caller: string | undefined): AnsweredCall
  /** A call with one message. */
  handle(message: Uint8Array, caller: string | undefined): Promise<Uint8Array | undefined>
}

export interface Node {
  readonly store: Store
  readonly accounts: Accounts
  readonly sessions: Sessions
  readonly line: TestLine
  readonly events: ServerEvent[]
  /** The steps among the events, in their order. */
  steps(): string[]
  readonly argon2: { runs: number }
}

export interface NodeOptions {
  readonly node?: string
  readonly numbers?: readonly string[]
  readonly clock: Pick<FakeClock, 'now'>
  /** The shop behind the line, where there is one. */
  readonly shop?: Pick<LineServiceOptions, 'purchases' | 'app'>
  /** A wrapper around the store, to see or disturb what happens. */
  readonly wrap?: (store: Store) => Store
}

/** One node of a server on the database of this path; several may share it. */
export async function startNode(t: ExecutionContext, path: string, options: NodeOptions): Promise<Node> {
  const { node = 'main', numbers = [NUMBER], clock, wrap = (it) => it } = options
  const store = wrap(openSqliteStore(path))
  t.teardown(() => store.close())
  const own = await store.identity()
  const argon2 = cheapArgon2()
  const now = (): number => clock.now()
  const lifetimes = { lifetimeSeconds: LIFETIME_S, keysLifetimeSeconds: KEYS_LIFETIME_S }
  const events: ServerEvent[] = []
  const log = (event: ServerEvent): void => void events.push(event)
  const accounts = new Accounts({ store, serverSecret: own.secretKey, now, argon2id: argon2.run })
  const sessions = new Sessions({ store, accounts, node, ...lifetimes, now, log })
  const service = new LineService({
    ...options.shop,
    store,
    accounts,
    own,
    numbers,
    node,
    ...lifetimes,
    secretRoutes: ['/pay'],
    now,
    log,
    onSessionsEnded: () => sessions.changed(),
  })
  const line: TestLine = {
    answer: (caller) => service.answer(caller),
    handle: async (message, caller) => {
      const call = service.answer(caller)
      try {
        return await call.handle(message)
      } finally {
        call.close()
      }
    },
  }
  const steps = (): string[] => events.flatMap(({ step }) => step ?? [])
  return { store, accounts, sessions, line, events, steps, argon2 }
}

export interface World extends Node {
  readonly clock: FakeClock
  readonly folder: string
  /** Of the database. */
  readonly path: string
}

/** A server with one user and nothing else. */
export async function world(
  t: ExecutionContext,
  options: Partial<NodeOptions> & { readonly clock?: FakeClock } = {},
): Promise<World> {
  const clock = options.clock ?? (await clockAt())
  const own = folder(t)
  const path = join(own, 'server.db')
  const node = await startNode(t, path, { ...options, clock })
  await node.accounts.add(USER, PASSWORD)
  node.argon2.runs = 0
  return { ...node, clock, folder: own, path }
}
