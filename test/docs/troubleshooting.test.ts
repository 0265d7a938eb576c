import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { CARD_ERRORS } from '../../firmware/card/errors.ts'
import { FAULTS } from '../../host-driver/faults.ts'
import { PROBLEMS } from '../../server/internet-port/answers.ts'
import { REFUSALS } from '../../wire/line/login.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const DOC = readFileSync(join(ROOT, 'docs/troubleshooting.md'), 'utf8')
const FOLDERS = ['wire', 'keys', 'line', 'internet', 'firmware', 'host-driver', 'server', 'sim']

/** Codes that a source raises by name: `code = 'X'`, `new SomeError('X', …`, `rpcFailure('…', 'X', …`. */
function codesIn(source: string): string[] {
  const patterns = [
    /\bcode = '([A-Z][A-Z0-9_]+)'/g,
    /new \w+Error\(\s*'([A-Z][A-Z0-9_]+)'/g,
    /rpcFailure\('\w+', '([A-Z][A-Z0-9_]+)'/g,
  ]
  return patterns.flatMap((pattern) => [...source.matchAll(pattern)].map((match) => match[1] ?? ''))
}

const sources = FOLDERS.flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(join(ROOT, folder, name), 'utf8')),
)

test('every code that a program can raise is in docs/troubleshooting.md', (t) => {
  const tables = [CARD_ERRORS, FAULTS, PROBLEMS].flatMap((table) => Object.keys(table))
  const codes = new Set([...tables, ...Object.values(REFUSALS), ...sources.flatMap(codesIn)])
  t.true(codes.size > 80, `only ${codes.size} codes found: the search is broken`)
  t.deepEqual(
    [...codes].filter((code) => !DOC.includes(`| \`${code}\` |`)),
    [],
  )
})

test('every code in docs/troubleshooting.md still exists', (t) => {
  const documented = [...DOC.matchAll(/^\| `([A-Z0-9_]+)` \|/gm)].map((match) => match[1] ?? '')
  t.true(documented.length > 80)
  const all = sources.join('\n')
  t.deepEqual(
    documented.filter((code) => !new RegExp(`\\b${code}\\b`).test(all)),
    [],
  )
})
