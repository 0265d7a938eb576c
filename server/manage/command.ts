import type { Readable, Writable } from 'node:stream'
import type { ParseArgsOptionsConfig } from 'node:util'
import type { z } from 'zod'
import { Accounts } from '../accounts/accounts.ts'
import { readOptions } from '../arguments.ts'
import { openData } from '../data-folder.ts'
import type { Store } from '../store/store.ts'

/** What a command answers: for people, and the fields of `--json`. */
export interface Result {
  readonly text: string
  readonly fields: Readonly<Record<string, unknown>>
}

export interface ManageContext {
  readonly input: Readable & { readonly isTTY?: boolean; setRawMode?: (raw: boolean) => unknown }
  /** Questions go here. */
  readonly prompt: Writable
  /** Unix milliseconds. */
  readonly now: () => number
}

export type Command = (context: ManageContext, argv: readonly string[]) => Promise<Result>

export interface CommandSpec<T> {
  readonly schema: z.ZodType<T>
  readonly options?: ParseArgsOptionsConfig
  /** Names of its words. */
  readonly words?: readonly string[]
  /** Whether it may begin a server in an empty folder. */
  readonly begins?: boolean
  readonly run: (
    opened: ManageContext & { readonly store: Store; readonly accounts: () => Promise<Accounts> },
    words: readonly string[],
    options: T,
  ) => Promise<Result>
}

const COMMON_OPTIONS: ParseArgsOptionsConfig = { data: { type: 'string' }, json: { type: 'boolean' } }

/** A command on the data folder, which is open only while it runs; a server may be running on it. */
export function command<T extends { readonly data: string }>(spec: CommandSpec<T>): Command {
  return async (context, argv) => {
    const { options, words } = readOptions(spec.schema, { ...COMMON_OPTIONS, ...spec.options }, spec.words ?? [], argv)
    const store = openData(options.data, spec.begins ?? false)
    try {
      const accounts = async (): Promise<Accounts> =>
        new Accounts({ store, serverSecret: (await store.identity()).secretKey, now: context.now })
      return await spec.run({ ...context, store, accounts }, words, options)
    } finally {
      await store.close()
    }
  }
}

/** Rows as columns for people. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)))
  return rows
    .map((row) =>
      row
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
