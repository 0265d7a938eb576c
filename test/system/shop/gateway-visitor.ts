import type { PersonalData } from '../../../wire/line/personal-data.ts'

/** A browser without a screen: what it sends and reads is what pages and forms would. */
export class Visitor {
  readonly #origin: string
  readonly #cookie: string

  private constructor(origin: string, cookie: string) {
    this.#origin = origin
    this.#cookie = cookie
  }

  static async enter(url: string): Promise<Visitor> {
    const response = await fetch(url, { redirect: 'manual' })
    const cookie = response.headers.getSetCookie()[0]?.split(';')[0] ?? ''
    return new Visitor(new URL(url).origin, cookie)
  }

  /** @returns a purchase tag for one piece */
  async pick(product: string): Promise<string> {
    const basket = await this.#json('GET', '/shop/basket')
    const held = basket.tag as { tag: string; state: string } | null // the shop's own answer
    if (held?.state === 'open') await this.#json('POST', '/shop/cancel', { tag: held.tag })
    await this.#json('POST', '/shop/basket', { product, quantity: 1 })
    return String((await this.#json('POST', '/shop/finish', {})).tag)
  }

  /** The form, and the page that follows the call. @returns its outcome, or `gone` when nobody answers any more */
  async pay(tag: string, data: PersonalData): Promise<string> {
    const form = new URLSearchParams({ tag })
    for (const [name, value] of Object.entries(data)) form.set(name, String(value))
    try {
      const sent = await this.#ask('POST', '/pay', form.toString(), 'application/x-www-form-urlencoded')
      const job = sent.headers.get('location') ?? ''
      await (await this.#ask('GET', `${job}/events`)).text()
      const page = await (await this.#ask('GET', job)).text()
      return /data-outcome="([a-z]+)"/.exec(page)?.[1] ?? `status ${sent.status}`
    } catch {
      return 'gone'
    }
  }

  async #json(method: string, path: string, body?: unknown): Promise<Readonly<Record<string, unknown>>> {
    const response = await this.#ask(method, path, body === undefined ? undefined : JSON.stringify(body))
    const answer = (await response.json()) as Readonly<Record<string, unknown>> // the shop's own answer
    if (!response.ok) throw new Error(`${method} ${path}: ${JSON.stringify(answer)}`)
    return answer
  }

  #ask(method: string, path: string, body?: string, type = 'application/json'): Promise<Response> {
    const headers = { cookie: this.#cookie, origin: this.#origin, accept: type, 'content-type': type }
    return fetch(`${this.#origin}${path}`, { method, headers, redirect: 'manual', ...(body !== undefined && { body }) })
  }
}
