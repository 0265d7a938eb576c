import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { CALL, CardRefusal } from '../fake-card.ts'
import { FakeServer } from '../fake-server.ts'
import { cardOnTty } from '../fake-tty.ts'
import { permitting } from '../world.ts'
import { ended, type Home, home } from './run.ts'

const PASSWORD = 'open sesame'

/** Card and server in this process, the command line in its own, a real terminal line in between. */
async function desk(t: ExecutionContext) {
  const user = await home(t)
  const server = await FakeServer.start(t)
  const tty = cardOnTty(t)
  permitting(tty.card, server)
  const login = (...more: string[]) =>
    user.run(['login', '--user', 'alice', '--card', tty.path, '--json', ...more], `${PASSWORD}\n`)
  return { user, server, ...tty, login }
}

async function files(user: Home): Promise<string[]> {
  return (await readdir(user.folder)).filter((name) => name !== 'state').sort()
}

test.serial('login in one process, ls and get in the next, logout in a fourth', async (t) => {
  const { user, server, login, path } = await desk(t)
  const bytes = randomBytes(1_000_000)
  server.add('two-tones.mp3', bytes, 'Two tones')

  const entered = await login('--keys', '2')
  t.is(entered.code, 0, entered.out + entered.err)
  t.is(entered.err, '')
  t.like(entered.last, { ok: true, userId: 'alice', server: server.internet, keysLeft: 1 })
  const steps = entered.lines.flatMap(({ type, step }) => (type === 'step' ? [step] : []))
  t.deepEqual(steps, ['S1', 'S2', 'S5', 'S6', 'S7', "S7'", 'S10', 'S8', 'S11', 'S16'])
  t.false(entered.out.includes(PASSWORD))

  const menu = await user.run(['ls'])
  t.is(menu.code, 0)
  t.regex(menu.out, /^two-tones\.mp3 +1\.0 MB +Two tones\n$/)

  const got = await user.run(['get', 'two-tones.mp3', '--json'])
  t.is(got.code, 0, got.out)
  t.like(got.last, { ok: true, size: 1_000_000, resumedFrom: 0 })
  t.deepEqual(await readFile(join(user.folder, 'two-tones.mp3')), bytes)
  t.deepEqual(await files(user), ['two-tones.mp3'])

  const status = await user.run(['status', '--card', path, '--json'])
  t.like(status.last, {
    ok: true,
    session: { userId: 'alice', keysLeft: 1 },
    card: { firmware: 'fake/1', cardId: 'card-7' },
  })

  const pid = await user.keeperPid()
  const left = await user.run(['logout', '--all', '--json'])
  t.is(left.code, 0)
  t.like(left.last, { ok: true, serverErased: true, keysLeft: 0 })
  t.true(server.sessions[0]?.ended)
  t.is(server.spare, 0)
  t.is((await user.run(['ls'])).code, 1)
  await gone(pid)
})

test.serial('the same for people: plain words, no JSON, no password', async (t) => {
  const { user, server, path } = await desk(t)
  server.add('a.txt', Buffer.from('hello'))
  const login = await user.run(['login', '--user', 'alice', '--card', path], `${PASSWORD}\n`)
  t.is(login.code, 0)
  t.regex(login.out, /^Logged in as alice at 127\.0\.0\.1:\d+ until \d{4}-/)
  t.regex(login.err, /^S1 +here +/)
  t.regex(login.err, /\nS2 +line +/)
  t.false((login.out + login.err).includes(PASSWORD))
  const got = await user.run(['get', 'a.txt'])
  t.regex(got.out, /a\.txt \(5 B\), SHA-256 verified\n$/)
  t.regex(
    (await user.run(['status', '--card', path])).out,
    /Session: alice at .* left, 0 more keys\nCard: .*enrolled as card-7/,
  )
  const twice = await user.run(['get', 'a.txt'])
  t.is(twice.code, 1)
  t.regex(twice.err, /FILE_EXISTS/)
  t.is((await user.run(['get', 'a.txt', '--overwrite'])).code, 0)
  t.regex((await user.run(['logout'])).out, /Logged out/)
})

