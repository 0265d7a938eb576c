import { spawn } from 'node:child_process'
import { closeSync, constants, openSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import test, { type ExecutionContext } from 'ava'
import { systemClock } from '../../../sim/clock.ts'
import { Pty } from '../../../sim/pty.ts'
import { PtyPoller } from '../../../sim/pty-poller.ts'
import { FakeServer } from '../fake-server.ts'
import { cardOnTty } from '../fake-tty.ts'
import { permitting } from '../world.ts'
import { ended, home } from './run.ts'

const MAIN = fileURLToPath(new URL('../../../host-driver/cli/main.ts', import.meta.url))

/** `keyline login` whose standard input is a real terminal; `echoed` is what that terminal showed of the keys. */
async function atTerminal(t: ExecutionContext, more: readonly string[]) {
  const user = await home(t)
  const server = await FakeServer.start(t)
  const { card, path } = cardOnTty(t)
  permitting(card, server)
  const seen = { echoed: '', err: '' }
  const keyboard = new Pty(new PtyPoller(systemClock), systemClock, {
    room: () => 4096,
    data: (bytes) => {
      seen.echoed += Buffer.from(bytes).toString('utf8')
    },
    dtrDropped: () => {},
  })
  t.teardown(() => keyboard.close())
  const fd = openSync(keyboard.path, constants.O_RDWR | constants.O_NOCTTY)
  const child = spawn(process.execPath, [MAIN, 'login', '--card', path, ...more], {
    env: user.env,
    cwd: user.folder,
    stdio: [fd, 'pipe', 'pipe'],
  })
  closeSync(fd)
  child.stderr?.on('data', (bytes) => {
    seen.err += bytes
  })
  const end = ended(child)
  /** Waits for a question, then types. */
  const answer = async (question: string, keys: string): Promise<void> => {
    while (!seen.err.includes(question)) {
      if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}: ${seen.err}`)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    keyboard.write(Buffer.from(keys))
  }
  return { end, answer, seen, server, card }
}

test.serial('user and password are asked for; the password is shown nowhere', async (t) => {
  const { end, answer, seen, server } = await atTerminal(t, [])
  await answer('User: ', 'alice\r')
  await answer('Password: ', 'open sesame\r')
  const { code, out, err } = await end
  t.is(code, 0, err)
  t.regex(out, /Logged in as alice/)
  t.false((out + err + seen.echoed).includes('sesame'))
  t.is(server.sessions.length, 1)
})

test.serial('with --user only the password is asked for', async (t) => {
  const { end, answer } = await atTerminal(t, ['--user', 'alice'])
  await answer('Password: ', 'wrong\r')
  const { code, err } = await end
  t.is(code, 3)
  t.false(err.includes('User: '))
})

for (const [name, key] of [
  ['Ctrl-C', '\u0003'],
  ['Ctrl-D', '\u0004'],
] as const) {
  for (const [question, more] of [
    ['User: ', []],
    ['Password: ', ['--user', 'alice']],
  ] as const) {
    test.serial(`${name} at "${question}" ends it, and the card hears nothing`, async (t) => {
      const { end, answer, card } = await atTerminal(t, more)
      await answer(question, key)
      const { code, err } = await end
      t.is(code, 1)
      t.regex(err, /CANCELLED/)
      t.is(card.asked.length, 0)
    })
  }
}

test.serial('an empty answer is a usage error', async (t) => {
  const { end, answer } = await atTerminal(t, ['--user', 'alice'])
  await answer('Password: ', '\r')
  const { code, err } = await end
  t.is(code, 2)
  t.regex(err, /INPUT_INVALID/)
})
