import { readFileSync } from 'node:fs'
import test from 'ava'
import {
  EMPTY,
  freeSlot,
  type Phase,
  phaseOf,
  type SlotEvent,
  type SlotState,
  STARTS,
  step,
} from '../../../firmware/update/machine.ts'

const DOCUMENT = readFileSync(new URL('../../../docs/states/update.md', import.meta.url), 'utf8')
const ROLLED_BACK = { version: '0.1.9', why: 'before', told: false } as const
const BEFORE: SlotState = { ...EMPTY, active: 'a', previous: 'b', highest: [0, 2, 0], rolledBack: ROLLED_BACK }
const trial = (starts: number): SlotState => ({ ...BEFORE, trial: { slot: 'b', version: '0.3.0', starts } })
/** Each phase as the table means it; a trial that has starts left and one that has none. */
const STATES: readonly (readonly [phase: Phase, state: SlotState])[] = [
  ['steady', BEFORE],
  ['installed', trial(0)],
  ['trial', trial(1)],
  ['trial', trial(STARTS)],
]
const EVENTS: readonly SlotEvent[] = [
  { type: 'write' },
  { type: 'install', version: '0.3.0' },
  { type: 'start' },
  { type: 'healthy', version: [0, 3, 0] },
  { type: 'fail', why: 'it is not whole' },
  { type: 'told' },
]

/** A row of the table, from what the function does. */
function row(phase: Phase, before: SlotState, event: SlotEvent): string | undefined {
  const after = step(before, event)
  if (after === before) return undefined
  const last = before.trial?.starts === STARTS
  const name =
    phase === 'trial' && event.type === 'start' ? `start, ${last ? 'the fourth' : 'fewer than 3'}` : event.type
  const cells = [phase, name, phaseOf(after), active(before, after), previous(before, after), tried(before, after)]
  return `| ${[...cells, after.highest === before.highest ? 'same' : 'max', ending(before, after)].join(' | ')} |`
}

function active(before: SlotState, { active }: SlotState): string {
  if (active === before.active) return 'same'
  return active === before.trial?.slot ? 'its slot' : String(active)
}

function previous(before: SlotState, { previous }: SlotState): string {
  if (previous === before.previous) return 'same'
  return previous === null ? 'none' : previous === before.active ? 'the active one' : previous
}

function tried(before: SlotState, { trial: after }: SlotState): string {
  if (after === null) return 'none'
  if (before.trial === null)
    return `${after.slot === freeSlot(before) ? 'the other slot' : after.slot}, ${after.starts} starts`
  return after.starts === before.trial.starts + 1 ? 'one start more' : 'same'
}

function ending(before: SlotState, { rolledBack: after }: SlotState): string {
  if (after === before.rolledBack) return 'same'
  if (after === null) return 'none'
  return after.version === before.trial?.version && !after.told ? 'why' : after.told ? 'told' : 'wrong'
}

test('the machine is the table of docs/states/update.md, each row and nothing else', (t) => {
  const rows = STATES.flatMap(([phase, state]) => EVENTS.flatMap((event) => row(phase, state, event) ?? []))
  const written = DOCUMENT.split('\n').filter((line) => /^\| (steady|installed|trial) /.test(line))
  t.deepEqual([...new Set(rows)].sort(), [...written].sort())
})

test('the mark against older versions never falls, whatever happens in whatever order', (t) => {
  const versions = [
    [0, 1, 0],
    [0, 2, 0],
    [0, 9, 0],
  ] as const
  const walk = (state: SlotState, depth: number): void => {
    for (const event of EVENTS) {
      for (const [a, b, c] of versions) {
        const next = step(state, event.type === 'healthy' ? { type: 'healthy', version: [a, b, c] } : event)
        if ((next.highest[1] ?? 0) < (state.highest[1] ?? 0)) t.fail()
        if (next.trial !== null && next.trial.slot === next.active) t.fail('a trial in the slot that is active')
        if (next.previous !== null && next.previous === next.active) t.fail('back to itself')
        if (depth > 0 && next !== state) walk(next, depth - 1)
      }
    }
  }
  walk(EMPTY, 4)
  t.pass()
})
