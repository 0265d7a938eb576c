import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { build } from 'esbuild'
import { folderDisk } from '../../../firmware/card/disk.ts'
import { packUpdate, type Version } from '../../../firmware/update/format.ts'
import { NODE_MAJOR, openSlots } from '../../../firmware/update/open.ts'
import { seeded } from '../../random.ts'
import { OWNER, STRANGER } from './fixture.ts'

const SEED = 20_261_128
const KILLS = 30
const ABOUT = { architecture: process.arch as 'arm64' | 'x64', node: NODE_MAJOR } // the machines that this runs on

/** Programs that say what they are, and do what a card does with its slots. */
const CARD = (name: string, then: string): Uint8Array =>
  Buffer.from(`
    import { writeSync } from 'node:fs'
    writeSync(1, ${JSON.stringify(name)} + ' ' + process.argv.slice(2).filter((it) => it.startsWith('own')).join() + '\\n')
    ${then}
  `)

interface Board {
  readonly slots: string
  /** @returns what it said until it ended, or was killed after so many milliseconds */
  start(killAfterMs?: number): Promise<{ readonly out: string; readonly err: string; readonly code: number | null }>
  install(version: Version, program: Uint8Array, key?: typeof OWNER.privateKey): void
  state(): ReturnType<typeof openSlots>['state']
}

async function board(t: ExecutionContext): Promise<Board> {
  const folder = mkdtempSync(join(tmpdir(), 'keyline-launch-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const root = join(folder, 'root')
  const [slots, run, keys] = [join(folder, 'slots'), join(folder, 'run'), join(root, 'update-keys')]
  for (const one of [join(root, 'dist'), run, keys]) mkdirSync(one, { recursive: true })
  const launch = join(root, 'dist', 'launch.mjs')
  await build({
    entryPoints: [new URL('../../../firmware/launch.ts', import.meta.url).pathname],
    outfile: launch,
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'error',
  })
  writeFileSync(join(root, 'dist', 'card.mjs'), CARD('factory', ''))
  writeFileSync(join(root, 'dist', 'version.json'), '{"version":"0.1.0"}')
  writeFileSync(join(keys, 'owner.pub'), OWNER.publicKey.export({ type: 'spki', format: 'pem' }))
  const children = new Set<ChildProcess>()
  t.teardown(() => {
    for (const child of children) child.kill('SIGKILL')
  })
  return {
    slots,
    start: async (killAfterMs) => {
      const args = [launch, '--slots', slots, '--update-keys', keys, '--run', run, 'own']
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
      children.add(child)
      let [out, err] = ['', '']
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        out += text
      })
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        err += text
      })
      const timer = killAfterMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfterMs)
      const [code] = (await once(child, 'close')) as [number | null]
      clearTimeout(timer)
      children.delete(child)
      return { out, err, code }
    },
    install: (version, program, key = OWNER.privateKey) => {
      const bytes = packUpdate({ ...ABOUT, version }, [{ path: 'dist/card.mjs', content: program }], key)
      openSlots(slots, [OWNER.publicKey], '0.1.0').install(bytes, version)
    },
    state: () => openSlots(slots, [OWNER.publicKey], '0.1.0').state,
  }
}

/** Makes itself healthy as the card's program would. */
const healthy = (slots: string, version: Version): string => {
  const from = (name: string): string =>
    JSON.stringify(new URL(`../../../firmware/update/${name}`, import.meta.url).href)
  return `
    const { openSlots } = await import(${from('open.ts')})
    openSlots(${JSON.stringify(slots)}, [], '0.1.0').healthy(process.env.KEYLINE_SLOT, ${JSON.stringify(version)})
  `
}

test('nothing installed, then a healthy one, then one that ends at once three times and is rolled back', async (t) => {
  const it = await board(t)
  t.is((await it.start()).out, 'factory own\n')
  it.install([0, 2, 0], CARD('two', healthy(it.slots, [0, 2, 0])))
  t.is((await it.start()).out, 'two own\n')
  t.like(it.state(), { active: 'a', trial: null, highest: [0, 2, 0] })
  t.is((await it.start()).out, 'two own\n')
  it.install([0, 3, 0], CARD('three', 'process.exit(1)'))
  for (let n = 0; n < 3; n++) t.like(await it.start(), { out: 'three own\n', code: 1 })
  const back = await it.start()
  t.is(back.out, 'two own\n')
  t.regex(back.err, /0\.3\.0 is rolled back: it did not become healthy in 3 starts/)
  t.like(it.state().rolledBack, { version: '0.3.0', told: false })
})

