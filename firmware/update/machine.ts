import { compareVersions, type Version } from './format.ts'

export type Slot = 'a' | 'b'
/** Starts that a new version gets to become healthy. */
export const STARTS = 3
/** It must be healthy so soon after each of them, milliseconds. */
export const TRIAL_MS = 120_000

/** What a card remembers of its updates. What came with the board is not in it: that is there always. */
export interface SlotState {
  /** What runs; what came with the board where there is none. */
  readonly active: Slot | null
  /** What ran before it, while it is still there. */
  readonly previous: Slot | null
  /** What is tried: it becomes active when it is healthy. */
  readonly trial: { readonly slot: Slot; readonly version: string; readonly starts: number } | null
  /** Highest version that was ever healthy: nothing older is taken. */
  readonly highest: Version
  /** What became of the last one that was not healthy, and whether the card has said so. */
  readonly rolledBack: { readonly version: string; readonly why: string; readonly told: boolean } | null
}

export type SlotEvent =
  /** A slot is about to be written. */
  | { readonly type: 'write' }
  | { readonly type: 'install'; readonly version: string }
  /** The launcher is about to run it. */
  | { readonly type: 'start' }
  | { readonly type: 'healthy'; readonly version: Version }
  /** It is not whole, or its time is over. */
  | { readonly type: 'fail'; readonly why: string }
  | { readonly type: 'told' }

export const EMPTY: SlotState = { active: null, previous: null, trial: null, highest: [0, 0, 0], rolledBack: null }

/** `installed`: a trial that has not been started yet. */
export type Phase = 'steady' | 'installed' | 'trial'

export function phaseOf({ trial }: Pick<SlotState, 'trial'>): Phase {
  if (trial === null) return 'steady'
  return trial.starts === 0 ? 'installed' : 'trial'
}

/** The slot that an update goes to: never that of what runs and would be gone back to first. */
export function freeSlot({ active }: Pick<SlotState, 'active'>): Slot {
  return active === 'a' ? 'b' : 'a'
}

/** docs/states/update.md as a function; an event that a phase does not know changes nothing. @returns the same object then */
export function step(state: SlotState, event: SlotEvent): SlotState {
  const { trial, active, highest, rolledBack } = state
  switch (event.type) {
    case 'write':
      // Neither a trial that is given up nor what ran before may be chosen while its slot is written.
      return { ...state, trial: null, previous: null }
    case 'install': {
      if (trial !== null) return state
      return { ...state, trial: { slot: freeSlot(state), version: event.version, starts: 0 }, rolledBack: null }
    }
    case 'start':
      if (trial === null) return state
      if (trial.starts >= STARTS) return rollBack(state, `it did not become healthy in ${STARTS} starts`)
      return { ...state, trial: { ...trial, starts: trial.starts + 1 } }
    case 'healthy': {
      const best = compareVersions(event.version, highest) > 0 ? event.version : highest
      if (phaseOf(state) === 'trial' && trial !== null) {
        return { ...state, active: trial.slot, previous: active, trial: null, highest: best }
      }
      return best === highest ? state : { ...state, highest: best }
    }
    case 'fail':
      return rollBack(state, event.why)
    case 'told':
      return rolledBack === null || rolledBack.told ? state : { ...state, rolledBack: { ...rolledBack, told: true } }
  }
}

function rollBack(state: SlotState, why: string): SlotState {
  const { trial } = state
  if (trial === null) return state
  return { ...state, trial: null, rolledBack: { version: trial.version, why: why.slice(0, 200), told: false } }
}
