import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { lockStore } from './card/store-lock.ts'
import { PROGRAM, type Update, versionText } from './update/format.ts'
import { TRIAL_MS } from './update/machine.ts'
import { openSlots, trustedKeys } from './update/open.ts'
import type { Slots } from './update/slots.ts'
import { VERSION } from './version.ts'

/*
 * Starts the card's program: of an update that is whole, signed and healthy, or is tried for the first times; else the one that came with
 * the board. It lies with that one where nothing that runs can write, and what it starts is a copy of what it has just checked.
 *
 *   launch.mjs --slots DIR --update-keys DIR --run DIR [arguments of the card]
 */
const OWN = ['slots', 'update-keys', 'run'] as const
/** Beside this file; in the repository the source. */
const BUILT_IN = ['./card.mjs', './main.ts'].map((name) => new URL(name, import.meta.url)).find((it) => existsSync(it))

interface Program {
  /** Address of what is imported. */
  readonly href: string | undefined
  readonly slot: string | null
}

async function main(argv: readonly string[]): Promise<void> {
  const options = Object.fromEntries(OWN.map((name) => [name, { type: 'string' } as const]))
  const { values } = parseArgs({ args: [...argv], options, strict: false, allowPositionals: true })
  const [slots, keys, run] = OWN.map((name) => values[name])
  let program: Program = { href: BUILT_IN?.href, slot: null }
  if (typeof slots === 'string' && typeof keys === 'string' && typeof run === 'string') {
    try {
      program = chosen(slots, keys, run) ?? program
    } catch (error) {
      // Memory that cannot be used must not keep the card from starting: what came with it needs none of it.
      say(error instanceof Error ? error.message : 'unknown fault')
    }
  }
  // What it was started from, for the program; its arguments are its own.
  if (program.slot === null) delete process.env.KEYLINE_SLOT
  else process.env.KEYLINE_SLOT = program.slot
  if (program.href === undefined) throw new Error('the program that came with the board is missing')
  await import(program.href)
}

/** @returns undefined for what came with the board */
function chosen(folder: string, keys: string, run: string): Program | undefined {
  const slots = openSlots(folder, trustedKeys(keys), VERSION)
  // Kept as long as this process lives: a second one must not spend the starts of a trial.
  process.once('exit', lockStore(folder))
  const { notes, ...it } = slots.choose()
  for (const note of notes) say(note)
  if (it.slot === null) return undefined
  if (it.trial) endTrial(slots)
  say(`version ${versionText(it.update.manifest.version)} of slot ${it.slot}${it.trial ? ', tried' : ''}`)
  return { href: unpack(it.update, join(run, it.slot)), slot: it.slot }
}

function unpack({ files }: Update, folder: string): string {
  rmSync(folder, { recursive: true, force: true })
  for (const { path, content } of files) {
    const file = join(folder, path)
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    writeFileSync(file, content, { mode: 0o700, flag: 'wx' })
  }
  return pathToFileURL(join(folder, PROGRAM)).href
}

/** What is tried and not healthy in time has failed: what was before starts next. An event loop that hangs is the watchdog's. */
function endTrial(slots: Slots): void {
  setTimeout(() => {
    if (slots.state.trial === null) return
    try {
      slots.fail(`it was not healthy within ${TRIAL_MS / 1000} s`)
    } finally {
      process.exit(1)
    }
  }, TRIAL_MS).unref()
}

function say(text: string): void {
  process.stderr.write(`launcher: ${text}\n`)
}

await main(process.argv.slice(2))
