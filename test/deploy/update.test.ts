import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { createPrivateKey } from 'node:crypto'
import { once } from 'node:events'
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Duplex } from 'node:stream'
import { fileURLToPath } from 'node:url'
import test, { type ExecutionContext } from 'ava'
import { pack } from '../../deploy/update.ts'
import { packUpdate, readUpdate } from '../../firmware/update/format.ts'
import { NODE_MAJOR, trustedKeys } from '../../firmware/update/open.ts'
import { VERSION } from '../../firmware/version.ts'
import { Terminal } from '../../host-driver/terminal.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const PACKER = join(ROOT, 'deploy/update.ts')
const NODE_ARGS = ['--disable-warning=ExperimentalWarning']

function folder(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), 'keyline-update-'))
  t.teardown(() => rmSync(path, { recursive: true }))
  return path
}

function packer(...args: readonly string[]) {
  return spawnSync(process.execPath, [...NODE_ARGS, PACKER, ...args], { encoding: 'utf8' })
}

test('a key is for its owner alone, and never written over', (t) => {
  const home = folder(t)
  t.is(packer('keygen', '--out', home).status, 0)
  t.is(statSync(join(home, 'update.key')).mode & 0o777, 0o600)
  t.is(trustedKeys(home).length, 1)
  const before = readFileSync(join(home, 'update.key'))
  t.is(packer('keygen', '--out', home).status, 1)
  t.deepEqual(readFileSync(join(home, 'update.key')), before)
  t.is(packer('pack', '--key', join(home, 'update.key'), '--version', '1.2').status, 2)
  t.is(packer('--help').status, 0)
})

interface Board {
  /** Of a card that the launcher has just started. */
  open(): Promise<Terminal>
  /** @returns its exit code, when it ended by itself */
  ended(): Promise<number | null>
  kill(): Promise<void>
  readonly log: () => string
}

/** The launcher of the sources with the card of the sources as what came with the board; the PC on its standard input and output. */
function board(t: ExecutionContext, home: string): Board {
  const [slots, run, keys, store] = ['slots', 'run', 'keys', 'store'].map((name) => join(home, name)) as [
    string,
    string,
    string,
    string,
  ] // four of four
  mkdirSync(run, { recursive: true })
  let child: ChildProcess | undefined
  let closed: Promise<number | null> = Promise.resolve(null)
  let log = ''
  t.teardown(() => child?.kill('SIGKILL'))
  return {
    open: () => {
      const own = ['--slots', slots, '--update-keys', keys, '--run', run]
      const card = ['--usb', 'stdio', '--modem', '/dev/keyline-none', '--store', store, '--json']
      const started = spawn(process.execPath, [...NODE_ARGS, join(ROOT, 'firmware/launch.ts'), ...own, ...card])
      child = started
      started.stderr.setEncoding('utf8').on('data', (text: string) => {
        log += text
      })
      started.stdin.on('error', () => {})
      closed = once(started, 'close').then(([code]) => code as number | null) // its first argument, by Node's documentation
      return Terminal.open({ card: Duplex.from({ readable: started.stdout, writable: started.stdin }) })
    },
    ended: () => closed,
    kill: async () => {
      child?.kill('SIGKILL')
      await closed
    },
    log: () => log,
  }
}

test('a real update through the real card: sent, started, healthy at the first hello; and nothing older after it', async (t) => {
  t.timeout(240_000)
  const home = folder(t)
  packer('keygen', '--out', home)
  const keyFile = join(home, 'update.key')
  mkdirSync(join(home, 'keys'))
  copyFileSync(join(home, 'update.pub'), join(home, 'keys/owner.pub'))
  const architecture = process.arch === 'arm64' ? 'arm64' : 'x64'
  const next = readFileSync(await pack(keyFile, [0, 9, 0], architecture, home))
  t.false(
    readUpdate(next, trustedKeys(home)).files.some(({ path }) => path.includes('launch')),
    'the launcher stays the board’s',
  )
  /** One that ends at once. */
  const dead = (patch: number): Uint8Array => {
    const about = { version: [0, 9, patch] as [number, number, number], architecture, node: NODE_MAJOR } as const // three of three
    const files = [
      { path: 'dist/card.mjs', content: Buffer.concat([Buffer.from('process.exit(1)//'), Buffer.alloc(300_000, 'x')]) },
    ]
    return packUpdate(about, files, createPrivateKey(readFileSync(keyFile)))
  }
  t.log(`${next.length} bytes`)
  const it = board(t, home)
  let terminal = await it.open()
  t.like(await terminal.updateStatus(), { version: VERSION, trial: false })
  const counts: number[] = []
  t.is(await terminal.update(next, (bytes) => counts.push(bytes)), '0.9.0')
  t.is(counts.at(-1), next.length)
  t.is(await it.ended(), 0)
  await terminal.close()
  terminal = await it.open()
  t.like(await terminal.updateStatus(), { version: '0.9.0', trial: false })
  t.regex(it.log(), /launcher: version 0\.9\.0 of slot a, tried/)
  t.regex(it.log(), /"event":"update\.healthy","version":"0\.9\.0"/)
  await t.throwsAsync(terminal.update(next), { message: /runs this version already/ })
  const older = await pack(keyFile, [0, 8, 9], architecture, home)
  await t.throwsAsync(terminal.update(readFileSync(older)), { message: /newer version that worked/ })
  // One that dies at once: three starts, then what was before, which tells the PC.
  await terminal.update(dead(1))
  t.is(await it.ended(), 0)
  await terminal.close()
  for (let start = 0; start < 3; start++) await t.throwsAsync(it.open(), { message: /ended|unplugged/ })
  terminal = await it.open()
  t.like(await terminal.updateStatus(), {
    version: '0.9.0',
    rolledBack: { version: '0.9.1', why: 'it did not become healthy in 3 starts' },
  })
  t.regex(it.log(), /"event":"update\.rolled-back","version":"0\.9\.1"/)
  // The power goes in the middle of sending.
  const sending = terminal.update(dead(2), (bytes) => {
    if (bytes > 100_000) it.kill()
  })
  await t.throwsAsync(sending)
  await terminal.close()
  terminal = await it.open()
  t.like(await terminal.updateStatus(), { version: '0.9.0', trial: false })
  await terminal.close()
  t.is(await it.ended(), 0)
  t.deepEqual(readdirSync(join(home, 'slots')).sort(), ['a', 'b', 'state'])
})
