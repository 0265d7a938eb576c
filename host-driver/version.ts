import { readFileSync } from 'node:fs'
import { z } from 'zod'

const file = new URL('../package.json', import.meta.url)

/** Version of this Keyline, as in package.json. */
export const VERSION = z.object({ version: z.string().max(64) }).parse(JSON.parse(readFileSync(file, 'utf8'))).version
