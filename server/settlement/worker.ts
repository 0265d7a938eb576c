import type { Clock } from '../../line/clock.ts'
import { asServerError } from '../errors.ts'
import type { Log } from '../events.ts'
import type { ShopStore, StoredOrder } from '../store/shop-store.ts'
import { every } from '../time.ts'
import { Budget } from './effort.ts'
import { isOpen } from './order-machine.ts'
import { LEASE_MS, type Settlement } from './settlement.ts'

/** How often it looks for orders that nobody settles, milliseconds. */
export const SETTLING_MS = 2000
/** From one try at an order to the next: doubles from this to the longest, milliseconds. */
const FIRST_WAIT_MS = 2000
export const LONGEST_WAIT_MS = 60_000
/** One try at one order, milliseconds: within its lease. */
const TRY_MS = 30_000
/** Orders at once. */
const PARALLEL = 4

export interface WorkerOptions {
  readonly settlement: Settlement
  readonly store: ShopStore
  readonly node: string
  /** Its `now()` is Unix milliseconds. */
  readonly clock: Clock
  readonly log: Log
}

/**
 * Settles what was left over by calls that were cut, budgets that were over, and processes that died: at once, then every two seconds. It
 * never gives up an order. @returns how to stop; resolves when nothing is under way any more
 */
export function startSettling(options: WorkerOptions): () => Promise<void> {
  const worker = new Worker(options)
  let first: Promise<void> | undefined = worker.pass()
  const stop = every(options.clock, SETTLING_MS, async () => {
    await first
    first = undefined
    await worker.pass()
  })
  return async () => {
    worker.stop()
    await Promise.all([stop(), first])
  }
}

interface Retry {
  readonly waitMs: number
  readonly notBefore: number
}

class Worker {
  readonly #options: WorkerOptions
  readonly #stop = new AbortController()
  #retries = new Map<number, Retry>()

  constructor(options: WorkerOptions) {
    this.#options = options
  }

  stop(): void {
    this.#stop.abort()
  }

  /** All orders that are due, once. Never rejects. */
  async pass(): Promise<void> {
    await this.#guarded(async () => {
      const { store, node, clock, settlement } = this.#options
      const found = await store.unsettled(node, clock.now())
      this.#forgetAllBut(found)
      const due = found.filter(({ orderId, key }) => !settlement.isBusyWith(key) && this.#isDue(orderId))
      const lane = async (): Promise<void> => {
        for (let order = due.shift(); order !== undefined; order = due.shift()) await this.#one(order)
      }
      await Promise.all(Array.from({ length: PARALLEL }, lane))
    })
  }

  async #one({ orderId }: StoredOrder): Promise<void> {
    if (this.#stop.signal.aborted) return
    const { store, node, clock } = this.#options
    await this.#guarded(async () => {
      const now = clock.now()
      if (!(await store.leaseOrder(orderId, node, now, now + LEASE_MS))) return
      const order = await store.order(orderId)
      if (order === undefined || !isOpen(order.state)) return
      if (isOpen((await this.#settle(order)).state)) this.#later(orderId)
      else this.#retries.delete(orderId)
    })
  }

  async #settle(order: StoredOrder): Promise<StoredOrder> {
    const budget = new Budget(this.#options.clock, TRY_MS, this.#stop.signal)
    try {
      // One try; the next one is another pass.
      return await this.#options.settlement.settler.run(order, { signal: budget.signal, again: async () => false })
    } finally {
      budget.end()
    }
  }

  #isDue(orderId: number): boolean {
    return (this.#retries.get(orderId)?.notBefore ?? 0) <= this.#options.clock.now()
  }

  #later(orderId: number): void {
    const waitMs = Math.min((this.#retries.get(orderId)?.waitMs ?? FIRST_WAIT_MS / 2) * 2, LONGEST_WAIT_MS)
    this.#retries.set(orderId, { waitMs, notBefore: this.#options.clock.now() + waitMs })
  }

  #forgetAllBut(orders: readonly StoredOrder[]): void {
    const ids = new Set(orders.map(({ orderId }) => orderId))
    this.#retries = new Map([...this.#retries].filter(([orderId]) => ids.has(orderId)))
  }

  async #guarded(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      const { code, what } = asServerError(error)
      this.#options.log({ event: 'settlement.fault', code, what })
    }
  }
}