test('a trial that throws, or is no program, ends with an error and is rolled back', async (t) => {
  const it = await board(t)
  it.install([0, 2, 0], Buffer.from('this is no JavaScript'))
  for (let n = 0; n < 3; n++) t.is((await it.start()).code, 1)
  t.is((await it.start()).out, 'factory own\n')
})

test('unsigned, damaged, or a link: never run, and a card that starts', async (t) => {
  const it = await board(t)
  it.install([0, 2, 0], CARD('foreign', ''), STRANGER.privateKey)
  t.is((await it.start()).out, 'factory own\n')
  t.like(it.state().rolledBack, { why: 'it is not whole' })
  it.install([0, 2, 0], CARD('two', healthy(it.slots, [0, 2, 0])))
  t.is((await it.start()).out, 'two own\n')
  const slot = join(it.slots, 'a')
  const bytes = readFileSync(slot)
  const elsewhere = join(it.slots, '..', 'elsewhere')
  writeFileSync(elsewhere, bytes)
  rmSync(slot)
  symlinkSync(elsewhere, slot)
  t.is((await it.start()).out, 'factory own\n')
  rmSync(slot)
  bytes[bytes.length - 20] = (bytes[bytes.length - 20] ?? 0) ^ 1
  writeFileSync(slot, bytes)
  t.is((await it.start()).out, 'factory own\n')
  writeFileSync(join(it.slots, 'state'), 'nonsense')
  t.is((await it.start()).out, 'factory own\n')
  rmSync(it.slots, { recursive: true })
  writeFileSync(it.slots, 'a file in the place of the folder')
  t.is((await it.start()).out, 'factory own\n')
})

test('two at a time: the second spends no start of a trial', async (t) => {
  const it = await board(t)
  it.install([0, 2, 0], CARD('two', 'setTimeout(() => {}, 100_000)'))
  const first = it.start(4000)
  while (it.state().trial?.starts === 0) await new Promise((resolve) => setTimeout(resolve, 10))
  t.is((await it.start()).out, 'factory own\n')
  t.is(it.state().trial?.starts, 1)
  t.is((await first).out, 'two own\n')
})

test(`kill -9 at ${KILLS} random moments of starts and trials: the next one starts something signed (seed ${SEED})`, async (t) => {
  t.timeout(300_000)
  t.log(`seed ${SEED}`)
  const random = seeded(SEED)
  const it = await board(t)
  it.install([0, 2, 0], CARD('two', healthy(it.slots, [0, 2, 0])))
  await it.start()
  const begun = performance.now()
  await it.start()
  // Of this machine as it is just now: kills fall before, into and after what a start does.
  let span = performance.now() - begun
  const seen = new Map<string, number>()
  for (let n = 0; n < KILLS; n++) {
    const version: Version = [0, 3, n]
    it.install(version, CARD(`three.${n}`, n % 2 === 0 ? healthy(it.slots, version) : ''))
    const { out } = await it.start(random(Math.ceil(span * 1.3)))
    seen.set(
      out === '' ? 'killed before' : 'killed after',
      (seen.get(out === '' ? 'killed before' : 'killed after') ?? 0) + 1,
    )
    const from = performance.now()
    const next = await it.start()
    span = performance.now() - from
    t.is(next.code, 0, next.err)
    t.regex(next.out, /^(two|three\.\d+) own\n$/)
    t.deepEqual(readdirState(it), ['a', 'b', 'state'])
  }
  t.log(Object.fromEntries(seen))
  t.is(seen.size, 2, 'the kills all fall on one side')
})

function readdirState({ slots }: Board): readonly string[] {
  return folderDisk(slots)
    .list()
    .filter((name) => !name.startsWith('lock') && !name.endsWith('.new'))
    .toSorted()
}
