import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import test, { type ExecutionContext } from 'ava'
import { connectPsk, InternetPathError } from '../../internet/connect.ts'
import { Secret } from '../../keys/secret.ts'
import type { SessionKey } from '../../keys/session-keys.ts'
import { Accounts } from '../../server/accounts/accounts.ts'
import { openSqliteStore } from '../../server/store/sqlite.ts'
import { decodeTicket } from '../../wire/line/ticket.ts'
import { Terminal } from './internet-port/port-world.ts'
import { run, runServer } from './program.ts'
import { beginEnrolment, firstKey, type TestCard } from './test-card.ts'
import { clockAt, folder, type Node, NUMBER, startNode } from './world.ts'

const PASSWORD = 'correct horse battery'
const TICKET = ['--number', NUMBER, '--internet', '127.0.0.1:8443']

function folders(t: ExecutionContext): { data: string; content: string } {
  const own = folder(t)
  const content = join(own, 'content')
  mkdirSync(content)
  writeFileSync(join(content, 'note.txt'), 'over the Internet, encrypted')
  return { data: join(own, 'data'), content }
}

function dial(internet: string) {
  return connect(Number(internet.split(':')[1]), '127.0.0.1')
}

async function open(t: ExecutionContext, internet: string, key: SessionKey): Promise<Terminal> {
  return new Terminal(t, await connectPsk(dial(internet), key))
}

/** A node in the test's own process: its line port makes what the program's Internet port opens. */
async function lineNode(t: ExecutionContext, data: string, node: string): Promise<Node> {
  const clock = await clockAt(Date.now())
  return startNode(t, join(data, 'server.db'), { node, clock, numbers: [] })
}

async function enrol(node: Node, ticket: string): Promise<TestCard> {
  const { cardId, secret, serverPublic, line } = decodeTicket(ticket.trim())
  const number = line[0]?.address ?? ''
  const call = beginEnrolment({ cardId, secret: new Secret(secret), serverPublic }, number)
  return call.finish((await node.line.handle(call.message, number)) ?? new Uint8Array(0)).card
}

/** Only the text changes: setPassword would end the session. */
function replaceHash(path: string, hash: string): void {
  const db = new DatabaseSync(path)
  db.prepare("UPDATE accounts SET password = ? WHERE user_id = 'alice'").run(hash)
  db.close()
}

test.serial('from an empty folder to content over the Internet path, with the commands of the program', async (t) => {
  const { data, content } = folders(t)
  const added = await run(['user', 'add', 'alice', '--data', data], `${PASSWORD}\nsecond line\n`)
  t.deepEqual([added.code, added.err], [0, ''])
  t.is(statSync(data).mode & 0o777, 0o700)
  for (const name of readdirSync(data)) t.is(statSync(join(data, name)).mode & 0o777, 0o600)
  const server = await runServer(t, ['--data', data, '--content', content])
  t.deepEqual(server.events[0], { event: 'ready', internet: server.internet, modems: 0 })
  const ticket = await run(['ticket', 'card-1', '--data', data, ...TICKET])
  t.regex(ticket.out, /^keyline:[A-Za-z0-9_-]+\n$/)

  // The line port of another node; the cheap Argon2id of the tests does not know the program's passwords.
  const node = await lineNode(t, data, 'test')
  const card = await enrol(node, ticket.out)
  await node.store.removeAccount('alice')
  await node.accounts.add('alice', PASSWORD)
  const key = firstKey(await card.login(node, { password: PASSWORD }))
  const real = new Accounts({
    store: node.store,
    serverSecret: (await node.store.identity()).secretKey,
    now: Date.now,
  })
  // The program checks with the real one; a new password would end the session, so only the hash is exchanged.
  await real.add('bob', PASSWORD)
  const hash = (await node.store.account('bob'))?.password ?? ''
  replaceHash(join(data, 'server.db'), hash)

  const one = await open(t, server.internet, key)
  t.like((await one.login('alice', PASSWORD)).json(), { userId: 'alice', keysLeft: 0 })
  t.is((await one.ask('GET', '/content/note.txt')).body.toString(), 'over the Internet, encrypted')
  t.is((await run(['user', 'remove', 'alice', '--data', data])).code, 0)
  await one.ended() // by the sweep, without a request
  await t.throwsAsync(connectPsk(dial(server.internet), key), { instanceOf: InternetPathError })
  t.is(await server.stop(), 0)
  const steps = server.events.flatMap(({ step }) => step ?? [])
  t.deepEqual(steps, ['S12', 'S13', 'S14', 'S16', "S17'"])
  t.false(JSON.stringify(server.events).includes(PASSWORD))
})

