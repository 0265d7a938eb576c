import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { RUNGS } from './rungs.ts'

const LADDER = fileURLToPath(new URL('./ladder.ts', import.meta.url))

function ladder(args: readonly string[]) {
  const options = { encoding: 'utf8', timeout: 60_000 } as const
  return spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', LADDER, ...args], options)
}

test('the rungs of the ladder are named, and what each proves', (t) => {
  const { stdout, status } = ladder(['--list'])
  t.is(status, 0)
  for (const { name, proves } of RUNGS) t.true(stdout.includes(name) && stdout.includes(proves), name)
  // They take minutes, and packages of Debian: not here.
  t.log(`not run here: ${RUNGS.map(({ name }) => name).join(', ')}; npm run test:board runs them`)
})

test('a rung that there is not is refused', (t) => {
  const { stdout, status } = ladder(['--rung', 'none'])
  t.is(status, 2)
  t.regex(stdout, /no rung none/)
})
