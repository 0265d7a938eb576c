import { writeFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { type TLSSocket, connect as tlsConnect } from 'node:tls'
import test from 'ava'
import { connectPsk, InternetPathError } from '../../../internet/connect.ts'
import { TLS_PROFILE } from '../../../internet/tls-profile.ts'
import { startNode } from '../world.ts'
import { dialTo, openPort, portWorld, secondPort, Terminal, until } from './port-world.ts'

const GONE = { instanceOf: InternetPathError }

/** Whether the handshake succeeded, or the connection ended. */
function secured(socket: TLSSocket): Promise<boolean> {
  return new Promise((resolve) => {
    socket.on('error', () => {})
    socket.once('secureConnect', () => resolve(true)).once('close', () => resolve(false))
  })
}

test('S11–S18: login again under the session key, menu, content, end', async (t) => {
  const it = await portWorld(t)
  writeFileSync(join(it.content, 'note.txt'), 'secret and quick')
  const [key] = await it.keys()
  const one = await it.terminal(key)
  const login = await one.login()
  t.is(login.status, 200)
  t.deepEqual(login.json(), { userId: 'alice', expiresAt: '2023-11-14T23:13:20.000Z', keysLeft: 0 })
  t.deepEqual((await one.ask('GET', '/session')).json(), login.json())
  const menu = await one.ask('GET', '/menu')
  t.like(menu.json(), { items: [{ name: 'note.txt', title: 'note.txt', kind: 'text', size: 16 }] })
  t.is((await one.ask('GET', '/content/note.txt')).body.toString(), 'secret and quick')
  // Noted when the last byte is gone: whoever has read it could be quicker.
  await until(() => it.steps().length === 10)
  const end = await one.ask('DELETE', '/session')
  t.is(end.status, 204)
  await one.ended()
  t.deepEqual(it.steps().slice(4), ['S12', 'S13', 'S14', 'S16', "S17'", "S17'", 'S18'])
  await t.throwsAsync(it.terminal(key), GONE)
})

test('before the login nothing is told, not even what exists', async (t) => {
  const it = await portWorld(t)
  const one = await it.terminal((await it.keys())[0])
  for (const [method, path] of [
    ['GET', '/session'],
    ['DELETE', '/session'],
    ['GET', '/menu'],
    ['PUT', '/menu'],
    ['GET', '/content/note.txt'],
    ['GET', '/nothing'],
  ] as const) {
    const { status, json } = await one.ask(method, path)
    t.is(status, 403, path)
    t.like(json(), { code: 'SESSION_NOT_OPENED' })
  }
  t.is((await one.login()).status, 200)
})

test('S15: wrong password, unknown user and another user end the session and its connections, and leave the spare keys', async (t) => {
  const it = await portWorld(t)
  await it.accounts.add('bob', 'bob has a password')
  const answers = []
  for (const [user, password] of [
    ['alice', 'wrong'],
    ['nobody', 'correct horse'],
    ['bob', 'bob has a password'],
  ] as const) {
    const [key, later] = await it.keys({ keys: 2 })
    const other = await it.terminal(key)
    const one = await it.terminal(key)
    const { status, json } = await one.login(user, password)
    answers.push({ status, body: json() })
    await Promise.all([one.ended(), other.ended()])
    await t.throwsAsync(it.terminal(key), GONE)
    t.like((await (await it.terminal(later)).ask('GET', '/session/keys')).json(), { lifetimeSeconds: 86_400 })
  }
  t.deepEqual(answers[1], answers[0])
  t.deepEqual(answers[2], answers[0])
  t.is(answers[0]?.status, 401)
  t.like(answers[0]?.body, { code: 'LOGIN_REFUSED' })
  t.is(it.steps().filter((step) => step === 'S15').length, 3)
})

test('the line’s failures and the Internet’s count together towards a lock, which ends the session', async (t) => {
  const it = await portWorld(t)
  const [key] = await it.keys()
  for (let n = 0; n < 5; n++) await it.card.login(it, { password: 'wrong' })
  const one = await it.terminal(key)
  const { status, json, headers } = await one.login()
  t.is(status, 401)
  t.is(headers['retry-after'], '30')
  t.like(json(), { code: 'ACCOUNT_LOCKED' })
  await one.ended()
  await t.throwsAsync(it.terminal(key), GONE)
})

test('a body that is no login is told so, costs nothing, and the session may go on', async (t) => {
  const it = await portWorld(t)
  const [key] = await it.keys()
  const checks = it.argon2.runs
  const long = { userId: 'alice', password: 'x'.repeat(5000) }
  for (const [body, status, code] of [
    ['', 400, 'BODY_INVALID'],
    ['{', 400, 'BODY_INVALID'],
    [Buffer.from('7b22757365724964223a22ff227d', 'hex'), 400, 'BODY_INVALID'],
    [{ userId: 'alice' }, 400, 'BODY_INVALID'],
    [{ userId: 'alice', password: 7 }, 400, 'BODY_INVALID'],
    [{ userId: '', password: '' }, 400, 'BODY_INVALID'],
    [{ userId: 'alice', password: 'correct horse', role: 'admin' }, 400, 'BODY_INVALID'],
    [{ userId: 'a'.repeat(65), password: 'x' }, 400, 'BODY_INVALID'],
    [long, 413, 'BODY_TOO_LARGE'],
  ] as const) {
    const answer = await (await it.terminal(key)).ask('POST', '/session', { body })
    t.is(answer.status, status)
    t.like(answer.json(), { code })
  }
  t.is(it.argon2.runs, checks)
  t.is((await (await it.terminal(key)).login()).status, 200)
})

test('rekey: the next key takes over, the key before it is erased, and it may be repeated', async (t) => {
  const it = await portWorld(t)
  const [first, second, third] = await it.keys({ keys: 3 })
  const one = await it.terminal(first)
  const early = await it.terminal(second)
  const last = await it.terminal(third)
  const rekey = (terminal: Terminal, from = first?.id) => terminal.ask('POST', '/session/rekey', { body: { from } })
  t.like((await rekey(early)).json(), { code: 'SESSION_NOT_OPENED' })
  t.like((await one.login()).json(), { keysLeft: 2 })
  t.like((await rekey(one, second?.id)).json(), { code: 'KEY_USED' })
  t.is((await early.ask('GET', '/menu')).status, 403)
  for (let n = 0; n < 2; n++) t.like((await rekey(early)).json(), { keysLeft: 1 })
  await one.ended()
  await t.throwsAsync(it.terminal(first), GONE)
  t.is((await early.ask('GET', '/menu')).status, 200)
  t.like((await rekey(last)).json(), { code: 'SESSION_NOT_OPENED' })
  t.like((await rekey(last, second?.id)).json(), { keysLeft: 0 })
  await early.ended()
  t.is((await last.ask('DELETE', '/session')).status, 204)
  await t.throwsAsync(it.terminal(third), GONE)
})

test('rekey: a download under the old key is finished, then its connection ends', async (t) => {
  const it = await portWorld(t)
  const big = Buffer.alloc(64 * 2 ** 20, 'keyline ')
  writeFileSync(join(it.content, 'big.txt'), big)
  const [first, second] = await it.keys({ keys: 2 })
  const one = await it.terminal(first)
  await one.login()
  await one.ask('HEAD', '/content/big.txt') // so that the hash is known
  const running = await one.begin('GET', '/content/big.txt') // nobody reads: it cannot end by itself
  const next = await it.terminal(second)
  t.is((await next.ask('POST', '/session/rekey', { body: { from: first?.id } })).status, 200)
  t.true((await buffer(running)).equals(big))
  await one.ended()
})

test('S18: logout cuts the other connections and a running download at once', async (t) => {
  const it = await portWorld(t)
  writeFileSync(join(it.content, 'big.txt'), Buffer.alloc(64 * 2 ** 20, 'keyline '))
  const [key] = await it.keys()
  const one = await it.terminal(key)
  await one.login()
  const idle = await it.terminal(key)
  const busy = await it.terminal(key)
  await busy.ask('HEAD', '/content/big.txt')
  const download = buffer(await busy.begin('GET', '/content/big.txt'))
  t.is((await one.ask('DELETE', '/session')).status, 204)
  await Promise.all([idle.ended(), busy.ended(), one.ended(), t.throwsAsync(download)])
  await until(() => it.port.connections === 0)
  t.pass()
})

test('a session that is over opens nothing, and its connections end without a request', async (t) => {
  const it = await portWorld(t)
  const [key] = await it.keys()
  const one = await it.terminal(key)
  await one.login()
  await it.clock.advance(3_599_000)
  const two = await it.terminal(key)
  t.is((await two.ask('GET', '/session')).status, 200)
  await it.clock.advance(1000)
  await Promise.all([one.ended(), two.ended()])
  await t.throwsAsync(it.terminal(key), GONE)
  await it.sessions.sweep()
  t.like(it.events.at(-1), { event: 'sessions.erased', step: 'S18', keys: 1, why: 'lifetime' })
})

test('a session made at one node’s line opens at the other node’s Internet port, and ends at both', async (t) => {
  const it = await portWorld(t)
  const other = await secondPort(t, it)
  const [key] = await it.keys()
  if (key === undefined) return t.fail()
  const there = new Terminal(t, await connectPsk(other.dial(), key))
  t.is((await there.login()).status, 200)
  const here = await it.terminal(key)
  t.is((await here.ask('GET', '/session')).status, 200) // one login opens the key at every node
  t.is((await here.ask('DELETE', '/session')).status, 204)
  await other.sessions.sweep()
  await there.ended()
  await t.throwsAsync(connectPsk(other.dial(), key), GONE)
})

test('another node erased the session: the next request gets no answer, without waiting for a sweep', async (t) => {
  const it = await portWorld(t)
  const other = await secondPort(t, it)
  const [key] = await it.keys()
  if (key === undefined) return t.fail()
  const there = new Terminal(t, await connectPsk(other.dial(), key))
  await there.login()
  await it.store.eraseGroup((await it.sessions.find(key.id))?.groupId ?? '')
  await t.throwsAsync(there.ask('GET', '/menu'))
})

test('after a crash a node erases what it made, and not what another one made', async (t) => {
  const it = await portWorld(t)
  const other = await startNode(t, it.path, { node: 'other', clock: it.clock })
  const [ours] = await it.keys()
  const [theirs] = (await it.card.login(other)).keys
  const again = await startNode(t, it.path, { clock: it.clock })
  await again.sessions.eraseOwn()
  await t.throwsAsync(it.terminal(ours), GONE)
  t.is((await (await it.terminal(theirs)).login()).status, 200)
})

test('a session that ends during the handshake gets no connection', async (t) => {
  const it = await portWorld(t)
  const [key] = await it.keys()
  const { sessions, store } = it
  const findPsk = sessions.findPsk.bind(sessions)
  Object.assign(sessions, {
    findPsk: async (id: string) => {
      const psk = await findPsk(id)
      await store.eraseGroup((await sessions.find(id))?.groupId ?? '')
      return psk
    },
  })
  const one = await it.terminal(key) // the handshake itself was under a key that was good
  await one.ended()
  t.is(it.port.connections, 0)
  t.is(it.events.filter(({ event }) => event === 'internet.fault').length, 0)
})

test('a removed user and a new password end running sessions', async (t) => {
  const it = await portWorld(t)
  const one = await it.opened()
  await it.accounts.setPassword('alice', 'another password')
  await t.throwsAsync(one.ask('GET', '/menu'))
  const [key] = await it.keys({ password: 'another password' })
  await it.accounts.remove('alice')
  await t.throwsAsync(it.terminal(key), GONE)
})

test('X25519 alone opens nothing, unless the operator let it', async (t) => {
  const it = await portWorld(t)
  const lenient = await openPort(t, it, it.content, { allowX25519: true })
  const [key] = await it.keys()
  const dial = (socket: Socket): TLSSocket =>
    tlsConnect({
      ...TLS_PROFILE,
      ecdhCurve: 'X25519',
      socket,
      pskCallback: () => ({ psk: key?.psk.reveal() ?? Buffer.alloc(0), identity: key?.id ?? '' }),
      checkServerIdentity: () => new Error('a certificate was shown'),
    })
  t.false(await secured(dial(it.dial())))
  const allowed = dial(dialTo(t, lenient))
  t.teardown(() => allowed.destroy())
  t.true(await secured(allowed))
})

test('no ticket is given, so that nothing resumes after the key was erased', async (t) => {
  const it = await portWorld(t)
  const one = await it.opened()
  let tickets = 0
  one.socket.on('session', () => tickets++)
  await one.ask('GET', '/menu')
  t.is(tickets, 0)
  const session = one.socket.getSession()
  await one.ask('DELETE', '/session')
  const raw = tlsConnect({ ...TLS_PROFILE, socket: it.dial(), session, rejectUnauthorized: false })
  t.teardown(() => raw.destroy())
  t.false(await secured(raw))
})

test('without a key there is no handshake: certificates, other PSKs and no PSK', async (t) => {
  const it = await portWorld(t)
  const [key] = await it.keys()
  const wrong = { id: key?.id ?? '', psk: (await it.keys())[0]?.psk }
  for (const options of [
    { rejectUnauthorized: false },
    { pskCallback: () => ({ psk: Buffer.alloc(32), identity: 'unknown' }) },
    { pskCallback: () => ({ psk: wrong.psk?.reveal() ?? Buffer.alloc(32), identity: wrong.id }) },
  ]) {
    const raw = tlsConnect({ ...TLS_PROFILE, socket: it.dial(), ...options, checkServerIdentity: () => undefined })
    t.teardown(() => raw.destroy())
    t.false(await secured(raw))
  }
  t.is(it.port.connections, 0)
  await until(() => it.port.halfOpen === 0) // nothing of them is kept
})
