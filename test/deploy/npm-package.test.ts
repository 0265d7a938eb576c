import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import test, { type ExecutionContext } from 'ava'
import { npmPackage } from '../../deploy/npm.ts'
import { enrolled, PASSWORD, USER } from '../system/fixture.ts'

const run = promisify(execFile)
const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const TSC = join(ROOT, 'node_modules/.bin/tsc')
/** Nothing of the shell that runs the tests. */
const environment = (home: string) => ({
  HOME: home,
  KEYLINE_STATE: join(home, 'state'),
  PATH: '/usr/bin:/bin',
  LANG: 'C.UTF-8',
})

function folder(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), 'keyline-npm-'))
  t.teardown(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/** The package in an empty folder. @returns the folder; undefined, and said aloud, where npm reaches no registry */
async function installed(t: ExecutionContext): Promise<string | undefined> {
  const home = folder(t)
  const file = await npmPackage(home)
  writeFileSync(join(home, 'package.json'), '{"private":true,"type":"module"}')
  const npm = { cwd: home, env: { ...process.env, HOME: home }, timeout: 240_000 }
  try {
    await run('npm', ['install', '--silent', '--no-audit', '--no-fund', file], npm)
  } catch (error) {
    const reaches = await run('npm', ['ping', '--silent'], { ...npm, timeout: 20_000 }).then(
      () => true,
      () => false,
    )
    if (reaches) throw error
    process.stderr.write('NOT RUN: npm reaches no registry, so the package was not installed\n')
    t.log('NOT RUN: npm reaches no registry')
    t.pass()
    return undefined
  }
  return home
}

test('the npm package works in an empty folder: command line, types, and a login by telephone', async (t) => {
  t.timeout(400_000)
  const home = await installed(t)
  if (home === undefined) return
  const keyline = (args: readonly string[], input = '') => {
    const options = { cwd: home, env: environment(home), timeout: 120_000 }
    const child = run(join(home, 'node_modules/.bin/keyline'), [...args], options)
    child.child.stdin?.end(input)
    return child
  }
  t.regex((await keyline(['--version'])).stdout, /^keyline \d+\.\d+\.\d+$/m)
  t.regex((await keyline(['card', '--help'])).stdout, /Runs the card/)
  const missing = await t.throwsAsync(keyline(['server', '--json']))
  t.regex(String((missing as { stdout?: string }).stdout), /PROGRAM_MISSING/)

  writeFileSync(
    join(home, 'use.ts'),
    `import { type LoginOutcome, Terminal } from 'keyline'
const terminal = await Terminal.open({ card: '/dev/ttyACM0' })
const outcome: LoginOutcome = await terminal.login({ userId: 'alice', password: 'x' })
if (outcome.verdict === 'permitted') await outcome.session.close()
await terminal.close()
`,
  )
  const strict = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2024', '--types', 'node', 'use.ts']
  await t.notThrowsAsync(run(TSC, strict, { cwd: home }))

  const world = await enrolled(t)
  const card = ['--card', world.cardPort]
  await keyline(['login', '--user', USER, ...card, '--json'], `${PASSWORD}\n`)
  t.teardown(() => keyline(['logout', '--json']).catch(() => {}))
  t.regex((await keyline(['ls', '--json'])).stdout, /two-tones\.mp3/)
  await keyline(['get', 'two-tones.mp3', '--json'])
  await keyline(['logout', '--json'])
})
