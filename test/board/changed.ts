import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CACHE } from '../../deploy/cache.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
/** What goes into an image, or looks at it. */
const INPUTS = [
  'deploy',
  'firmware',
  'line',
  'wire',
  'keys',
  'internet',
  'host-driver',
  'server',
  'sim',
  'demo',
  'test/board',
  'package-lock.json',
]

/** Of all inputs, as they are in this folder. */
function hashOf(): string {
  const names = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', ...INPUTS], {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  const hash = createHash('sha256')
  for (const name of names.split('\n').filter((one) => one !== '' && existsSync(join(ROOT, one)))) {
    hash.update(`${name}\0`).update(readFileSync(join(ROOT, name)))
  }
  return hash.digest('hex')
}

const mark = (rung: string): string => join(CACHE, `passed-${rung}`)

/** Whether nothing that it depends on changed since it passed. */
export function unchanged(rung: string): boolean {
  return existsSync(mark(rung)) && readFileSync(mark(rung), 'utf8') === hashOf()
}

export function passed(rung: string): void {
  mkdirSync(CACHE, { recursive: true })
  writeFileSync(mark(rung), hashOf())
}