test.serial('the keeper is private: folder 0700, socket and log 0600, nothing secret in the log', async (t) => {
  const { user, login } = await desk(t)
  await login()
  const mode = async (name: string): Promise<number> => (await stat(join(user.state, name))).mode & 0o777
  t.is(await mode('.'), 0o700)
  t.is(await mode('keeper.sock'), 0o600)
  t.is(await mode('keeper.log'), 0o600)
  t.is(await readFile(join(user.state, 'keeper.log'), 'utf8'), '')
  const pid = await user.keeperPid()
  const [command, environment] = await Promise.all([readFile(`/proc/${pid}/cmdline`), readFile(`/proc/${pid}/environ`)])
  t.false(Buffer.concat([command, environment]).includes(PASSWORD))
})

test.serial('the keeper outlives what started it, and holds no port of the card', async (t) => {
  const { user, login, card } = await desk(t)
  await login()
  const asked = card.asked.length
  t.is((await user.run(['ls'])).code, 0)
  t.is(card.asked.length, asked)
  t.not(await user.keeperPid(), undefined)
})

test.serial('kill -9 of the keeper: told as not logged in, and the next login works', async (t) => {
  const { user, login } = await desk(t)
  await login()
  const pid = await user.keeperPid()
  if (pid === undefined) return t.fail()
  process.kill(pid, 'SIGKILL')
  await gone(pid)
  t.true((await stat(join(user.state, 'keeper.sock'))).isSocket())
  const menu = await user.run(['ls', '--json'])
  t.like(menu.last, { ok: false, error: { code: 'NOT_LOGGED_IN' } })
  const again = await login()
  t.is(again.code, 0, again.out)
  t.not(await user.keeperPid(), pid)
  t.is((await user.run(['ls'])).code, 0)
})

test.serial('SIGTERM of the keeper closes the session at the server too', async (t) => {
  const { user, login, server } = await desk(t)
  await login()
  const pid = await user.keeperPid()
  if (pid === undefined) return t.fail()
  process.kill(pid, 'SIGTERM')
  await gone(pid)
  t.true(server.sessions[0]?.ended)
  t.deepEqual(await readdir(user.state), ['keeper.log'])
})

test.serial('S4: refused over the line is exit code 3 with its reason', async (t) => {
  const { login, card, user } = await desk(t)
  card.answers['line.login'] = () => ({ verdict: 'refused', reason: 'CARD_LOCKED', retryAfterSeconds: 90, call: CALL })
  const { code, last } = await login()
  t.is(code, 3)
  t.like(last, { ok: false, error: { code: 'CARD_LOCKED' } })
  t.regex(JSON.stringify(last), /after 1:30/)
  t.is((await user.run(['ls'])).code, 1)
})

test.serial('S15: refused over the Internet is exit code 3 too', async (t) => {
  const { user, path } = await desk(t)
  const { code, err } = await user.run(['login', '--user', 'alice', '--card', path], 'wrong\n')
  t.is(code, 3)
  t.regex(err, /LOGIN_REFUSED/)
})

test.serial("the card's own error is exit code 4, its sentences unchanged", async (t) => {
  const { login, card } = await desk(t)
  card.answers['line.login'] = () => {
    throw new CardRefusal('NO_DIALTONE', 'the modem has no network', 'move it to a window')
  }
  const { code, last } = await login()
  t.is(code, 4)
  const error = { code: 'NO_DIALTONE', what: 'the modem has no network', cure: 'move it to a window' }
  t.deepEqual(last, { ok: false, error })
})

test.serial('an Internet path that does not prove itself is exit code 5', async (t) => {
  const { login, card, server } = await desk(t)
  const good = card.answers['line.login']
  card.answers['line.login'] = async (params) => {
    const answer = await good(params)
    server.eraseKeys()
    return answer
  }
  const { code, last } = await login()
  t.is(code, 5)
  t.like(last, { error: { code: 'INTERNET_PATH_REFUSED' } })
})

