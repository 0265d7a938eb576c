import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** Who may import whom: the claim of the patent (SYSTEM.md §6, claims 1, 2 and 7) as a table. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  wire: [],
  keys: ['wire'],
  line: ['wire', 'keys'],
  internet: ['wire', 'keys'],
  firmware: ['wire', 'keys', 'line'],
  'host-driver': ['wire', 'keys', 'internet'],
  server: ['wire', 'keys', 'line', 'internet'],
  sim: ['wire'],
  // Plays the PC: uses the driver's API like any program, and starts all the others as processes.
  demo: ['wire', 'keys', 'host-driver', 'sim'],
  // Packs the others as files.
  deploy: ['firmware'],
}

/** The network without the Internet and the card cannot even name a socket; keys do no I/O at all. */
const BANNED: readonly (readonly [folder: RegExp, specifier: RegExp])[] = [
  [/^(wire|keys)\//, /^node:(net|tls|https?|dgram|fs|child_process)/],
  [/^(line|firmware)\//, /^node:(net|tls|https?|http2|dgram)$/],
  [/^internet\//, /wire\/line\//],
  // Personal data go over the line only: code of the Internet path cannot even name them.
  [/^(internet|server\/internet-port|host-driver\/(requests|download))\//, /wire\/line\/personal-data/],
  [/^firmware\//, /wire\/internet\//],
  [/^(?!keys\/)/, /^tweetnacl$/],
  [/^(?!internet\/)/, /^node:tls$/],
  [/^(?!firmware\/board\/)/, /^johnny-five$/],
  [/^(?!.*-port\.ts$)/, /^(serialport|@serialport\/.*)$/],
]

interface Source {
  readonly path: string
  readonly lines: number
  /** Import specifiers; relative ones resolved to a path from the root. */
  readonly imports: readonly string[]
}

function read(path: string): Source {
  const text = readFileSync(join(ROOT, path), 'utf8')
  const specifiers = [...text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*'([^']+)'/g)].map((match) => match[1] ?? '')
  const imports = specifiers.map((s) => (s.startsWith('.') ? normalize(join(dirname(path), s)) : s))
  return { path, lines: text.split('\n').length, imports }
}

function sources(folder: string): Source[] {
  let names: string[]
  try {
    names = readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
  } catch {
    return [] // a folder appears with its first content
  }
  return names.filter((name) => name.endsWith('.ts')).map((name) => read(join(folder, name)))
}

const all = Object.keys(ALLOWED).flatMap(sources)

/** What is wrong with one import, or nothing. */
function fault(path: string, specifier: string): string | undefined {
  const from = path.split('/')[0] ?? ''
  const to = specifier.split('/')[0] ?? ''
  const isFolder = to in ALLOWED || to === 'test' || to === 'bench'
  if (isFolder && to !== from && !ALLOWED[from]?.includes(to)) return `${path} must not import ${specifier}`
  const ban = BANNED.find(([folder, banned]) => folder.test(path) && banned.test(specifier))
  return ban && `${path} must not import ${specifier}`
}

test('imports go only where the claims allow', (t) => {
  t.true(all.length > 0)
  t.deepEqual(
    all.flatMap(({ path, imports }) => imports.flatMap((specifier) => fault(path, specifier) ?? [])),
    [],
  )
})

test('the guard itself sees what it must refuse', (t) => {
  t.truthy(fault('line/link.ts', 'internet/psk.ts'))
  t.truthy(fault('firmware/main.ts', 'node:net'))
  t.truthy(fault('internet/connect.ts', 'wire/line/login.ts'))
  t.truthy(fault('server/main.ts', 'tweetnacl'))
  t.truthy(fault('host-driver/requests/http.ts', 'wire/line/personal-data.ts'))
  t.truthy(fault('host-driver/terminal.ts', 'line/link.ts'))
  t.is(fault('server/main.ts', 'line/link.ts'), undefined)
})

test('no import cycle', (t) => {
  const graph = new Map(all.map(({ path, imports }) => [path, imports]))
  const done = new Set<string>()
  const visit = (path: string, trail: readonly string[]): string[] => {
    if (trail.includes(path)) return [[...trail, path].join(' → ')]
    if (done.has(path)) return []
    const found = (graph.get(path) ?? []).flatMap((next) => (graph.has(next) ? visit(next, [...trail, path]) : []))
    done.add(path)
    return found
  }
  t.deepEqual(
    [...graph.keys()].flatMap((path) => visit(path, [])),
    [],
  )
})

test('files stay short: 95 % under 300 lines, none over 400', (t) => {
  const sizes = all.map(({ lines }) => lines).sort((a, b) => a - b)
  t.true((sizes[Math.floor(sizes.length * 0.95)] ?? 0) < 300)
  t.deepEqual(
    all.filter(({ lines }) => lines > 400).map(({ path }) => path),
    [],
  )
})

test('the root is where this test thinks it is', (t) => {
  t.is(relative(ROOT, fileURLToPath(import.meta.url)), join('test', 'architecture', 'imports.test.ts'))
})
