export interface PhonebookEntry {
  readonly number: string
  readonly name: string
}

/** Entries of the phone book of a SIM. */
export const PHONEBOOK_SIZE = 50
export const PHONEBOOK_NUMBER_MAX = 20
export const PHONEBOOK_NAME_MAX = 16

/** The phone book of a SIM (+CPBS "SM"): indices from 1. */
export class Phonebook {
  readonly #entries = new Map<number, PhonebookEntry>()

  get used(): number {
    return this.#entries.size
  }

  get(index: number): PhonebookEntry | undefined {
    return this.#entries.get(index)
  }

  /** @returns the lowest free index, undefined when full */
  free(): number | undefined {
    for (let index = 1; index <= PHONEBOOK_SIZE; index++) if (!this.#entries.has(index)) return index
    return undefined
  }

  set(index: number, entry: PhonebookEntry | undefined): void {
    if (entry === undefined) this.#entries.delete(index)
    else this.#entries.set(index, entry)
  }

  /** In the order of their indices. */
  entries(): (readonly [index: number, entry: PhonebookEntry])[] {
    return [...this.#entries].sort(([a], [b]) => a - b)
  }
}
