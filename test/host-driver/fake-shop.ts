import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { ExecutionContext } from 'ava'
import { encodeReceipt } from '../../wire/line/receipt.ts'

const demo = (name: string) => readFileSync(new URL(`../../demo/certificate/${name}`, import.meta.url), 'utf8')
export const CA = demo('ca.pem')

export const TAG = `${'q'.repeat(21)}g`
export const OTHER_TAG = `${'r'.repeat(21)}w`
const GOODS = [
  {
    product: 'L-100',
    name: 'Head lamp',
    specification: 'Bright.',
    price: 4990,
    currency: 'EUR',
    available: 12,
    photo: '/shop/photo/L-100',
  },
  {
    product: 'T-1961',
    name: 'Old telephone',
    specification: 'Rings.',
    price: 42_000,
    currency: 'EUR',
    available: 1,
    photo: null,
  },
]
const RECEIPT = { order: 'K-000012', at: 1_774_000_000, currency: 'EUR', brand: 'Visa', lastFour: '4242' }
const JPEG = Buffer.from('ffd8ffe000104a464946', 'hex')
const MINUTES = 60_000

type TagState = 'open' | 'paying' | 'used' | 'lapsed' | 'cancelled'
/** What is answered instead: a status and a body. */
export type Answer = {
  readonly status?: number
  readonly body: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** The server's end of the shop's HTTP, for one user with one basket. */
export class FakeShop {
  /** `METHOD path body` of every request. */
  readonly seen: string[] = []
  /** The cookie of every request, empty without one. */
  readonly cookies: string[] = []
  readonly basket = new Map<string, number>()
  /** `METHOD path` → answers that are given instead, each once and in order. */
  readonly instead = new Map<string, Answer[]>()
  /** Answers that are cut off before they begin. */
  broken = 0
  tagged = false
  state: TagState = 'open'
  userId = 'alice'

  /** The bytes that the shop shows once it is paid. */
  get receipt(): Uint8Array {
    return encodeReceipt({ ...RECEIPT, amount: this.amount, items: this.items() })
  }

  get amount(): number {
    return this.items().reduce((sum, { price, quantity }) => sum + price * quantity, 0)
  }

  items() {
    return [...this.basket].map(([product, quantity]) => {
      const { name = product, price = 0 } = GOODS.find((good) => good.product === product) ?? {}
      return { product, name, quantity, price }
    })
  }

  /** As the shop tells it. */
  tagAnswer() {
    const paid = this.state === 'used'
    return {
      tag: TAG,
      basket: 'B1',
      userId: this.userId,
      state: this.state,
      amount: this.amount,
      currency: 'EUR',
      items: this.items(),
      issuedAt: new Date(RECEIPT.at * 1000).toISOString(),
      lapsesAt: new Date(RECEIPT.at * 1000 + 15 * MINUTES).toISOString(),
      order: paid || this.state === 'paying' ? RECEIPT.order : null,
      orderState: paid ? 'paid' : this.state === 'paying' ? 'authorising' : null,
      receipt: paid ? Buffer.from(this.receipt).toString('base64url') : null,
    }
  }

  basketAnswer() {
    const { tag, state, lapsesAt } = this.tagAnswer()
    const items = this.items().map((item) => ({ ...item, currency: 'EUR' }))
    const currency = items.length > 0 ? 'EUR' : null
    return { basket: 'B1', items, amount: this.amount, currency, tag: this.tagged ? { tag, state, lapsesAt } : null }
  }

  readonly handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const parts: Buffer[] = []
    for await (const part of request as AsyncIterable<Buffer>) parts.push(part)
    const body = Buffer.concat(parts).toString('utf8')
    const route = `${request.method} ${request.url}`
    this.seen.push(`${route} ${body}`.trim())
    this.cookies.push(request.headers.cookie ?? '')
    if (this.broken > 0) {
      this.broken--
      response.destroy()
      return
    }
    const { status = 200, body: answer, headers } = this.instead.get(route)?.shift() ?? this.#answer(route, body)
    const type = Buffer.isBuffer(answer) ? 'image/jpeg' : 'application/json'
    response
      .writeHead(status, { 'content-type': type, ...headers })
      .end(Buffer.isBuffer(answer) ? answer : JSON.stringify(answer))
  }

  #answer(route: string, body: string): Answer {
    const fields: Record<string, unknown> = body === '' ? {} : JSON.parse(body)
    switch (route) {
      case 'GET /shop/goods':
        return { body: { goods: GOODS } }
      case 'GET /shop/photo/L-100':
        return { body: JPEG }
      case 'POST /shop/enter':
        this.userId = String(fields.userId)
        return { body: this.basketAnswer(), headers: { 'set-cookie': 'basket=abc_-1; Path=/; HttpOnly; Secure' } }
      case 'GET /shop/basket':
        return { body: this.basketAnswer() }
      case 'POST /shop/basket':
        return this.#set(String(fields.product), Number(fields.quantity))
      case 'POST /shop/finish':
        this.tagged = true
        return this.basket.size === 0 ? problem(409, 'BASKET_EMPTY') : { body: this.tagAnswer() }
      case `GET /shop/tag/${TAG}`:
        return this.tagged ? { body: this.tagAnswer() } : problem(404, 'TAG_UNKNOWN')
      case 'POST /shop/cancel':
        this.state = 'cancelled'
        return { body: this.tagAnswer() }
      case 'GET /shop/orders':
        return { body: { orders: this.state === 'used' ? [this.#order()] : [] } }
      default:
        return problem(404, route.startsWith('GET /shop/tag/') ? 'TAG_UNKNOWN' : 'NOT_FOUND')
    }
  }

  #set(product: string, quantity: number): Answer {
    const good = GOODS.find((one) => one.product === product)
    if (good === undefined) return problem(404, 'GOODS_UNKNOWN')
    if (quantity > good.available) return problem(409, 'OUT_OF_STOCK')
    if (quantity === 0) this.basket.delete(product)
    else this.basket.set(product, quantity)
    return { body: this.basketAnswer() }
  }

  #order() {
    const { tag, amount, currency, items, issuedAt, receipt } = this.tagAnswer()
    const { order, brand, lastFour } = RECEIPT
    const card = { brand, lastFour, createdAt: issuedAt, paidAt: issuedAt }
    return { order, tag, state: 'paid', amount, currency, ...card, shipment: 'pending', refusal: '', items, receipt }
  }
}

export function problem(status: number, code: string): Answer {
  return { status, body: { code, what: `the shop says ${code}`, cure: 'do otherwise' } }
}

/** The shop over HTTPS with the demo's certificate; closed with the test. @returns `https://HOST:PORT`, and its connections */
export async function openShop(t: ExecutionContext, shop: FakeShop, host = '127.0.0.1') {
  const https = createServer(
    { cert: demo('server.pem'), key: demo('server-key.pem'), minVersion: 'TLSv1.3' },
    shop.handle,
  )
  const counted = { all: 0, now: 0 }
  /** Where they came from. */
  const from: string[] = []
  https.on('secureConnection', (socket) => {
    counted.all++
    counted.now++
    from.push(socket.remoteAddress ?? '')
    socket.once('close', () => counted.now--).on('error', () => {})
  })
  https.on('tlsClientError', () => {})
  https.listen(0, host)
  await once(https, 'listening')
  const { port } = https.address() as AddressInfo // a TCP server's address is none of the others
  t.teardown(() => {
    https.closeAllConnections()
    https.close()
  })
  return { url: `https://${host}:${port}`, counted, from }
}
