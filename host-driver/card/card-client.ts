import { randomInt } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { decodeRpc, encodeRpc, type RpcFailure, type RpcMessage } from '../../wire/usb/json-rpc.ts'
import { BoundedLines } from '../../wire/usb/lines.ts'
import {
  isNotification,
  METHODS,
  type MethodName,
  NOTIFICATIONS,
  type NotificationParams,
  type Params,
  type Result,
} from '../../wire/usb/methods.ts'
import { fault, KeylineError } from '../errors.ts'
import { type After, afterUnheld } from '../timers.ts'

/** How long each answer is waited for, milliseconds: a call with a button, a dialling and an SMS may take minutes. */
export const ANSWER_MS: Readonly<Record<MethodName, number>> = {
  'card.hello': 3000,
  'card.status': 3000,
  'card.doctor': 150_000,
  'card.enrol': 360_000,
  'line.login': 360_000,
  'line.pay': 360_000,
  'line.cancel': 5000,
  'card.pair.begin': 3000,
  'card.pair.finish': 5000,
  'card.prove': 3000,
  'card.paired': 3000,
  'card.unpair': 5000,
  'card.pin.unlock': 20_000,
  'card.pin.set': 30_000,
  'card.files.list': 20_000,
  'card.files.read': 10_000,
  'card.files.begin': 20_000,
  'card.files.write': 20_000,
  'card.files.remove': 10_000,
  'card.files.prune': 20_000,
  'card.update.begin': 10_000,
  'card.update.write': 10_000,
  'card.update.finish': 60_000,
  'card.update.cancel': 5000,
  'card.update.status': 5000,
}
/** Requests that may wait at once: one on the line, its cancelling and a few looks at the status. */
const WAITING_MAX = 8
/** Where request ids begin: two drivers, one after the other at the same card, must not use the same ones. */
const FIRST_ID_MAX = 2 ** 47

export type CardNotification =
  | { readonly name: 'line.state'; readonly params: NotificationParams<'line.state'> }
  | { readonly name: 'card.log'; readonly params: NotificationParams<'card.log'> }

/** The bytes to and from a card. `close` resolves when the port is free again; harmless when repeated. */
export interface CardCable {
  readonly stream: Duplex
  close(): Promise<void>
}

interface Waiting {
  readonly method: MethodName
  readonly resolve: (result: unknown) => void
  readonly reject: (error: KeylineError) => void
  readonly cancelTimer: () => void
}

/**
 * The driver's end of the card API. Lines that are no JSON-RPC are thrown away and counted: a port that was just opened
 * may give half a line. A message that breaks the schema ends the connection: what answers so is not to be trusted.
 */
export class CardClient {
  /** Lines thrown away so far. */
  garbageLines = 0
  readonly #cable: CardCable
  readonly #after: After
  readonly #waiting = new Map<number, Waiting>()
  #onNotification: (it: CardNotification) => void
  #nextId = randomInt(1, FIRST_ID_MAX)
  #broken: KeylineError | undefined

