import { Agent } from 'node:http'
import type { z } from 'zod'
import { BoundedLines } from '../../wire/usb/lines.ts'
import { fault, KeylineError } from '../errors.ts'
import type { OnProgress } from '../events.ts'
import type { GatewayEvent } from '../gateway/gateway.ts'
import { type Fetch, send } from '../requests/http.ts'
import { problemOf } from '../requests/server-api.ts'
import { answers } from './listen.ts'
import {
  type ForwardBody,
  type GatewayBody,
  type KeeperStatus,
  type KeptFetch,
  type KeptLogin,
  type KeptOutcome,
  type KeysBody,
  type LoginBody,
  type LoginLine,
  type LogoutAnswer,
  loginLine,
  logoutAnswer,
  rekeyAnswer,
  type StandingLine,
  standingLine,
  statusAnswer,
} from './protocol.ts'
import { privateFolder, socketPath } from './state-folder.ts'

/** The keeper itself gives up sooner on whatever it waits for: five minutes for the card, milliseconds. */
const IDLE_MS = 330_000

/** The command line's end of the keeper. */
export class KeeperClient {
  readonly #path: string
  readonly #agent = new Agent({ keepAlive: false })

  private constructor(path: string) {
    this.#path = path
  }

  /** @returns undefined when no keeper runs in this folder @throws KeylineError STATE_UNSAFE */
  static async find(folder: string): Promise<KeeperClient | undefined> {
    await privateFolder(folder)
    const path = socketPath(folder)
    return (await answers(path)) ? new KeeperClient(path) : undefined
  }

  /** Menu and content of the session that the keeper holds. @throws KeylineError NOT_LOGGED_IN, INTERNET_*, … */
  readonly fetch: Fetch = async (path, options) => {
    try {
      const target = { agent: this.#agent, host: 'keeper', socketPath: this.#path, idleMs: IDLE_MS }
      return await send(target, path, options)
    } catch (error) {
      // The keeper ended since it was found.
      const gone = error instanceof KeylineError && error.code === 'INTERNET_UNREACHABLE'
      throw gone ? fault('NOT_LOGGED_IN', { cause: error }) : error
    }
  }

  /** @throws KeylineError KEEPER_VERSION when it is not this program's own */
  async status(): Promise<KeeperStatus> {
    const response = await this.fetch('/status')
    if (!response.ok) throw await problemOf(response)
    const checked = statusAnswer.safeParse(await response.json())
    if (!checked.success) throw fault('KEEPER_VERSION')
    return checked.data
  }

  /**
   * S18. @param all erases the keys that wait too, and needs no session
   * @returns whether the server erased its keys too, and how many wait on
   * @throws KeylineError NOT_LOGGED_IN
   */
  logout(all = false): Promise<LogoutAnswer> {
    return this.#post(all ? '/logout/all' : '/logout', logoutAnswer)
  }

  /** @returns how many keys wait on @throws KeylineError NOT_LOGGED_IN, NO_KEYS_LEFT, INTERNET_* */
  async rekey(): Promise<number> {
    return (await this.#post('/rekey', rekeyAnswer)).keysLeft
  }

  async #post<T>(path: string, schema: z.ZodType<T>): Promise<T> {
    const response = await this.fetch(path, { method: 'POST' })
    if (!response.ok) throw await problemOf(response)
    const checked = schema.safeParse(await response.json())
    if (!checked.success) throw fault('KEEPER_PROTOCOL')
    return checked.data
  }

  /**
   * Opens the gateway and keeps it open until `signal` says so.
   * @param listening told the address to open in a browser
   * @param happened told what happens in it
   * @throws KeylineError GATEWAY_PORT_IN_USE, INPUT_INVALID, CANCELLED when `signal` ended it
   */
  gateway(
    body: GatewayBody,
    listening: (url: string) => void,
    happened: (event: GatewayEvent) => void,
    signal: AbortSignal,
  ): Promise<void> {
    return this.#stand('/gateway', body, signal, (line) => {
      if (line.type === 'listening') listening(line.url)
      if (line.type === 'event') happened({ event: line.event, ...(line.code !== undefined && { code: line.code }) })
    })
  }

  /**
   * Opens a forwarded port, likewise.
   * @param failed told why a connection did not come about
   * @throws KeylineError NOT_LOGGED_IN, FORWARD_PORT_IN_USE, CANCELLED when `signal` ended it
   */
  forward(
    body: ForwardBody,
    listening: (line: { readonly port: number }) => void,
    failed: (error: KeylineError) => void,
    signal: AbortSignal,
  ): Promise<void> {
    return this.#stand('/forward', body, signal, (line) => {
      if (line.type === 'listening') listening(line)
      if (line.type === 'fault') failed(new KeylineError(line.error))
    })
  }

  async #stand(path: string, body: unknown, signal: AbortSignal, told: (line: StandingLine) => void): Promise<void> {
    const headers = { 'content-type': 'application/json' }
    const response = await this.fetch(path, { method: 'POST', headers, body: JSON.stringify(body), signal })
    if (!response.ok) throw await problemOf(response)
    const reader = new BoundedLines(
      (text) => told(standingLine.parse(JSON.parse(text))),
      () => {
        throw fault('KEEPER_PROTOCOL')
      },
    )
    for await (const chunk of response.body ?? []) reader.push(chunk)
  }

  /** S1 … S16 by the keeper. @throws KeylineError as Terminal.login, and LOGIN_RUNNING */
  async login(body: LoginBody, onProgress: OnProgress, signal?: AbortSignal): Promise<KeptLogin> {
    const outcome = await this.#told('/login', body, onProgress, signal)
    if (outcome.verdict === 'fetched') throw fault('KEEPER_PROTOCOL')
    return outcome
  }

  /** Keys for later sessions. @throws KeylineError as Terminal.prefetch, and LOGIN_RUNNING */
  async fetchKeys(body: KeysBody, onProgress: OnProgress, signal?: AbortSignal): Promise<KeptFetch> {
    const outcome = await this.#told('/keys', body, onProgress, signal)
    if (outcome.verdict === 'permitted') throw fault('KEEPER_PROTOCOL')
    return outcome
  }

  async #told(path: string, body: unknown, onProgress: OnProgress, signal?: AbortSignal): Promise<KeptOutcome> {
    const response = await this.fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      ...(signal && { signal }),
    })
    if (!response.ok) throw await problemOf(response)
    let last: LoginLine | undefined
    const reader = new BoundedLines(
      (text) => {
        last = readLine(text)
        if (last.type === 'step' || last.type === 'line') onProgress(last)
      },
      () => {
        throw fault('KEEPER_PROTOCOL')
      },
    )
    for await (const chunk of response.body ?? []) reader.push(chunk)
    if (last?.type === 'done') return last.outcome
    throw last?.type === 'failed' ? new KeylineError(last.error) : fault('KEEPER_PROTOCOL')
  }
}

function readLine(text: string): LoginLine {
  try {
    return loginLine.parse(JSON.parse(text))
  } catch (error) {
    throw fault('KEEPER_PROTOCOL', { cause: error })
  }
}
