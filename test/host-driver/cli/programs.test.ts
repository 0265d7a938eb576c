import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { PROGRAMS } from '../../../host-driver/cli/programs.ts'
import { ended, home } from './run.ts'

const SIM = fileURLToPath(new URL('../../../sim/main.ts', import.meta.url))

test.serial('the other parts are programs of their own', (t) => {
  t.deepEqual(Object.keys(PROGRAMS), ['server', 'card', 'sim', 'acquirer'])
  for (const { main } of Object.values(PROGRAMS)) t.regex(main, /^(server|firmware|sim|sim\/acquirer)\/main$/)
})

test.serial('a program gets the arguments as they are, help and all, and its exit code comes back', async (t) => {
  if (!existsSync(SIM)) return t.pass('the simulator is not here')
  const user = await home(t)
  const help = await user.run(['sim', '--help'])
  t.is(help.code, 0)
  t.false(help.out.includes('keyline COMMAND'))
  t.true(help.out.length > 0)
  const wrong = await user.run(['sim', '--no-such-option-at-all'])
  t.is(wrong.code, 2)
})

test.serial('a signal is passed on to the program', async (t) => {
  if (!existsSync(SIM)) return t.pass('the simulator is not here')
  const user = await home(t)
  const child = user.start(['sim', '--modem', '0312345678', '--json'], { open: true })
  t.teardown(() => child.stdin?.destroy())
  const end = ended(child)
  // Its first line says that it runs.
  if (child.stdout) await Promise.race([once(child.stdout, 'data'), end])
  child.kill('SIGTERM')
  const { code, lines, err } = await end
  t.is(code, 0, err)
  t.true(lines.length >= 1)
})