test.serial('after kill -9 no key of before opens anything; SIGINT and SIGTERM end it cleanly', async (t) => {
  const { data, content } = folders(t)
  await run(['user', 'add', 'alice', '--data', data], PASSWORD)
  const { out } = await run(['ticket', 'card-1', '--data', data, ...TICKET])
  const first = await runServer(t, ['--data', data, '--content', content])
  // What the program's own line port would make: sessions under its node's name.
  const node = await lineNode(t, data, 'main')
  await node.store.removeAccount('alice')
  await node.accounts.add('alice', PASSWORD)
  const card = await enrol(node, out)
  const key = firstKey(await card.login(node, { password: PASSWORD }))
  await open(t, first.internet, key)
  t.is(await first.stop('SIGKILL'), 'SIGKILL')
  t.truthy(await node.sessions.findPsk(key.id)) // it had no time to erase anything
  const second = await runServer(t, ['--data', data, '--content', content])
  await t.throwsAsync(connectPsk(dial(second.internet), key), { instanceOf: InternetPathError })
  t.like(second.events[0], { event: 'sessions.erased', step: 'S18', keys: 1, why: 'node' })
  const later = firstKey(await card.login(node, { password: PASSWORD }))
  const one = await open(t, second.internet, later)
  t.is(await second.stop('SIGINT'), 0)
  await one.ended()
  t.is(await node.sessions.findPsk(later.id), undefined)
})

test.serial('users: add, list, password, unlock, remove, and what each is refused with', async (t) => {
  const { data } = folders(t)
  const user = (args: readonly string[], input = '') => run(['user', ...args, '--data', data, '--json'], input)
  t.deepEqual((await user(['add', 'alice'], `${PASSWORD}\r\n`)).json(), { ok: true, userId: 'alice' })
  const list = (await user(['list'])).json()
  t.like(list, { ok: true, users: [{ userId: 'alice', failures: 0, lockedForSeconds: 0 }] })
  t.deepEqual((await user(['unlock', 'alice'])).json(), { ok: true, userId: 'alice', unlocked: false })
  t.is((await user(['password', 'alice'], 'another password')).code, 0)
  for (const [args, input, code, exit] of [
    [['add', 'alice'], PASSWORD, 'USER_EXISTS', 1],
    [['add', 'bob'], 'short', 'PASSWORD_UNFIT', 1],
    [['add', 'bob'], '', 'PASSWORD_MISSING', 1],
    [['add', 'bob'], '\npassword on line two', 'PASSWORD_MISSING', 1],
    [['remove', 'bob'], '', 'USER_UNKNOWN', 1],
    [['unlock', 'bob'], '', 'USER_UNKNOWN', 1],
    [['add'], PASSWORD, 'USAGE', 2],
    [['add', 'a', 'b'], PASSWORD, 'USAGE', 2],
    [['add', 'bob', '--password', 'x'], PASSWORD, 'USAGE', 2],
  ] as const) {
    const refused = await user(args, input)
    t.is(refused.code, exit, args.join(' '))
    t.is(refused.out, '')
    const { error } = JSON.parse(refused.err)
    t.is(error.code, code)
    t.true(error.what.length > 0 && error.cure.length > 0)
  }
  t.is((await user(['remove', 'alice'])).code, 0)
  t.deepEqual((await user(['list'])).json(), { ok: true, users: [] })
})

