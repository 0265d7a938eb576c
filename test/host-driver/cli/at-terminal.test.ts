import test, { type ExecutionContext } from 'ava'
import { EXIT } from '../../../host-driver/faults.ts'
import type { Params } from '../../../wire/usb/methods.ts'
import { CARD, CardRefusal } from '../fake-card.ts'
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

const CARD_PIN = 'a sentence of mine'

/** A card that does nothing before its PIN. */
async function atLockedCard(t: ExecutionContext, argv: readonly string[]) {
  const user = await home(t)
  const server = await FakeServer.start(t)
  const { card, path } = cardOnTty(t)
  permitting(card, server)
  let pin: 'locked' | 'open' = 'locked'
  const { 'card.hello': hello, 'line.login': login } = card.answers
  const told = () => ({ ...CARD, internet: server.internet, pin })
  Object.assign(card.answers, {
    'card.hello': async (params: Params<'card.hello'>) => ({ ...(await hello(params)), card: told() }),
    'card.status': () => ({ card: told() }),
    'card.pin.unlock': (params: Params<'card.pin.unlock'>) => {
      if (params.pin !== CARD_PIN) throw new CardRefusal('CARD_PIN_WRONG')
      pin = 'open'
      return { pin, triesLeft: 10 }
    },
    'card.files.list': () => ({ files: [], used: 0, quota: 16 }),
    'line.login': (params: Params<'line.login'>) => {
      if (pin === 'locked') throw new CardRefusal('CARD_PIN_NEEDED')
      return login(params)
    },
  })
  return { ...atKeyboard(t, user, [...argv, '--card', path]), server, card }
}

test.serial('a login with a locked card asks for its PIN, once and unseen, and goes on', async (t) => {
  const { end, answer, seen, server, card } = await atLockedCard(t, ['login', '--user', 'alice'])
  await answer('Password: ', 'open sesame\r')
  await answer('PIN: ', `${CARD_PIN}\r`)
  const { code, out, err } = await end
  t.is(code, 0, err)
  t.false((out + err + seen.echoed).includes(CARD_PIN))
  t.is(server.sessions.length, 1)
  t.is(card.asked.filter(({ method }) => method === 'card.pin.unlock').length, 1)
})

test.serial('what a command asks of a locked card comes after its PIN', async (t) => {
  const { end, answer, card } = await atLockedCard(t, ['card', 'files', 'ls'])
  await answer('PIN: ', `${CARD_PIN}\r`)
  const { code, err } = await end
  t.is(code, 0, err)
  t.is(card.asked.at(-1)?.method, 'card.files.list')
})

test.serial('the doctor asks for the PIN of a locked card, too', async (t) => {
  const { end, answer, card } = await atLockedCard(t, ['doctor'])
  card.answers['card.doctor'] = () => ({ checks: [] })
  await answer('PIN: ', `${CARD_PIN}\r`)
  const { err } = await end
  t.false(err.includes('CARD_PIN'), err)
  t.is(card.asked.at(-1)?.method, 'card.doctor')
})

test.serial('a wrong PIN ends the command, and the card is asked for nothing else', async (t) => {
  const { end, answer, card } = await atLockedCard(t, ['card', 'files', 'ls'])
  await answer('PIN: ', 'a guess\r')
  const { code, err } = await end
  t.is(code, EXIT.card)
  t.regex(err, /CARD_PIN_WRONG/)
  t.is(card.asked.at(-1)?.method, 'card.pin.unlock')
})
