/** What a rung works with. */
export interface RungContext {
  /** A line for whoever watches. */
  readonly log: (text: string) => void
  /** An empty folder, removed afterwards. */
  readonly folder: string
  /** Leave machines running at the end, and say how to reach them. */
  readonly keep: boolean
}

/** One step from a program in memory to a board on a cable (the ladder). */
export interface Rung {
  readonly name: string
  readonly proves: string
  /** Debian packages by a program that they bring. */
  readonly needs: Readonly<Record<string, string>>
  /** Whether it starts programs for arm64 on this machine. */
  readonly foreign?: boolean
  /** @throws Error when it fails @returns figures worth printing */
  run(context: RungContext): Promise<readonly string[]>
}

/** Reads `CHECK ok|failed NAME` lines of a machine. @throws Error naming those that failed, or when there are fewer than expected */
export function checksOf(text: string, least: number): readonly string[] {
  const all = [...text.matchAll(/^CHECK (ok|failed) (.*?)\r?$/gm)].map(([, verdict, name]) => ({ verdict, name }))
  const failed = all.filter(({ verdict }) => verdict !== 'ok').map(({ name }) => name)
  if (failed.length > 0) throw new Error(`failed: ${failed.join('; ')}\n${text.slice(-1500)}`)
  if (all.length < least) throw new Error(`expected ${least} checks, got ${all.length}\n${text.slice(-1500)}`)
  return [`${all.length} checks`]
}
