import type { Clock } from '../../line/clock.ts'
import type { Log } from '../events.ts'
import type { PaymentOutcome, Purchases } from '../shop/purchases.ts'
import type { ShopStore } from '../store/shop-store.ts'
import { readAcquirerKey } from './acquirer-key.ts'
import { httpGateway } from './http-gateway.ts'
import { Settlement } from './settlement.ts'
import { startSettling } from './worker.ts'

/** When a terminal may ask again at a server without an acquirer, seconds. */
const OFF_RETRY_S = 600

export interface OpenSettlementOptions {
  readonly store: ShopStore
  readonly node: string
  /** Its `now()` is Unix milliseconds. */
  readonly clock: Clock
  readonly log: Log
  /** Both or none. @see acquirer-url.ts */
  readonly acquirer: URL | undefined
  /** File of the key, @see acquirer-key.ts */
  readonly acquirerKey: string | undefined
}

export interface OpenedSettlement {
  readonly purchases: Purchases
  /** Calls under way end as pending; resolves when the store is not needed any more. */
  close(): Promise<void>
}

/**
 * The shop's money: what is paid over the line, and the worker that settles what was left over. Without an acquirer nothing can be paid.
 * @throws ServerError ACQUIRER_KEY_UNUSABLE, STORE_*
 */
export async function openSettlement(options: OpenSettlementOptions): Promise<OpenedSettlement> {
  const { store, node, clock, log, acquirer, acquirerKey } = options
  if (acquirer === undefined || acquirerKey === undefined) return withoutAcquirer(options)
  const { keyId, key } = await readAcquirerKey(acquirerKey)
  const onFault = (why: string): void => log({ event: 'acquirer.unreachable', why })
  const gateway = httpGateway({ url: acquirer, keyId, key, clock, onFault })
  const settlement = new Settlement({ store, gateway, clock, log, node })
  const stop = startSettling({ settlement, store, clock, log, node })
  return {
    purchases: settlement,
    close: async () => {
      await Promise.all([settlement.close(), stop()])
      key.wipe()
    },
  }
}

/** Tags are not looked at: the answer tells nothing about them. */
async function withoutAcquirer({ store, node, clock, log }: OpenSettlementOptions): Promise<OpenedSettlement> {
  const off = (): void => log({ event: 'settlement.off', path: 'line', why: 'no --acquirer' })
  const left = (await store.unsettled(node, clock.now())).length
  if (left > 0) log({ event: 'settlement.off', why: 'no --acquirer', unsettled: left })
  return {
    purchases: {
      open: async () => {
        off()
        return { verdict: 'refused', reason: 'SERVER_BUSY', retryAfterSeconds: OFF_RETRY_S }
      },
      pay: async (): Promise<PaymentOutcome> => {
        off()
        return { outcome: 'refused', reason: 'no-acquirer' }
      },
    },
    close: async () => {},
  }
}
