import { createHash, type KeyObject } from 'node:crypto'
import { z } from 'zod'
import type { Disk } from '../card/disk.ts'
import { next, replaceFile } from '../card/replace.ts'
import { compareVersions, readUpdate, type Update, type Version, versionText } from './format.ts'

/** SHA-256 in hexadecimal | LF | JSON */
const STATE = 'state'
/** Starts that a new version gets to become healthy. */
export const STARTS = 3

const slot = z.enum(['a', 'b'])
const version = z.tuple([z.int().min(0), z.int().min(0), z.int().min(0)])
const schema = z.strictObject({
  /** What runs; the one that came with the board where there is none. */
  active: slot.nullable(),
  /** What is tried: it becomes active when it is healthy. */
  trial: z.strictObject({ slot, starts: z.int().min(0) }).nullable(),
  /** Highest version that was ever healthy: nothing older is taken. */
  highest: version,
  /** What became of the last one that was not healthy. */
  rolledBack: z.strictObject({ version: z.string().max(40), why: z.string().max(200) }).nullable(),
})
export type Slot = z.infer<typeof slot>
export type SlotState = z.infer<typeof schema>
const EMPTY: SlotState = { active: null, trial: null, highest: [0, 0, 0], rolledBack: null }

export interface SlotsOptions {
  readonly disk: Disk
  /** Public keys that may have signed an update. */
  readonly trusted: readonly KeyObject[]
  /** Of what came with the board. */
  readonly factory: Version
  readonly architecture: string
}

/** What a start runs: an update out of a slot, or what came with the board. */
export type Chosen = { readonly slot: Slot; readonly update: Update } | { readonly slot: null }

/**
 * Two slots for updates and what remembers which one runs (docs/states/update.md). Each slot is one file, the signed update itself, and is
 * checked as a whole at each start: what a cut of power or a hand left in it cannot run.
 */
export class Slots {
  readonly #options: SlotsOptions

  constructor(options: SlotsOptions) {
    this.#options = options
  }

  /** A state that is not whole is as none: what came with the board then runs. */
  get state(): SlotState {
    const { disk } = this.#options
    const [here, there] = [parse(disk.read(STATE)), parse(disk.read(next(STATE)))]
    return here ?? there ?? EMPTY
  }

  /** The update in a slot; undefined unless it is whole, signed and for this board. */
  read(name: Slot): Update | undefined {
    const { disk, trusted, architecture } = this.#options
    const bytes = disk.read(name)
    if (bytes === undefined) return undefined
    try {
      const update = readUpdate(bytes, trusted)
      return update.manifest.architecture === architecture ? update : undefined
    } catch {
      return undefined
    }
  }

  /** For one start of the program. A trial is counted before it runs; one that was tried too often, or is not whole, is given up. */
  choose(): Chosen {
    const state = this.state
    const { trial } = state
    if (trial !== null) {
      const update = this.read(trial.slot)
      if (update !== undefined && trial.starts < STARTS) {
        this.#save({ ...state, trial: { ...trial, starts: trial.starts + 1 } })
        return { slot: trial.slot, update }
      }
      const why = update === undefined ? 'it is not whole' : `it did not become healthy in ${STARTS} starts`
      const gone = update === undefined ? '?' : versionText(update.manifest.version)
      this.#save({ ...state, trial: null, rolledBack: { version: gone, why } })
    }
    const { active } = this.state
    const update = active === null ? undefined : this.read(active)
    // A board whose package was upgraded meanwhile runs that.
    if (active === null || update === undefined) return { slot: null }
    return compareVersions(update.manifest.version, this.#options.factory) > 0
      ? { slot: active, update }
      : { slot: null }
  }

  /** Durable when it returns: the next start tries it. @param bytes of a whole update, checked by the caller */
  install(bytes: Uint8Array): Slot {
    const state = this.state
    const free: Slot = state.active === 'a' ? 'b' : 'a'
    // A trial that is given up must not be chosen while its slot is written.
    if (state.trial !== null) this.#save({ ...state, trial: null })
    replaceFile(this.#options.disk, free, bytes)
    this.#save({ ...this.state, trial: { slot: free, starts: 0 }, rolledBack: null })
    return free
  }

  /** What runs does its work: it stays, and nothing older comes after it. @param slot that it was started from */
  healthy(slot: Slot | null, running: Version): void {
    const state = this.state
    // One that was written since has not been started yet.
    const tried = state.trial !== null && state.trial.slot === slot && state.trial.starts > 0
    const highest = compareVersions(running, state.highest) > 0 ? running : state.highest
    if (!tried && highest === state.highest) return
    this.#save({ ...state, ...(tried && { active: slot, trial: null }), highest })
  }

  #save(state: SlotState): void {
    const json = JSON.stringify(state)
    replaceFile(this.#options.disk, STATE, Buffer.from(`${hash(json)}\n${json}`))
  }
}

function parse(bytes: Uint8Array | undefined): SlotState | undefined {
  if (bytes === undefined) return undefined
  const [sum, json = ''] = Buffer.from(bytes).toString('utf8').split('\n')
  if (sum !== hash(json)) return undefined
  const checked = schema.safeParse(JSON.parse(json))
  return checked.success ? checked.data : undefined
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