  constructor(cable: CardCable, onNotification: (it: CardNotification) => void = () => {}, after: After = afterUnheld) {
    this.#cable = cable
    this.#onNotification = onNotification
    this.#after = after
    const lines = new BoundedLines(
      (line) => this.#line(line),
      () => this.garbageLines++,
    )
    // A program in the place of a card says itself why it ended.
    const gone = (cause?: unknown): void =>
      this.#break(cause instanceof KeylineError ? cause : fault('CARD_GONE', { cause }))
    cable.stream
      .on('data', (bytes: Buffer) => {
        if (!this.#broken) lines.push(bytes)
      })
      .on('error', gone)
      .on('end', gone)
      .on('close', gone)
    // Ends whatever stands half written in the card's buffer, as a probing program leaves it.
    cable.stream.write('\n')
  }

  /** False once the card is gone, broke the card API or was closed: no request goes out any more. */
  get usable(): boolean {
    return this.#broken === undefined
  }

  /** This connection, as CardLink.live gives one. @throws KeylineError why it is over */
  async live(): Promise<CardClient> {
    if (this.#broken) throw this.#broken
    return this
  }

  /**
   * @param params checked here before they are sent
   * @returns the card's result, checked against the card API
   * @throws KeylineError INPUT_INVALID, CARD_GONE, CARD_SILENT, CARD_PROTOCOL, CARD_BUSY, or the card's own code unchanged
   */
  async call<M extends MethodName>(method: M, params: Params<M>): Promise<Result<M>> {
    if (this.#broken) throw this.#broken
    const checked = METHODS[method].params.safeParse(params)
    if (!checked.success) throw fault('INPUT_INVALID', { what: firstIssue(checked.error.issues) })
    if (this.#waiting.size >= WAITING_MAX) throw fault('CARD_BUSY')
    const id = this.#nextId++
    const line = encodeRpc({ type: 'request', id, method, params: checked.data })
    const result = await new Promise<unknown>((resolve, reject) => {
      const cancelTimer = this.#after(ANSWER_MS[method], () => this.#late(id))
      this.#waiting.set(id, { method, resolve, reject, cancelTimer })
      this.#cable.stream.write(line)
    })
    return result as Result<M> // checked in #result against the schema of this very method
  }

  /** Ends everything that waits, and frees the port. */
  async close(): Promise<void> {
    this.#break(fault('TERMINAL_CLOSED'))
    await this.#cable.close()
  }

  #late(id: number): void {
    const { method, reject } = this.#waiting.get(id) ?? {}
    this.#waiting.delete(id)
    reject?.(fault('CARD_SILENT', { what: `the card did not answer ${method} in time` }))
  }

  #line(line: string): void {
    if (this.#broken) return
    const message = decodeRpc(line)
    if (message.type === 'malformed') this.garbageLines++
    else if (message.type === 'notification') this.#notification(message.method, message.params)
    // Our own requests come back from a terminal with echo; a card asks nothing.
    else if (message.type === 'request') this.#protocol('the port sends requests back as they were sent')
    else this.#answer(message)
  }

  #answer(message: Extract<RpcMessage, { type: 'result' | 'error' }>): void {
    // Without an id it answers to a line that the card could not read: garbage of another program, or a lost request of
    // ours, whose time will run out.
    if (message.id === null) {
      this.garbageLines++
      return
    }
    const id = typeof message.id === 'number' ? message.id : Number.NaN
    const waiting = this.#waiting.get(id)
    // Too late, or to a driver before this one, which ended: its job ended when ours said hello.
    if (waiting === undefined) {
      this.garbageLines++
      return
    }
    const checked = message.type === 'result' ? METHODS[waiting.method].result.safeParse(message.result) : undefined
    if (checked?.success === false) return this.#protocol(`the card's answer to ${waiting.method} is not valid`)
    this.#waiting.delete(id)
    waiting.cancelTimer()
    if (message.type === 'error') waiting.reject(cardError(message.error))
    else waiting.resolve(checked?.data)
  }

  #notification(name: string, params: unknown): void {
    if (!isNotification(name)) {
      this.garbageLines++
      return
    }
    const checked = NOTIFICATIONS[name].safeParse(params)
    if (!checked.success) return this.#protocol(`the card's ${name} is not valid`)
    this.#onNotification({ name, params: checked.data } as CardNotification) // checked against the schema of this name
  }

  #protocol(what: string): void {
    this.#break(fault('CARD_PROTOCOL', { what }))
    // Nothing waits for it, and what could go wrong here was already told.
    this.#cable.close().catch(() => {})
  }

  #break(error: KeylineError): void {
    if (this.#broken) return
    this.#broken = error
    this.#onNotification = () => {}
    for (const { reject, cancelTimer } of this.#waiting.values()) {
      cancelTimer()
      reject(error)
    }
    this.#waiting.clear()
  }
}

function cardError({ data }: RpcFailure): KeylineError {
  return new KeylineError({ ...data, origin: 'card' })
}

/** The schema's messages name limits, never the value itself. */
function firstIssue(issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[]): string {
  const issue = issues[0]
  return `${issue?.path.map(String).join('.') ?? 'input'}: ${issue?.message ?? 'not valid'}`
}