test.serial('Ctrl-C during the call hangs up and ends cleanly', async (t) => {
  const { user, card, path } = await desk(t)
  const hang = Promise.withResolvers<never>()
  card.answers['line.login'] = () => hang.promise
  card.answers['line.cancel'] = () => {
    hang.reject(new CardRefusal('CALL_CANCELLED'))
    return { cancelled: true }
  }
  const child = user.start(['login', '--user', 'alice', '--card', path, '--json'], `${PASSWORD}\n`)
  const end = ended(child)
  while (!card.asked.some(({ method }) => method === 'line.login')) await moment()
  child.kill('SIGINT')
  const { code, last } = await end
  t.is(code, 1)
  t.like(last, { ok: false, error: { code: 'CANCELLED' } })
  while (!card.asked.some(({ method }) => method === 'line.cancel')) await moment()
  t.pass()
})

test.serial('the cable is pulled during the call: exit code 4', async (t) => {
  const { login, card, unplug } = await desk(t)
  card.answers['line.login'] = () => {
    setImmediate(unplug)
    return new Promise(() => {})
  }
  const { code, last } = await login()
  t.is(code, 4)
  t.like(last, { error: { code: 'CARD_GONE' } })
})

test.serial('a download that was killed is continued by the same command', async (t) => {
  const { user, login, server } = await desk(t)
  await login()
  const bytes = randomBytes(3_000_000)
  server.add('long.bin', bytes)
  server.mischief.push({ cutAfter: 2_000_000 }, { hang: true })
  const child = user.start(['get', 'long.bin', '--json'])
  const end = ended(child)
  while (server.seen.filter((line) => line.startsWith('GET /content/')).length < 2) await moment()
  child.kill('SIGKILL')
  await end
  t.deepEqual(await files(user), ['long.bin.part', 'long.bin.part.json'])
  const again = await user.run(['get', 'long.bin', '--json'])
  t.is(again.code, 0, again.out)
  // Node gives up what it had buffered while it was held back, a few ten kilobytes.
  const { resumedFrom } = again.last
  t.true(typeof resumedFrom === 'number' && resumedFrom > 1_500_000 && resumedFrom <= 2_000_000, String(resumedFrom))
  t.deepEqual(await readFile(join(user.folder, 'long.bin')), bytes)
})

test.serial('enrol by argument and by standard input', async (t) => {
  const { encodeTicket } = await import('../../../wire/line/ticket.ts')
  const { user, card, path } = await desk(t)
  const ticket = encodeTicket({
    cardId: 'card-7',
    line: [{ bearer: 'call', address: '+819012345678' }],
    internet: 'server.example:4433',
    serverPublic: new Uint8Array(32).fill(1),
    secret: new Uint8Array(32).fill(2),
    expiresAtSeconds: 2_000_000_000,
  })
  const given = await user.run(['enrol', ticket, '--card', path, '--json'])
  t.like(given.last, { ok: true, cardId: 'card-7', internet: 'server.example:4433' })
  const piped = await user.run(['enrol', '-', '--card', path], `${ticket}\n`)
  t.is(piped.code, 0)
  t.regex(piped.out, /enrolled as card-7/)
  t.is(card.asked.filter(({ method }) => method === 'card.enrol').length, 2)
  const wrong = await user.run(['enrol', ticket.slice(0, -3), '--card', path, '--json'])
  t.is(wrong.code, 2)
  t.like(wrong.last, { error: { code: 'TICKET_INVALID' } })
})

test.serial('two logins at once: one of them wins, neither breaks the keeper', async (t) => {
  const { login, user } = await desk(t)
  const ends = await Promise.all([login(), login()])
  const codes = ends.map(({ last }) => (last.ok === true ? 'ok' : (last.error as { code: string }).code)).sort()
  t.true(codes.includes('ok'), codes.join())
  for (const code of codes) t.true(['ok', 'LOGIN_RUNNING'].includes(code), code)
  t.is((await user.run(['ls'])).code, 0)
})

/** Until a process ended; the runner's own time-out is the limit. */
async function gone(pid: number | undefined): Promise<void> {
  for (;;) {
    try {
      process.kill(pid ?? 0, 0)
    } catch {
      return
    }
    // A killed child of nobody stays until init takes it: that is gone enough.
    const state = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
    if (state === '' || / Z /.test(state)) return
    await moment()
  }
}

function moment(): Promise<void> {
  return once(AbortSignal.timeout(10), 'abort').then(() => {})
}
