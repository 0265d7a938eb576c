import test, { type ExecutionContext } from 'ava'
import { FakeServer } from '../fake-server.ts'
import { cardOnTty } from '../fake-tty.ts'
import { permitting } from '../world.ts'
import { atKeyboard } from './keyboard.ts'
import { home } from './run.ts'

/** `keyline login` at a terminal. */
async function atTerminal(t: ExecutionContext, more: readonly string[]) {
  const user = await home(t)
  const server = await FakeServer.start(t)
  const { card, path } = cardOnTty(t)
  permitting(card, server)
  return { ...atKeyboard(t, user, ['login', '--card', path, ...more]), server, card }
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
