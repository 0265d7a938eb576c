import type { LineChannel } from '../../../line/exchange.ts'
import { CardExchange } from '../../../line/exchange.ts'
import { SecureChannel } from '../../../line/secure-channel.ts'
import type { App, RequestAccess } from '../../../server/app/access.ts'
import type { Payer, Purchases } from '../../../server/shop/purchases.ts'
import {
  type BinaryRequest,
  type DecodedResponse,
  decodeBinaryResponse,
  encodeBinaryRequest,
} from '../../../wire/line/bhttp.ts'
import { encodeMessage } from '../../../wire/line/message.ts'
import { decodePurchaseVerdict, encodePurchaseOpening, type PurchaseVerdict } from '../../../wire/line/purchase.ts'
import type { TestCard } from '../test-card.ts'
import { USER } from '../world.ts'

export const TAG = new Uint8Array(16).fill(0xaa)
export const TAG_TEXT = Buffer.from(TAG).toString('base64url')
export const TERMS = { amount: 129_800, currency: 'JPY', items: 3, lapsesInSeconds: 900 } as const
export const PAY: BinaryRequest = {
  method: 'POST',
  scheme: 'https',
  authority: 'keyline',
  path: '/pay',
  headers: [['content-type', 'text/plain']],
  content: Buffer.from('4242424242424242'),
}

/** What came to the application. */
export interface Asked {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly access: RequestAccess
}

/** A shop of which the test says what it answers. */
export class FakeShop implements Purchases, App {
  readonly opened: Payer[] = []
  readonly asked: Asked[] = []
  verdict: (payer: Payer) => PurchaseVerdict | Promise<PurchaseVerdict> = () => ({ verdict: 'accepted', ...TERMS })
  answer: (asked: Asked) => Response | Promise<Response> = ({ body }) => new Response(`paid with ${body.length}`)

  async open(payer: Payer): Promise<PurchaseVerdict> {
    this.opened.push(payer)
    return this.verdict(payer)
  }

  async fetch(request: Request, { access }: { readonly access: RequestAccess }): Promise<Response> {
    const { method, url } = request
    const asked = { method, url, headers: Object.fromEntries(request.headers), body: await request.text(), access }
    this.asked.push(asked)
    return this.answer(asked)
  }

  pay(): never {
    throw new Error('the application pays, and this one is none')
  }

  /** As the options of a node. */
  get parts(): { readonly purchases: Purchases; readonly app: App } {
    return { purchases: this, app: this }
  }
}

/** The card's end of the call that a purchase is. */
export class PurchaseCall {
  /** The opening: hint and Noise message 1, with its kind. */
  readonly message: Uint8Array
  readonly #card: TestCard
  readonly #exchange: CardExchange
  #channel: SecureChannel | undefined

  constructor(
    card: TestCard,
    wish: { readonly tag?: Uint8Array; readonly userId?: string; readonly payload?: Uint8Array } = {},
  ) {
    const { tag = TAG, userId = USER, payload = encodePurchaseOpening({ tag, userId }) } = wish
    this.#card = card
    this.#exchange = CardExchange.start(card.identity, payload)
    this.message = encodeMessage('exchange', this.#exchange.request)
  }

  /** The ratchet moves on, whatever the verdict. @throws NoiseError when the answer is not the server's */
  accept(response: Uint8Array | undefined): PurchaseVerdict {
    if (response === undefined) throw new Error('expected an answer to the opening')
    const { payload, channel }: { payload: Uint8Array; channel: LineChannel } = this.#exchange.finish(response)
    this.#card.identity = { ...this.#card.identity, ratchet: channel.nextRatchet }
    this.#channel = new SecureChannel(channel)
    return decodePurchaseVerdict(payload)
  }

  seal(request: BinaryRequest | Uint8Array = PAY): Uint8Array {
    const plain = request instanceof Uint8Array ? request : encodeBinaryRequest(request)
    return encodeMessage('channel', this.#open.seal(plain))
  }

  open(response: Uint8Array | undefined): DecodedResponse {
    if (response === undefined) throw new Error('expected an answer in the channel')
    return decodeBinaryResponse(this.#open.open(response))
  }

  get #open(): SecureChannel {
    if (this.#channel === undefined) throw new Error('expected an exchange before')
    return this.#channel
  }
}

export const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8')
