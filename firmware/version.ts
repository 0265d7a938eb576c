import { readFileSync } from 'node:fs'
import { z } from 'zod'

/** Beside the bundle where this is one, else the project's own. */
const FILES = ['./version.json', '../package.json'] as const
const schema = z.object({ version: z.string().regex(/^\d+\.\d+\.\d+$/) })

/** Version of this firmware. */
export const VERSION = read()

function read(): string {
  for (const name of FILES) {
    try {
      return schema.parse(JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8'))).version
    } catch {
      // the next one
    }
  }
  return '0.0.0'
}
