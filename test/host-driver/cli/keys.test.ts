import test from 'ava'
import { FakeServer } from '../fake-server.ts'
import { cardOnTty } from '../fake-tty.ts'
import { permitting } from '../world.ts'
import { home } from './run.ts'

const PASSWORD = 'open sesame\n'
/** A port that was pulled: the number of a pty is given to the next program. */
const GONE = '/dev/keyline-none'

test.serial(
  'one call, three sessions: logout keeps the keys, login uses them without a card, --all erases them',
  async (t) => {
    const user = await home(t)
    const server = await FakeServer.start(t)
    const { card, path, unplug } = cardOnTty(t)
    permitting(card, server)
    const calls = (): number => card.asked.filter(({ method }) => method === 'line.login').length
    const login = (...more: string[]) => user.run(['login', '--user', 'alice', '--json', ...more], PASSWORD)

    t.like((await login('--card', path, '--keys', '4')).last, { ok: true, call: true, keysLeft: 3 })
    t.like((await user.run(['rekey', '--json'])).last, { ok: true, keysLeft: 2 })
    const left = await user.run(['logout'])
    t.regex(left.out, /Keys that wait for later sessions: 2/)
    const waiting = await user.run(['keys', '--json'])
    t.like(waiting.last, { ok: true, keys: [{ userId: 'alice', server: server.internet, left: 2 }] })
    t.regex((await user.run(['keys'])).out, /^2 keys for alice at 127\.0\.0\.1:\d+ until \d{4}-/)
    unplug()

    // Neither --card nor anything on USB.
    const again = await login()
    t.is(again.code, 0, again.out + again.err)
    t.like(again.last, { ok: true, call: false, stored: { number: 3, of: 4 }, keysLeft: 1 })
    t.like((await user.run(['status', '--card', GONE, '--json'])).last, { keys: [{ left: 1 }], card: null })
    t.is((await user.run(['ls'])).code, 0)
    await user.run(['logout'])
    const plain = await user.run(['login', '--user', 'alice', '--card', GONE], PASSWORD)
    t.regex(plain.out, /\nNo call: stored key 4 of 4; 0 more wait\.\n$/)
    t.is(calls(), 1)

    t.like((await user.run(['logout', '--all', '--json'])).last, { ok: true, serverErased: true, keysLeft: 0 })
    t.is(server.spare, 0)
    t.like((await user.run(['keys', '--json'])).last, { ok: true, keys: [] })
    t.like((await login()).last, { ok: false, error: { code: 'CARD_NOT_FOUND' } })
  },
)

test.serial('keys fetch makes a call for later; --fresh makes one all the same; --all needs no session', async (t) => {
  const user = await home(t)
  const server = await FakeServer.start(t)
  const { card, path } = cardOnTty(t)
  permitting(card, server)
  const fetched = await user.run(
    ['keys', 'fetch', '--keys', '3', '--user', 'alice', '--card', path, '--json'],
    PASSWORD,
  )
  t.is(fetched.code, 0, fetched.out + fetched.err)
  t.like(fetched.last, { ok: true, keys: [{ userId: 'alice', left: 3 }] })
  t.false(fetched.out.includes('sesame'))
  t.like((await user.run(['ls', '--json'])).last, { error: { code: 'NOT_LOGGED_IN' } })
  const fresh = await user.run(['login', '--fresh', '--user', 'alice', '--card', path, '--json'], PASSWORD)
  t.like(fresh.last, { ok: true, call: true, keysLeft: 3 })
  await user.run(['logout'])
  t.is(server.spare, 3)
  t.like((await user.run(['logout', '--all', '--json'])).last, { ok: true, serverErased: true })
  t.is(server.spare, 0)
  t.like((await user.run(['logout', '--all', '--json'])).last, { error: { code: 'NOT_LOGGED_IN' } })
})

test.serial('keys fetch --between plans its call, tells when, and Ctrl-C ends it before any', async (t) => {
  const user = await home(t)
  const { card, path } = cardOnTty(t)
  // Half a day from now: it is not quiet.
  const hour = (new Date().getHours() + 12) % 24
  const between = `${String(hour).padStart(2, '0')}:00-${String(hour).padStart(2, '0')}:30`
  const argv = ['keys', 'fetch', '--keys', '2', '--between', between, '--user', 'alice', '--card', path, '--json']
  const child = user.start(argv, PASSWORD)
  let out = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    out += text
    if (!child.killed && out.includes('planned')) child.kill('SIGINT')
  })
  const code = await new Promise((resolve) => child.once('close', resolve))
  t.is(code, 1, out)
  const [planned, end] = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  t.is(new Date(planned.at).getHours(), hour)
  t.like(end, { ok: false, error: { code: 'CANCELLED' } })
  t.is(card.asked.length, 0)
})

test.serial('what keys fetch cannot read is a usage error, before anything is asked', async (t) => {
  const user = await home(t)
  for (const argv of [[], ['--keys', '0'], ['--keys', '17'], ['--keys', '2', '--between', '2-5'], ['now']]) {
    const { code, last } = await user.run(
      ['keys', 'fetch', ...argv, '--user', 'a', '--card', '/dev/x', '--json'],
      PASSWORD,
    )
    t.is(code, 2, argv.join(' '))
    t.like(last, { error: { code: 'USAGE' } })
  }
})
