/** TS 27.005 §3.1: 0 received unread, 1 received read, 2 stored unsent, 3 stored sent. */
export type MessageStatus = 0 | 1 | 2 | 3

export interface StoredMessage {
  readonly status: MessageStatus
  /** Number of the service centre, empty for the modem's own. */
  readonly centre: string
  readonly tpdu: Uint8Array
}

/** A memory of messages, on a SIM or in a modem: indices from 1, the lowest free one first. */
export class MessageStore {
  readonly name: 'SM' | 'ME'
  readonly capacity: number
  readonly #slots = new Map<number, StoredMessage>()

  constructor(name: 'SM' | 'ME', capacity: number) {
    this.name = name
    this.capacity = capacity
  }

  get used(): number {
    return this.#slots.size
  }

  get full(): boolean {
    return this.used >= this.capacity
  }

  /** @returns its index, undefined when full */
  add(message: StoredMessage): number | undefined {
    for (let index = 1; index <= this.capacity; index++) {
      if (this.#slots.has(index)) continue
      this.#slots.set(index, message)
      return index
    }
    return undefined
  }

  get(index: number): StoredMessage | undefined {
    return this.#slots.get(index)
  }

  mark(index: number, status: MessageStatus): void {
    const message = this.#slots.get(index)
    if (message !== undefined) this.#slots.set(index, { ...message, status })
  }

  delete(index: number): void {
    this.#slots.delete(index)
  }

  /** In the order of their indices. */
  entries(): (readonly [index: number, message: StoredMessage])[] {
    return [...this.#slots].sort(([a], [b]) => a - b)
  }
}
