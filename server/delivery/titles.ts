import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { systemCode } from '../errors.ts'

/** What the operator may put beside the content: `{"name": "title"}`. It is not content itself. */
export const TITLES_FILE = 'titles.json'
const TITLE_MAX = 500
const TITLES_BYTES_MAX = 4 * 2 ** 20
const schema = z.record(z.string(), z.string().min(1).max(TITLE_MAX))

/** @returns titles by name, none when there is no such file; or what is wrong with it */
export async function readTitles(folder: string): Promise<ReadonlyMap<string, string> | { readonly fault: string }> {
  try {
    const bytes = await readFile(join(folder, TITLES_FILE))
    if (bytes.length > TITLES_BYTES_MAX) return { fault: `expected at most ${TITLES_BYTES_MAX} bytes` }
    const checked = schema.safeParse(JSON.parse(bytes.toString('utf8')))
    return checked.success ? new Map(Object.entries(checked.data)) : { fault: 'expected {"name": "title", …}' }
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return new Map()
    return { fault: error instanceof SyntaxError ? 'expected JSON' : String(systemCode(error)) }
  }
}
