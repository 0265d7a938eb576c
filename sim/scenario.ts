import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { CommandSchema } from './commands.ts'
import type { Command } from './control.ts'
import { SimError } from './fault.ts'
import { firstFault, SpanField } from './fields.ts'

/** Steps of one scenario. */
const STEPS_MAX = 10_000

export interface ScenarioStep {
  /** Since the world is ready, milliseconds. */
  readonly atMs: number
  readonly command: Command
}

const ScenarioSchema = z.array(z.strictObject({ atMs: SpanField, command: CommandSchema })).max(STEPS_MAX)

/** A file with a list of `{ "atMs": 500, "command": { "do": … } }`. @throws SimError SCENARIO_INVALID */
export function readScenario(path: string): ScenarioStep[] {
  let value: unknown
  try {
    value = JSON.parse(readFileSync(path, 'utf8'))
  } catch (cause) {
    throw invalid(path, cause instanceof Error ? cause.message : String(cause))
  }
  const result = ScenarioSchema.safeParse(value)
  if (!result.success) throw invalid(path, firstFault(result.error))
  return result.data
}

function invalid(path: string, why: string): SimError {
  return new SimError(
    'SCENARIO_INVALID',
    `The scenario ${path} was refused: ${why}.`,
    'Give a list of {"atMs", "command"}; sim/COMMANDS.md lists the commands.',
  )
}
