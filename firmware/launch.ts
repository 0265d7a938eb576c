import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { versionText } from './update/format.ts'
import { openSlots, trustedKeys } from './update/open.ts'
import type { Chosen } from './update/slots.ts'
import { VERSION } from './version.ts'

/*
 * Starts the card's program: of an update that is whole, signed and healthy, or is tried for the first times; else the one that came with
 * the board. It lies with that one where nothing that runs can write, and what it starts is a copy of what it has just checked.
 *
 *   launch.mjs --slots DIR --update-keys DIR --run DIR [arguments of the card]
 */
const OWN = ['slots', 'update-keys', 'run'] as const

async function main(argv: readonly string[]): Promise<void> {
  const options = Object.fromEntries(OWN.map((name) => [name, { type: 'string' } as const]))
  const { values } = parseArgs({ args: [...argv], options, strict: false, allowPositionals: true })
  const [slots, keys, run] = OWN.map((name) => values[name])
  const built = new URL('./card.mjs', import.meta.url).href
  if (typeof slots !== 'string' || typeof keys !== 'string' || typeof run !== 'string') return start(built, null)
  let chosen: Chosen = { slot: null }
  try {
    chosen = openSlots(slots, trustedKeys(keys), VERSION).choose()
  } catch (error) {
    // Memory that cannot be used must not keep the card from starting: what came with it needs none of it.
    process.stderr.write(`launcher: ${error instanceof Error ? error.message : error}\n`)
  }
  if (chosen.slot === null) return start(built, null)
  const folder = join(run, chosen.slot)
  rmSync(folder, { recursive: true, force: true })
  for (const { path, content } of chosen.update.files) {
    const file = join(folder, path)
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    writeFileSync(file, content, { mode: 0o700 })
  }
  process.stderr.write(`launcher: version ${versionText(chosen.update.manifest.version)} of slot ${chosen.slot}\n`)
  await start(pathToFileURL(join(folder, 'dist/card.mjs')).href, chosen.slot)
}

async function start(program: string, slot: string | null): Promise<void> {
  // What it was started from, for the program; its arguments are its own.
  if (slot !== null) process.env.KEYLINE_SLOT = slot
  await import(program)
}

await main(process.argv.slice(2))