test.serial('tickets and cards: issue, revoke, list, lock, unlock, remove, alarms', async (t) => {
  const { data } = folders(t)
  const json = async (...args: string[]) => {
    const { code, out, err } = await run([...args, '--data', data, '--json'])
    return { code, ...JSON.parse(code === 0 ? out : err) }
  }
  const numbers = ['--number', '+81300000001', '--number', '+81300000002', '--internet', 'server.example:443']
  const issued = await json('ticket', 'card-1', ...numbers, '--valid-hours', '1')
  const ticket = decodeTicket(issued.ticket)
  t.like(ticket, { cardId: 'card-1', internet: 'server.example:443' })
  t.deepEqual(
    ticket.line.map(({ bearer, address }) => `${bearer} ${address}`),
    ['call +81300000001', 'call +81300000002'],
  )
  const [packet, more] = ['me:sesame@iot.example/10.0.0.1:7000', ['--internet', 'server.example:443']]
  const three = ['--sms', '+81300000009', '--packet', packet, '--number', '+81300000001', '--canary', '192.0.2.1:443']
  const both = decodeTicket((await json('ticket', 'card-2', ...three, ...more)).ticket)
  t.deepEqual(
    both.line.map(({ bearer, address }) => `${bearer} ${address}`),
    ['call +81300000001', `packet ${packet}`, 'sms +81300000009'],
  )
  t.is(both.canary, '192.0.2.1:443')
  t.deepEqual(decodeTicket((await json('ticket', 'card-2', '--packet', packet, ...more)).ticket).line.length, 1)
  const none = await json('ticket', 'card-2', ...more)
  t.like(none, { code: 2, error: { what: '--number is missing, or --packet or --sms' } })
  const left = ticket.expiresAtSeconds * 1000 - Date.now()
  t.true(left > 3_000_000 && left <= 3_600_000)
  t.is(new Date(issued.expiresAt).getTime(), ticket.expiresAtSeconds * 1000)
  t.like(await json('ticket', 'revoke', 'card-1'), { code: 0, cardId: 'card-1' })
  t.like(await json('ticket', 'revoke', 'card-1'), { code: 1, error: { code: 'TICKET_UNKNOWN' } })
  t.deepEqual(await json('card', 'list'), { code: 0, ok: true, cards: [] })
  t.like(await json('card', 'unlock', 'card-1'), { code: 1, error: { code: 'CARD_UNKNOWN' } })
  t.like(await json('card', 'remove', 'card-1'), { code: 1, error: { code: 'CARD_UNKNOWN' } })

  await enrol(await lineNode(t, data, 'test'), (await json('ticket', 'card-1', ...TICKET)).ticket)
  t.like(await json('card', 'unlock', 'card-1'), { code: 1, error: { code: 'CARD_NOT_LOCKED' } })
  const store = openSqliteStore(join(data, 'server.db'))
  await store.lockCard('card-1', 'cloned', Date.now())
  await store.close()
  t.like(await json('card', 'list'), { cards: [{ cardId: 'card-1', locked: 'cloned' }] })
  t.like(await json('alarms'), { alarms: [{ event: 'card.locked', subject: 'card-1', detail: 'cloned' }] })
  t.regex((await run(['alarms', '--data', data])).out, /^\d{4}-.*card\.locked {2}card-1 {2}cloned\n$/)
  t.is((await json('card', 'unlock', 'card-1')).code, 0)
  t.is((await json('card', 'remove', 'card-1')).code, 0)
  for (const wrong of [
    ['--number', '+81-3'],
    ['--internet', 'nowhere'],
    ['--internet', 'a:0'],
    ['--valid-hours', '0'],
    ['--packet', '10.0.0.1:7000'],
    ['--packet', 'iot/10.0.0.1'],
    ['--sms', '+81-3'],
    ['--canary', 'example.org:443'],
    Array.from({ length: 8 }, () => ['--sms', '+81300000009']).flat(),
  ]) {
    t.like(await json('ticket', 'card-1', ...TICKET, ...wrong), { code: 2, error: { code: 'USAGE' } }, wrong.join(' '))
  }
})

test.serial('what cannot start says why in one line, and leaves nothing open', async (t) => {
  const { data, content } = folders(t)
  const missing = await run(['user', 'list', '--data', data])
  t.is(missing.code, 1)
  t.regex(missing.err, /^keyline server: there is no server in .* \(DATA_MISSING\); .*\.\n$/)
  t.false(existsSync(data))
  const busy = createServer().listen(0, '127.0.0.1')
  await once(busy, 'listening')
  t.teardown(() => busy.close())
  const address = busy.address()
  const port = typeof address === 'object' ? address?.port : 0
  const unsafe = join(folder(t), 'unsafe')
  mkdirSync(unsafe)
  chmodSync(unsafe, 0o777)
  for (const [args, code] of [
    [['--data', data, '--content', join(content, 'none')], 'CONTENT_UNUSABLE'],
    [['--data', data, '--content', content, '--listen', `127.0.0.1:${port}`], 'LISTEN_FAILED'],
    [['--data', unsafe, '--content', content], 'DATA_UNSAFE'],
    [['--data', join(content, 'note.txt'), '--content', content], 'DATA_UNUSABLE'],
  ] as const) {
    const { code: exit, err } = await run(['run', '--json', ...args])
    t.is(exit, 1)
    t.is(JSON.parse(err).error.code, code)
  }
})

test.serial('help is help, and a wrong word is a wrong word', async (t) => {
  for (const args of [['--help'], ['help'], ['user', 'add', '--help'], ['run', '-h']]) {
    const { code, out } = await run(args)
    t.is(code, 0)
    t.regex(out, /keyline server run --data DIR/)
  }
  for (const args of [[], ['fly'], ['user'], ['user', 'fly'], ['run'], ['__proto__'], ['toString']]) {
    const { code, err, out } = await run(args)
    t.is(code, 2, args.join(' '))
    t.is(out, '')
    t.regex(err, /^keyline server: .* \(USAGE\); see keyline server --help\.\n$/)
  }
})
