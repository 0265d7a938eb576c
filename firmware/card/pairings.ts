import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { Secret } from '../../keys/secret.ts'
import type { Disk } from './disk.ts'
import { CardError } from './errors.ts'
import { discardFile, next, replaceFile } from './replace.ts'
import { seal, unseal } from './seal.ts'

/** "KEYLPAIR" | JSON of all pairings, sealed where the card has a board secret. */
const MAGIC = Buffer.from('KEYLPAIR')
const FILE = 'pairings'
const PCS_MAX = 8

const hex = z.string().regex(/^[0-9a-f]{16}$/)
const schema = z.strictObject({
  card: hex,
  pcs: z.array(z.strictObject({ pc: hex, name: z.string().max(64), key: z.string() })).max(PCS_MAX),
})
type All = z.infer<typeof schema>

/** The PCs that this card works for: it remembers a key of each. Readable before the card's PIN was given. */
export class Pairings {
  readonly #disk: Disk
  readonly #board: Secret | undefined
  #all: All

  /** @throws CardError VAULT_DAMAGED, VAULT_SEALED: a card that forgot its PCs would take the next one. VAULT_UNWRITABLE */
  constructor(disk: Disk, board: Secret | undefined) {
    this.#disk = disk
    this.#board = board
    const found = this.#read()
    this.#all = found === undefined ? { card: randomBytes(8).toString('hex'), pcs: [] } : this.#parse(found)
  }

  /** Names this card to PCs. */
  get card(): string {
    return this.#all.card
  }

  get list(): readonly { readonly pc: string; readonly name: string }[] {
    return this.#all.pcs.map(({ pc, name }) => ({ pc, name }))
  }

  keyOf(pc: string): Uint8Array | undefined {
    const found = this.#all.pcs.find((one) => one.pc === pc)
    return found && Buffer.from(found.key, 'base64url')
  }

  /** Durable when it returns. @throws CardError PAIRINGS_FULL, VAULT_UNWRITABLE */
  add(name: string): { readonly pc: string; readonly key: string } {
    if (this.#all.pcs.length >= PCS_MAX) throw new CardError('PAIRINGS_FULL')
    const added = { pc: randomBytes(8).toString('hex'), key: randomBytes(32).toString('base64url') }
    this.#save({ ...this.#all, pcs: [...this.#all.pcs, { ...added, name }] })
    return added
  }

  /** @param pc undefined for all @returns how many there were @throws CardError VAULT_UNWRITABLE */
  remove(pc: string | undefined): number {
    const pcs = this.#all.pcs.filter((one) => pc !== undefined && one.pc !== pc)
    const removed = this.#all.pcs.length - pcs.length
    if (removed > 0) this.#save({ ...this.#all, pcs })
    return removed
  }

  #read(): Uint8Array | undefined {
    try {
      // What did not take the place before the power went was never told to a PC, and may be half of it.
      if (this.#disk.read(next(FILE)) !== undefined) discardFile(this.#disk, next(FILE))
      return this.#disk.read(FILE)
    } catch (cause) {
      throw new CardError('VAULT_UNWRITABLE', 'the pairings', { cause })
    }
  }

  #save(all: All): void {
    const text = Buffer.from(JSON.stringify(all))
    const body = this.#board === undefined ? text : seal({ board: this.#board }, 'pairings', text, MAGIC)
    try {
      replaceFile(this.#disk, FILE, Buffer.concat([MAGIC, body]))
    } catch (cause) {
      throw new CardError('VAULT_UNWRITABLE', 'the pairings', { cause })
    }
    this.#all = all
  }

  #parse(bytes: Uint8Array): All {
    if (!MAGIC.equals(bytes.subarray(0, MAGIC.length))) throw new CardError('VAULT_DAMAGED', 'the pairings')
    const body = bytes.subarray(MAGIC.length)
    const text = this.#board === undefined ? body : unseal({ board: this.#board }, 'pairings', body, MAGIC)
    if (text === undefined) throw new CardError('VAULT_SEALED', 'the pairings')
    try {
      return schema.parse(JSON.parse(Buffer.from(text).toString('utf8')))
    } catch (cause) {
      throw new CardError(this.#board === undefined ? 'VAULT_SEALED' : 'VAULT_DAMAGED', 'the pairings', { cause })
    }
  }
}
