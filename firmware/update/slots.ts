import { createHash, type KeyObject } from 'node:crypto'
import { z } from 'zod'
import type { Disk } from '../card/disk.ts'
import { next, replaceFile } from '../card/replace.ts'
import { compareVersions, readUpdate, type Update, type Version, versionText } from './format.ts'
import { EMPTY, freeSlot, phaseOf, type Slot, type SlotEvent, type SlotState, STARTS, step } from './machine.ts'

/** SHA-256 in hexadecimal | LF | JSON. No secret is in it, and nothing that it says can run unless it is signed. */
const STATE = 'state'

const slot = z.enum(['a', 'b'])
const part = z.int().min(0).max(65_535)
const text = z.string().max(40)
const schema = z.strictObject({
  active: slot.nullable(),
  previous: slot.nullable(),
  trial: z.strictObject({ slot, version: text, starts: z.int().min(0).max(STARTS) }).nullable(),
  highest: z.tuple([part, part, part]),
  rolledBack: z.strictObject({ version: text, why: z.string().max(200), told: z.boolean() }).nullable(),
})

export interface SlotsOptions {
  readonly disk: Disk
  /** Public keys that may have signed an update. */
  readonly trusted: readonly KeyObject[]
  /** Of what came with the board. */
  readonly factory: Version
  readonly architecture: string
  /** Major version of the Node that is there. */
  readonly node: number
}

/** What a start runs: an update out of a slot, or what came with the board. `notes`: what was passed over, for a log. */
export type Chosen = { readonly notes: readonly string[] } & (
  | { readonly slot: Slot; readonly update: Update; readonly trial: boolean }
  | { readonly slot: null }
)

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

  /** The update in a slot; undefined unless it is whole, signed, for this board, and newer than what came with it. */
  read(name: Slot): Update | undefined {
    const { disk, trusted, architecture, node, factory } = this.#options
    try {
      const bytes = disk.read(name)
      const update = bytes && readUpdate(bytes, trusted)
      if (update?.manifest.architecture !== architecture || update.manifest.node !== node) return undefined
      // A board whose package was upgraded meanwhile runs that.
      return compareVersions(update.manifest.version, factory) > 0 ? update : undefined
    } catch {
      return undefined
    }
  }

  /**
   * For one start of the program: a trial, counted durably before it runs; else what is active; else what was before it; else what came with
   * the board. Never throws for what is in the slots or because nothing can be written.
   */
  choose(): Chosen {
    const notes: string[] = []
    const trial = this.#trial(notes)
    if (trial !== undefined) return trial
    const { active, previous } = this.state
    for (const name of [active, previous]) {
      if (name === null) continue
      const update = this.read(name)
      if (update !== undefined) return { slot: name, update, trial: false, notes }
      notes.push(`slot ${name} is not run: it is not whole, not signed, or older than what came with the board`)
    }
    return { slot: null, notes }
  }

  /** Durable when it returns: the next start tries it. @param bytes of a whole update, checked by the caller */
  install(bytes: Uint8Array, version: Version): Slot {
    this.#save({ type: 'write' })
    const free = freeSlot(this.state)
    replaceFile(this.#options.disk, free, bytes)
    this.#save({ type: 'install', version: versionText(version) })
    return free
  }

  /** Whether what runs is tried. @param running slot that it was started from */
  isTrial(running: Slot | null): boolean {
    const { state } = this
    return phaseOf(state) === 'trial' && state.trial?.slot === running
  }

  /** What runs does its work: it stays, and nothing older comes after it. @returns whether that ended its trial */
  healthy(running: Slot | null, version: Version): boolean {
    const ends = this.isTrial(running)
    // One that was written since has not been started yet, and is not what is healthy.
    if (this.state.trial !== null && !ends) return false
    this.#save({ type: 'healthy', version })
    return ends
  }

  /** The trial is over, and did not go well. Harmless without one. */
  fail(why: string): void {
    this.#save({ type: 'fail', why })
  }

  /** What was rolled back and not yet told: once. */
  news(): SlotState['rolledBack'] {
    const { rolledBack } = this.state
    if (rolledBack === null || rolledBack.told) return null
    this.#save({ type: 'told' })
    return rolledBack
  }

  #trial(notes: string[]): Chosen | undefined {
    const { trial } = this.state
    if (trial === null) return undefined
    try {
      const update = this.read(trial.slot)
      const isIt = update !== undefined && versionText(update.manifest.version) === trial.version
      this.#save(isIt ? { type: 'start' } : { type: 'fail', why: 'it is not whole' })
      if (isIt && this.state.trial !== null) return { slot: trial.slot, update, trial: true, notes }
      notes.push(`version ${trial.version} is rolled back: ${this.state.rolledBack?.why ?? ''}`)
    } catch (error) {
      // One whose start cannot be counted could be started for ever.
      notes.push(`version ${trial.version} is not tried: ${error instanceof Error ? error.message : 'unknown fault'}`)
    }
    return undefined
  }

  #save(event: SlotEvent): void {
    const before = this.state
    const state = step(before, event)
    if (state === before) return
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
