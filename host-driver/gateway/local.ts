import { type PersonalField, readPersonalData } from '../../wire/line/personal-data.ts'
import { KeylineError, reportOf } from '../errors.ts'
import type { Shop, Tag } from '../requests/shop-api.ts'
import { type Answer, HTML, type StreamAnswer } from './answer.ts'
import type { LocalRequest } from './browser-connection.ts'
import { payForm, paymentPage, problemPage, type Typed, tagOver } from './pay-pages.ts'
import type { Payment, PaymentEvent, Payments } from './payments.ts'
import { headerOf, type RequestHead } from './request-head.ts'
import { SCRIPT } from './script.ts'
import { ICON, STYLE } from './style.ts'
import { liveFacts, type TerminalView, terminalPage } from './terminal-page.ts'

const TAG = /^[A-Za-z0-9_-]{22}$/
const FIELDS_MAX = 20
/** Between two looks at what changes on the terminal page, milliseconds. */
const LOOK_MS = 1000

export interface LocalParts {
  /** The shop over the Internet path. @throws KeylineError NOT_LOGGED_IN */
  readonly shop: () => Pick<Shop, 'tag'>
  readonly payments: Payments
  readonly inSession: boolean
  readonly view: (wrong?: string) => Promise<TerminalView>
  /** What changes of it, at once. */
  readonly live: () => TerminalView
  readonly login: (userId: string, password: string) => Promise<string | undefined>
  readonly erase: () => Promise<void>
  /** @returns whether the token is the one that was given out, for the first time */
  readonly enter: (token: string) => string | undefined
  readonly every: (ms: number, run: () => void) => () => void
  readonly now: () => Date
}

/** The gateway's own pages, those with personal data among them. */
export async function answerLocally(request: LocalRequest, parts: LocalParts): Promise<Answer | StreamAnswer> {
  const [path = '', query = ''] = request.target.split('?')
  const route = `${request.method === 'HEAD' ? 'GET' : request.method} ${path}`
  switch (route) {
    case 'GET /keyline/enter':
      return enter(new URLSearchParams(query).get('token') ?? '', parts)
    case 'GET /keyline':
      return html(200, terminalPage(await parts.view()))
    case 'GET /keyline/style.css':
      return { status: 200, headers: { 'content-type': 'text/css; charset=utf-8' }, body: STYLE }
    case 'GET /keyline/script.js':
      return { status: 200, headers: { 'content-type': 'text/javascript; charset=utf-8' }, body: SCRIPT }
    case 'GET /keyline/icon.svg':
      return { status: 200, headers: { 'content-type': 'image/svg+xml' }, body: ICON }
    case 'GET /keyline/events':
      return { stream: (send) => facts(parts, send) }
    case 'POST /keyline/erase':
      await parts.erase()
      return seeOther('/keyline')
    case 'POST /keyline/login':
      return login(fieldsOf(request), parts)
    case 'GET /pay':
      return show(new URLSearchParams(query).get('tag') ?? '', parts)
    case 'POST /pay':
      return pay(fieldsOf(request), parts)
    default:
      return job(route, request, parts)
  }
}

function enter(token: string, { enter: use }: LocalParts): Answer {
  const cookie = use(token)
  if (cookie === undefined) {
    return html(
      401,
      problemPage(
        'This address was used already',
        'Each address of the gateway opens it once, in one browser. Start keyline gateway again for a new one.',
      ),
    )
  }
  return { ...seeOther('/'), headers: { location: '/', 'set-cookie': cookie } }
}

async function login(fields: ReadonlyMap<string, string>, parts: LocalParts): Promise<Answer> {
  const wrong = await parts.login(fields.get('userId') ?? '', fields.get('password') ?? '')
  return wrong === undefined ? seeOther('/') : html(422, terminalPage(await parts.view(wrong)))
}

async function show(text: string, parts: LocalParts): Promise<Answer> {
  const running = parts.payments.running(text)
  if (running !== undefined) return seeOther(`/pay/${running.id}`)
  const tag = await tagOf(text, parts)
  if ('status' in tag) return tag
  return html(200, tag.state === 'open' ? payForm(tag) : tagOver(tag, parts.inSession))
}

