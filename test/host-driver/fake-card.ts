import { type Duplex, duplexPair } from 'node:stream'
import type { CardCable } from '../../host-driver/card/card-client.ts'
import { decodeRpc, encodeRpc, type RpcFailure, type RpcId, rpcFailure } from '../../wire/usb/json-rpc.ts'
import { BoundedLines } from '../../wire/usb/lines.ts'
import {
  type CallReport,
  isMethod,
  METHODS,
  type MethodName,
  type Params,
  type Result,
} from '../../wire/usb/methods.ts'

export const CALL: CallReport = {
  bytesUp: 140,
  bytesDown: 90,
  messagesUp: 1,
  messagesDown: 1,
  setupMs: 30,
  exchangeMs: 20,
  attempts: 1,
  tried: [{ bearer: 'call', calls: 1, ms: 80, bytesUp: 140, bytesDown: 90, messagesUp: 1, messagesDown: 1 }],
}

export const CARD: Result<'card.status'>['card'] = {
  cardId: 'card-7',
  enrolled: true,
  internet: 'server.example:4433',
  state: 'idle',
  modem: '/dev/ttyUSB2',
}

/** An error that the card answers with. */
export class CardRefusal extends Error {
  readonly failure: RpcFailure
  constructor(code: string, what = 'it went wrong', cure = 'do it right') {
    super(code)
    this.failure = rpcFailure('failed', code, what, cure)
  }
}

type Answers = { [M in MethodName]: (params: Params<M>) => Result<M> | Promise<Result<M>> }

/** Each method that a test says nothing of. */
const NOT_TOLD = Object.fromEntries(
  Object.keys(METHODS).map((name) => [
    name,
    () => {
      throw new CardRefusal('NOT_TOLD')
    },
  ]),
) as unknown as Answers

/** A card played by the test: answers each method as it is told, and can say anything at any time. */
export class FakeCard {
  readonly asked: { readonly method: MethodName; readonly params: unknown }[] = []
  readonly ids: (string | number)[] = []
  /** Lines that were no request, as the bare line end at the opening leaves none. */
  readonly strange: string[] = []
  readonly answers: Answers = {
    ...NOT_TOLD,
    'card.hello': () => ({ version: 1, firmware: 'fake/1', card: CARD }),
    'card.doctor': () => ({ checks: [{ name: 'modem', verdict: 'ok', what: '/dev/ttyUSB2: a modem' }] }),
    'card.status': () => ({ card: CARD }),
    'card.enrol': () => ({ cardId: CARD.cardId, internet: CARD.internet, call: CALL }),
    'line.login': () => {
      throw new CardRefusal('NOT_TOLD')
    },
    'line.pay': () => {
      throw new CardRefusal('NOT_TOLD')
    },
    'line.cancel': () => ({ cancelled: false }),
  }
  readonly #write: (bytes: Buffer) => void
  readonly #lines = new BoundedLines(
    (line) => this.#line(line),
    () => this.strange.push('endless'),
  )

  constructor(write: (bytes: Buffer) => void) {
    this.#write = write
  }

  /** Bytes from the PC. */
  receive(bytes: Uint8Array): void {
    this.#lines.push(bytes)
  }

  say(text: string): void {
    this.#write(Buffer.from(text, 'utf8'))
  }

  raw(bytes: Buffer): void {
    this.#write(bytes)
  }

  /** `line.state`. */
  state(state: string, step?: string, text = 'as told'): void {
    this.notify('line.state', { state, text, ...(step !== undefined && { step }) })
  }

  notify(method: string, params: unknown): void {
    this.say(encodeRpc({ type: 'notification', method, params }))
  }

  #line(line: string): void {
    const message = decodeRpc(line)
    if (message.type !== 'request' || !isMethod(message.method)) {
      this.strange.push(line)
      return
    }
    const { method, params } = message
    this.asked.push({ method, params })
    this.ids.push(message.id)
    this.#answer(message.id, method, params)
  }

  async #answer(id: RpcId, method: MethodName, params: unknown): Promise<void> {
    // One table of functions with as many parameter types: the driver's own schema checked what it sent.
    const answer = this.answers[method] as (params: unknown) => unknown
    try {
      this.say(encodeRpc({ type: 'result', id, result: await answer(params) }))
    } catch (error) {
      if (!(error instanceof CardRefusal)) throw error
      this.say(encodeRpc({ type: 'error', id, error: error.failure }))
    }
  }
}

/** A card and the PC's end of its cable, in memory. */
export function cardOnStream(): { readonly card: FakeCard; readonly stream: Duplex; readonly cable: CardCable } {
  const [near, far] = duplexPair()
  const card = new FakeCard((bytes) => {
    if (!far.destroyed) far.write(bytes)
  })
  far.on('data', (bytes: Buffer) => card.receive(bytes)).on('error', () => {})
  near.on('error', () => {})
  const close = async (): Promise<void> => {
    near.destroy()
  }
  return { card, stream: near, cable: { stream: near, close } }
}

/** Lets streams and promises move until `done` is true; bounded by turns of the event loop, not by time. */
export async function until(done: () => boolean, turns = 20_000): Promise<void> {
  for (let n = 0; n < turns; n++) {
    if (done()) return
    await new Promise((resolve) => setImmediate(resolve))
  }
  throw new Error('expected it to happen, but it did not')
}
