import type { ServerCertificate } from '../internet/accept.ts'
import type { Clock } from '../line/clock.ts'
import { SECRET_ROUTES } from '../wire/limits.ts'
import { Accounts } from './accounts/accounts.ts'
import { makeApp } from './app/app.ts'
import type { RunOptions } from './arguments.ts'
import { readCertificate } from './certificate.ts'
import { openData } from './data-folder.ts'
import { Catalogue } from './delivery/catalogue.ts'
import type { Log } from './events.ts'
import { openInternetPort } from './internet-port/internet-port.ts'
import { openModemBank } from './line-port/modem-bank.ts'
import { openPacketPort } from './line-port/packet-port.ts'
import { openSmsPort } from './line-port/sms-port.ts'
import { LineService } from './sessions/line-service.ts'
import { Sessions } from './sessions/sessions.ts'
import { openSettlement } from './settlement/open-settlement.ts'
import { Shop } from './shop/shop.ts'
import type { Store } from './store/store.ts'
import { startUpkeep } from './upkeep.ts'

const MINUTE_MS = 60_000

export interface RunningServer {
  /** `host:port` of the Internet port. */
  readonly internet: string
  /** Ends connections and calls, and erases the sessions made here. */
  close(): Promise<void>
}

/**
 * The server with both of its ports (400–402), put together.
 * @param clock its `now()` is Unix milliseconds
 * @throws ServerError CONTENT_UNUSABLE, CERTIFICATE_UNUSABLE, ACQUIRER_KEY_UNUSABLE, LISTEN_FAILED,
 *   LINE_LISTEN_FAILED, DATA_*, STORE_*; nothing is left open
 */
export async function startServer(options: RunOptions, clock: Clock, log: Log): Promise<RunningServer> {
  const catalogue = await Catalogue.open(options.content, log)
  const store = openData(options.data, true)
  const closing: (() => Promise<unknown>)[] = [() => store.close()]
  const close = async (): Promise<void> => {
    for (const step of closing.splice(0).reverse()) await step()
  }
  try {
    const internet = await open(options, clock, log, store, catalogue, closing)
    return { internet, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** @param closing gets what must be closed, in the order of opening */
async function open(
  options: RunOptions,
  clock: Clock,
  log: Log,
  store: Store,
  catalogue: Catalogue,
  closing: (() => Promise<unknown>)[],
): Promise<string> {
  const { node, lifetime: lifetimeSeconds, 'keys-lifetime': keysLifetimeSeconds, number: numbers } = options
  const lifetimes = { lifetimeSeconds, keysLifetimeSeconds }
  const own = await store.identity()
  const now = (): number => clock.now()
  const accounts = new Accounts({ store, serverSecret: own.secretKey, now })
  const sessions = new Sessions({ store, accounts, node, ...lifetimes, now, log })
  await sessions.eraseOwn()
  closing.push(() => sessions.eraseOwn())
  const shop = new Shop({ store: store.shop, now, log, tagLifetimeMs: options['tag-minutes'] * MINUTE_MS })
  closing.push(startUpkeep(store, sessions, shop, clock, log))
  const settlement = await openSettlement({
    store: store.shop,
    node,
    clock,
    log,
    acquirer: options.acquirer,
    acquirerKey: options['acquirer-key'],
  })
  closing.push(() => settlement.close())
  const { purchases } = settlement
  const app = makeApp({ sessions, catalogue, shop, orders: store.shop, purchases, clock, log })
  const internet = await openInternetPort({
    sessions,
    app,
    certificate: await certificateOf(options, log),
    clock,
    log,
    ...options.listen,
    backends: options.backend,
    allowX25519: options['allow-x25519'],
  })
  closing.push(() => internet.close())
  const line = new LineService({
    store,
    accounts,
    own,
    numbers,
    node,
    ...lifetimes,
    secretRoutes: SECRET_ROUTES,
    ...(options['require-consent'] && { requireConsent: options['require-consent'] }),
    app,
    purchases,
    now,
    log,
    onSessionsEnded: () => sessions.changed(),
  })
  const packets = await openPacketPort({
    listen: options['packet-listen'],
    open: (peer) => line.answer(peer),
    log: (event) => log({ event: 'packet', ...event }),
  })
  closing.push(() => packets.close())
  const bank = await openModemBank({
    paths: options.modem,
    open: (caller) => line.answer(caller),
    log: (event) => log({ event: 'modem', ...event }),
  })
  closing.push(() => bank.close())
  const messages = await openSmsPort({
    paths: options['sms-modem'],
    open: (sender) => line.answer(sender),
    log: (event) => log({ event: 'sms', ...event }),
  })
  closing.push(() => messages.close())
  // Read once now, so that the first terminal does not wait for the hashes; nobody waits for this.
  closing.push(async () => catalogue.close())
  catalogue.menu().catch(() => {})
  return internet.address
}

/** Without one there is no open shop. @throws ServerError CERTIFICATE_UNUSABLE */
async function certificateOf(options: RunOptions, log: Log): Promise<ServerCertificate | undefined> {
  const { certificate, 'certificate-key': key } = options
  if (certificate === undefined || key === undefined) return undefined
  return readCertificate(certificate, key, (what) => log({ event: 'certificate.warning', what }))
}