/** S29, S63: what was typed is checked here, before any call; it is in no answer of ours again. */
async function pay(fields: ReadonlyMap<string, string>, parts: LocalParts): Promise<Answer> {
  const text = fields.get('tag') ?? ''
  const running = parts.payments.running(text)
  if (running !== undefined) return seeOther(`/pay/${running.id}`)
  // The server's truth first: a page may be old, or sent again by the back button.
  const tag = await tagOf(text, parts)
  if ('status' in tag) return tag
  if (tag.state !== 'open') return html(200, tagOver(tag, parts.inSession))
  const typed = typedOf(fields)
  const checked = readPersonalData(typed, parts.now())
  if (!checked.ok) return html(422, payForm(tag, typed, checked.faults))
  return seeOther(`/pay/${parts.payments.start(tag, checked.data).id}`)
}

async function tagOf(text: string, { shop }: LocalParts): Promise<Tag | Answer> {
  if (!TAG.test(text)) return html(404, problemPage('No such purchase tag', 'Finish a basket in the shop to get one.'))
  try {
    return await shop().tag(text)
  } catch (error) {
    const { code, what, cure } = reportOf(error)
    const unknown = code === 'TAG_UNKNOWN'
    return html(
      unknown ? 404 : 502,
      problemPage(unknown ? 'No such purchase tag' : 'The shop cannot be asked', `${what}; ${cure}.`, [
        '/keyline',
        'The terminal',
      ]),
    )
  }
}

function job(route: string, { method, head }: LocalRequest, parts: LocalParts): Answer | StreamAnswer {
  const [, id, events] = /^GET \/pay\/([A-Za-z0-9_-]{22})(\/events)?$/.exec(route) ?? []
  const payment = id === undefined ? undefined : parts.payments.get(id)
  if (payment === undefined) {
    if (method !== 'GET' && method !== 'HEAD')
      return html(405, problemPage('This cannot be done here', 'The page you came from is not one of the gateway’s.'))
    return html(404, problemPage('There is no such page', 'It may be of a gateway that was closed since.'))
  }
  return events === undefined
    ? html(200, paymentPage(payment, parts.inSession))
    : { stream: (send, end) => follow(payment, lastSeen(head), send, end) }
}

/** Number of the event after which a browser that lost the connection wants to go on; 0 is from the beginning. */
function lastSeen(head: RequestHead): number {
  const text = headerOf(head, 'last-event-id') ?? ''
  return /^[0-9]{1,9}$/.test(text) ? Number(text) : 0
}

/** What happened so far, then what happens. */
function follow(payment: Payment, last: number, send: (text: string) => void, end: () => void): () => void {
  const tell = (event: PaymentEvent | undefined): void => {
    if (event !== undefined) return send(`id: ${event.id}\nevent: step\ndata: ${JSON.stringify(event)}\n\n`)
    send('event: over\ndata: {}\n\n')
    end()
  }
  for (const event of payment.events) if (event.id > last) tell(event)
  if (payment.end === undefined) return payment.listen(tell)
  tell(undefined)
  return () => {}
}

function facts({ live, every }: LocalParts, send: (text: string) => void): () => void {
  let before: Readonly<Record<string, string>> = {}
  const look = (): void => {
    const now = liveFacts(live())
    for (const [name, text] of Object.entries(now)) {
      if (before[name] !== text) send(`event: fact\ndata: ${JSON.stringify({ name, text })}\n\n`)
    }
    before = now
  }
  look()
  return every(LOOK_MS, look)
}

const NAMES: readonly PersonalField[] = [
  ...(['cardNumber', 'expiryMonth', 'expiryYear', 'securityCode', 'name'] as const),
  ...(['street', 'postalCode', 'city', 'country', 'contact'] as const),
]

function typedOf(fields: ReadonlyMap<string, string>): Typed {
  return Object.fromEntries(NAMES.map((name) => [name, fields.get(name) ?? ''])) as Typed // all names are there
}

/** Of a form; of a field that comes twice the first one counts. */
function fieldsOf({ body }: LocalRequest): ReadonlyMap<string, string> {
  const fields = new Map<string, string>()
  for (const [name, value] of new URLSearchParams(body.toString('utf8'))) {
    if (!fields.has(name) && fields.size < FIELDS_MAX) fields.set(name, value)
  }
  return fields
}

function html(status: number, body: string): Answer {
  return { status, headers: HTML, body }
}

function seeOther(location: string): Answer {
  return { status: 303, headers: { location }, body: '' }
}

/** The words of a refusal over the line or the Internet. */
export function wordsOf(error: unknown): string {
  const { what, cure } = error instanceof KeylineError ? error : reportOf(error)
  return `${what}; ${cure}.`
}
