import type { ExecutionContext } from 'ava'
import type { OnProgress } from '../../../host-driver/events.ts'
import { type GatewayEvent, type GatewayOptions, openGateway } from '../../../host-driver/gateway/gateway.ts'
import type { Session } from '../../../host-driver/session.ts'
import { eraseKeys } from '../../../host-driver/stored/erase.ts'
import { Terminal } from '../../../host-driver/terminal.ts'
import { cardOnStream, type FakeCard } from '../fake-card.ts'
import { FakeShop, TAG } from '../fake-shop.ts'
import { paying } from '../paying-card.ts'
import { loggedIn, world } from '../world.ts'

export const GOOD = {
  cardNumber: '4242 4242 4242 4242',
  expiryMonth: '11',
  expiryYear: String(new Date().getFullYear() + 2),
  securityCode: '737',
  name: 'Hedwig Grünspan',
  street: 'Fontane-Ufer 19',
  postalCode: '24937',
  city: 'Flensburg',
  country: 'de',
  contact: '',
}

/** A browser without a screen. */
export class Visitor {
  readonly origin: string
  #cookie = ''

  constructor(port: number) {
    this.origin = `http://127.0.0.1:${port}`
  }

  async enter(url: string): Promise<Response> {
    const response = await fetch(url, { redirect: 'manual' })
    this.#cookie = response.headers.getSetCookie()[0]?.split(';')[0] ?? ''
    return response
  }

  get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    return fetch(`${this.origin}${path}`, { redirect: 'manual', headers: { cookie: this.#cookie, ...headers } })
  }

  post(
    path: string,
    fields: Readonly<Record<string, string>> | string,
    type = 'application/x-www-form-urlencoded',
  ): Promise<Response> {
    const headers = { cookie: this.#cookie, origin: this.origin, 'content-type': type }
    const body = typeof fields === 'string' ? fields : new URLSearchParams(fields).toString()
    return fetch(`${this.origin}${path}`, { method: 'POST', redirect: 'manual', headers, body })
  }
}

/** A gateway before a fake server with a fake shop, its card fake; a tag for two lamps is open. */
export async function gatewayWorld(
  t: ExecutionContext,
  options: Partial<GatewayOptions> & { readonly card?: (card: FakeCard, shop: FakeShop) => void } = {},
) {
  const { card: prepare = paying, ...more } = options
  const shop = new FakeShop()
  shop.basket.set('L-100', 2)
  shop.tagged = true
  const inside = await world(t)
  inside.server.shop = shop
  let session: Session | undefined = await loggedIn(t, inside)
  const cards: FakeCard[] = []
  const events: GatewayEvent[] = []
  const logins: string[] = []
  const host = {
    session: () => (session?.state === 'open' ? session : undefined),
    login: async (userId: string) => {
      logins.push(userId)
      if (userId !== 'alice') return 'this user is <unknown>.'
      session = await loggedIn(t, inside)
      return undefined
    },
    keys: () => inside.terminal.keys.view(),
    erase: async () => {
      await eraseKeys(inside.terminal.keys, session)
    },
    openTerminal: async (onProgress: OnProgress) => {
      const { card, stream } = cardOnStream()
      prepare(card, shop)
      cards.push(card)
      return Terminal.open({ card: stream, onProgress })
    },
  }
  const gateway = await openGateway(host, { port: 0, onEvent: (event) => events.push(event), ...more })
  t.teardown(() => gateway.close())
  const visitor = new Visitor(gateway.port)
  await visitor.enter(gateway.url)
  const calls = (): number => cards.flatMap(({ asked }) => asked).filter(({ method }) => method === 'line.pay').length
  return {
    gateway,
    visitor,
    shop,
    server: inside.server,
    terminal: inside.terminal,
    cards,
    calls,
    events,
    logins,
    session: host.session,
  }
}

/** Pays with good data. @returns the page of the job, when it is over */
export async function payAndWait(visitor: Visitor): Promise<{ readonly job: string; readonly page: string }> {
  const sent = await visitor.post('/pay', { tag: TAG, ...GOOD })
  const job = sent.headers.get('location') ?? ''
  await (await visitor.get(`${job}/events`)).text()
  return { job, page: await (await visitor.get(job)).text() }
}
