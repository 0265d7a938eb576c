import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test, { type ExecutionContext } from 'ava'
import { npmPackage } from '../../deploy/npm.ts'
import { enrolled } from '../system/fixture.ts'
import { command, folder, notRun, reachesRegistry, run, works } from './installed.ts'

const TSC = fileURLToPath(new URL('../../node_modules/.bin/tsc', import.meta.url))
const INSTALL_MS = 240_000
/** What a program of someone else looks like. */
const PROGRAM = `import { KeylineError, type LoginOutcome, Terminal } from 'keyline'

const terminal = await Terminal.open({ card: process.argv[2] ?? '/dev/ttyACM0' })
console.log((await terminal.status()).card.cardId)
const outcome: LoginOutcome = await terminal.login({ userId: 'nobody', password: 'x' })
if (outcome.verdict === 'permitted') await outcome.session.close()
else console.log(outcome.reason)
await terminal.close()
const late = await terminal.status().catch((error: unknown) => error)
if (late instanceof KeylineError) console.log(late.code)
`

/** The package in an empty folder. @returns the folder; undefined, and said aloud, where npm reaches no registry */
async function installed(t: ExecutionContext): Promise<string | undefined> {
  const home = folder(t)
  const file = await npmPackage(home)
  writeFileSync(join(home, 'package.json'), '{"private":true,"type":"module"}')
  const npm = { cwd: home, env: { ...process.env, HOME: home }, timeout: INSTALL_MS }
  try {
    // No script of any package may be needed.
    await run('npm', ['install', '--silent', '--no-audit', '--no-fund', '--ignore-scripts', file], npm)
  } catch (error) {
    if (await reachesRegistry()) throw error
    notRun(t, 'npm reaches no registry, so the package was not installed')
    return undefined
  }
  return home
}

test('the npm package works in an empty folder: command line, types, a program, and a login by telephone', async (t) => {
  t.timeout(400_000)
  const home = await installed(t)
  if (home === undefined) return
  await works(t, command(home, [join(home, 'node_modules/.bin/keyline')]))
  t.regex((await command(home, ['npx'])(['--no-install', 'keyline', '--version'])).stdout, /^keyline \d/)

  writeFileSync(join(home, 'use.ts'), PROGRAM)
  const strict = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2024', '--types', 'node', 'use.ts']
  await t.notThrowsAsync(run(TSC, strict, { cwd: home }))
  const world = await enrolled(t)
  const { stdout } = await run(process.execPath, ['use.ts', world.cardPort], { cwd: home })
  t.deepEqual(stdout.trim().split('\n'), ['card-1', 'LOGIN_REFUSED', 'TERMINAL_CLOSED'])
})
