import type { Readable, Writable } from 'node:stream'
import {
  decodeRpc,
  encodeRpc,
  type RpcFailure,
  type RpcId,
  type RpcMessage,
  rpcFailure,
} from '../../wire/usb/json-rpc.ts'
import { BoundedLines } from '../../wire/usb/lines.ts'
import {
  API_VERSION,
  isMethod,
  METHODS,
  type MethodName,
  NOTIFICATIONS,
  type NotificationName,
  type NotificationParams,
  type Params,
  type Result,
} from '../../wire/usb/methods.ts'
import { type CardErrorCode, type CardProblem, type Outcome, problem, problemOf } from '../card/errors.ts'

/** The bytes from and to a PC. `close` resolves when the port is free; harmless when repeated. */
export interface UsbPort {
  readonly source: Readable
  readonly sink: Writable
  close(): Promise<void>
}

/** What the card does for a PC: each method of the card API. Parameters are checked already; nothing is thrown on purpose. */
export type CardApi = { readonly [M in MethodName]: (params: Params<M>) => Promise<Outcome<Result<M>>> }

/** Requests under way: one on the line, its cancelling and a few looks at the status. */
const REQUESTS_MAX = 16
/** Output that waits for the PC, bytes: at the first nothing more is read, above the second complaints and news are dropped. */
const OUTPUT_HIGH = 65_536
const OUTPUT_MAX = 262_144
const ISSUE_MAX = 120

/**
 * The card's end of the card API (PROTOCOL.md §6) on one connection. Whatever comes, memory is bounded, each wrong line gets one
 * error, and the next line works.
 */
export class UsbLink {
  readonly #port: UsbPort
  readonly #api: CardApi
  readonly #onEnd: () => void
  /** Ends each request whose PC is gone: its answer would be read by somebody else. */
  #requests = new Set<symbol>()
  #over = false

  /** @param onEnd called once, when the PC is gone or the port failed */
  constructor(port: UsbPort, api: CardApi, onEnd: () => void) {
    this.#port = port
    this.#api = api
    this.#onEnd = onEnd
    const lines = new BoundedLines(
      (line) => this.#line(line),
      () => this.#complain(null, 'request', problem('REQUEST_TOO_LONG')),
    )
    const end = (): void => this.close()
    port.source
      .on('data', (bytes: Uint8Array) => {
        if (!this.#over) lines.push(bytes)
        this.#throttle()
      })
      .on('error', end)
      .on('end', end)
      .on('close', end)
    port.sink.on('error', end).on('close', end)
    port.sink.on('drain', () => port.source.resume())
  }

  /** Tells the PC; dropped when it does not read. */
  notify<N extends NotificationName>(method: N, params: NotificationParams<N>): void {
    const checked = NOTIFICATIONS[method].safeParse(params)
    if (checked.success) this.#send({ type: 'notification', method, params: checked.data }, 'news')
  }

  /** No answer is sent any more. The port stays its owner's to close. */
  close(): void {
    if (this.#over) return
    this.#over = true
    this.#requests.clear()
    this.#onEnd()
  }

  #line(line: string): void {
    if (this.#over) return
    const message = decodeRpc(line)
    if (message.type === 'malformed') this.#send({ type: 'error', id: null, error: message.error }, 'news')
    // A card asks nothing, so answers are none; and an error to an error would never end on a port that echoes.
    else if (message.type === 'request') this.#request(message.id, message.method, message.params)
  }

  #request(id: RpcId, method: string, params: unknown): void {
    if (!isMethod(method)) return this.#complain(id, 'method', problem('METHOD_UNKNOWN'))
    const checked = METHODS[method].params.safeParse(params)
    if (!checked.success) return this.#complain(id, 'params', paramsProblem(method, params, checked.error.issues))
    // A driver that begins is another one than before, even on a cable that never told of it: its ids begin anew.
    if (method === 'card.hello') this.#requests.clear()
    if (this.#requests.size >= REQUESTS_MAX) return this.#complain(id, 'failed', problem('CARD_BUSY'))
    const token = Symbol(method)
    this.#requests.add(token)
    // Just checked by the schema of this very method; TypeScript cannot follow a key through two records.
    const call = this.#api[method] as (params: unknown) => Promise<Outcome<unknown>>
    call(checked.data)
      .catch((error: unknown): Outcome<unknown> => ({ ok: false, problem: problemOf(error) }))
      .then((outcome) => {
        if (this.#requests.delete(token)) this.#answer(id, method, outcome)
      })
      .catch(() => this.close())
  }

  #answer(id: RpcId, method: MethodName, outcome: Outcome<unknown>): void {
    if (!outcome.ok) return this.#complain(id, 'failed', outcome.problem)
    const checked = METHODS[method].result.safeParse(outcome.result)
    if (!checked.success) return this.#complain(id, 'failed', problem('CARD_FAULT'))
    this.#send({ type: 'result', id, result: checked.data }, 'answer')
  }

  #complain(id: RpcId | null, kind: Parameters<typeof rpcFailure>[0], { code, what, cure }: CardProblem): void {
    const error: RpcFailure = rpcFailure(kind, code, what, cure)
    this.#send({ type: 'error', id, error }, id === null ? 'news' : 'answer')
  }

  #send(message: RpcMessage, what: 'answer' | 'news'): void {
    const { sink } = this.#port
    if (this.#over || !sink.writable || (what === 'news' && sink.writableLength > OUTPUT_MAX)) return
    sink.write(encodeRpc(message))
    this.#throttle()
  }

  /** A PC that does not read is not read from. */
  #throttle(): void {
    const { source, sink } = this.#port
    if (sink.writableLength > OUTPUT_HIGH && sink.writableNeedDrain && !this.#over) source.pause()
  }
}

interface Issue {
  readonly path: readonly PropertyKey[]
  readonly message: string
}

/** Names the field and its limit, never what was given for it: that may be a password. */
function paramsProblem(method: MethodName, params: unknown, issues: readonly Issue[]): CardProblem {
  if (method === 'card.hello' && versionOf(params) !== API_VERSION) return problem('VERSION_UNSUPPORTED')
  const [issue] = issues
  const where = issue?.path.map(String).join('.') || 'params'
  const code: CardErrorCode = 'PARAMS_INVALID'
  return problem(code, `${where}: ${issue?.message ?? 'not valid'}`.slice(0, ISSUE_MAX))
}

function versionOf(params: unknown): unknown {
  return typeof params === 'object' && params !== null && 'version' in params ? params.version : API_VERSION
}
