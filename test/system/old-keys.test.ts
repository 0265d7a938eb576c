import { execFile } from 'node:child_process'
import { connect as tcp } from 'node:net'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { connect as tls } from 'node:tls'
import test, { type ExecutionContext } from 'ava'
import type { World } from '../../demo/world.ts'
import { eraseKeys } from '../../host-driver/index.ts'
import { enrolled, PASSWORD, session, USER, withTerminal } from './fixture.ts'

/*
 * S18: after logout, after expiry and after a crash of the server no old key or ticket opens anything. Each key is shown to
 * open before, with the same clients, so that none of this can pass by accident.
 */

interface StoredKey {
  readonly identity: string
  readonly psk: Buffer
}

function storedKeys(world: World): StoredKey[] {
  const store = new DatabaseSync(join(world.serverData, 'server.db'), { readOnly: true })
  const rows = store.prepare('SELECT psk_id, psk FROM sessions').all()
  store.close()
  return rows.map(({ psk_id, psk }) => ({
    identity: String(psk_id),
    psk: Buffer.from(psk instanceof Uint8Array ? psk : []),
  }))
}

/** With Node's client: whether the handshake comes about, and any tickets that the server gave. */
function opensWithNode(
  world: World,
  { identity, psk }: StoredKey,
  ticket?: Buffer,
): Promise<{ opened: boolean; tickets: Buffer[] }> {
  return new Promise((resolve) => {
    const tickets: Buffer[] = []
    const socket = tls({
      socket: tcp(Number(world.internet.split(':')[1]), '127.0.0.1'),
      minVersion: 'TLSv1.3',
      ecdhCurve: 'X25519MLKEM768',
      ciphers: 'TLS_AES_128_GCM_SHA256',
      checkServerIdentity: () => new Error('expected no certificate'),
      ...(ticket ? { session: ticket } : { pskCallback: () => ({ psk, identity }) }),
    })
    const end = (opened: boolean): void => {
      socket.destroy()
      resolve({ opened, tickets })
    }
    socket.on('session', (it: Buffer) => tickets.push(it))
    socket.once('error', () => end(false))
    socket.once('close', () => end(false))
    socket.once('secureConnect', () => socket.write('GET /session HTTP/1.1\r\nhost: x\r\n\r\n'))
    // An answer, and with it any ticket that came before it.
    socket.once('data', () => end(true))
  })
}

/** With `openssl s_client`: undefined where there is no such program. */
function opensWithOpenssl(world: World, { identity, psk }: StoredKey): Promise<boolean | undefined> {
  const args = ['s_client', '-connect', world.internet, '-tls1_3', '-groups', 'X25519', '-psk', psk.toString('hex')]
  return new Promise((resolve) => {
    const child = execFile('openssl', [...args, '-psk_identity', identity], (error, stdout) => {
      if (error !== null && 'code' in error && error.code === 'ENOENT') resolve(undefined)
      else resolve(/^Reused, TLSv1\.3/m.test(stdout))
    })
    child.stdin?.on('error', () => {}).end()
  })
}

/** @returns what the server gave as a ticket (OpenSSL sends one that it does not keep): it must open nothing, even now */
async function assertOpens(t: ExecutionContext, world: World, key: StoredKey): Promise<Buffer[]> {
  const { opened, tickets } = await opensWithNode(world, key)
  t.true(opened, 'Node opens while the session lives')
  for (const ticket of tickets) t.false((await opensWithNode(world, key, ticket)).opened, 'a ticket opens nothing')
  const openssl = await opensWithOpenssl(world, key)
  if (openssl === undefined) t.log('openssl is not installed: shown with the TLS client of Node only')
  else t.true(openssl, 'openssl opens while the session lives')
  return tickets
}

async function assertClosed(t: ExecutionContext, world: World, key: StoredKey, tickets: Buffer[]): Promise<void> {
  t.false((await opensWithNode(world, key)).opened)
  for (const ticket of tickets) t.false((await opensWithNode(world, key, ticket)).opened)
  t.not(await opensWithOpenssl(world, key), true)
}

const SERVER = ['--allow-x25519']

test('keys that wait: the next login needs no call; after kill -9 of the server they open nothing, and a call is made', async (t) => {
  const world = await enrolled(t, { server: SERVER })
  await withTerminal(world, async (terminal) => {
    const login = async (keys?: number) => {
      const outcome = await terminal.login({ userId: USER, password: PASSWORD, ...(keys && { keys }) })
      if (outcome.verdict === 'refused') throw new Error(`refused: ${outcome.reason}`)
      return outcome
    }
    const first = await login(4)
    await first.session.close()
    t.is(storedKeys(world).length, 3)
    const second = await login()
    t.deepEqual(second.stored, { number: 2, of: 4 })
    await second.session.rekey()
    t.true((await second.session.menu()).length > 0)
    await second.session.close()
    const [key] = storedKeys(world)
    if (key === undefined) return t.fail('expected a stored key')
    t.true((await opensWithOpenssl(world, key)) ?? true, 'the handshake comes about before')
    await world.server.kill()
    await world.startServer()
    await assertClosed(t, world, key, [])
    const third = await login(2)
    t.is(third.stored, undefined)
    t.is(third.session.call.attempts, 1)
    t.deepEqual(await eraseKeys(terminal.keys, third.session), { serverErased: true })
    t.deepEqual(storedKeys(world), [])
  })
})

test('after logout', async (t) => {
  const world = await enrolled(t, { server: SERVER })
  await withTerminal(world, async (terminal) => {
    const opened = await session(terminal)
    const [key] = storedKeys(world)
    if (key === undefined) return t.fail('expected a stored key')
    const tickets = await assertOpens(t, world, key)
    t.true((await opened.close()).serverErased)
    await assertClosed(t, world, key, tickets)
    t.deepEqual(storedKeys(world), [])
  })
})

test('after its lifetime', async (t) => {
  const world = await enrolled(t, { server: SERVER, lifetimeSeconds: 4 })
  await withTerminal(world, async (terminal) => {
    const opened = await session(terminal)
    const [key] = storedKeys(world)
    if (key === undefined) return t.fail('expected a stored key')
    const tickets = await assertOpens(t, world, key)
    t.is(await opened.ended, 'expired')
    // The terminal's clock started with the answer, a moment after the server's.
    await assertClosed(t, world, key, tickets)
  })
})

test('after kill -9 of the server, and a new start', async (t) => {
  const world = await enrolled(t, { server: SERVER })
  await withTerminal(world, async (terminal) => {
    await session(terminal)
    const [key] = storedKeys(world)
    if (key === undefined) return t.fail('expected a stored key')
    const tickets = await assertOpens(t, world, key)
    await world.server.kill()
    await world.startServer()
    await assertClosed(t, world, key, tickets)
    t.deepEqual(storedKeys(world), [])
    const again = await session(terminal)
    await again.close()
  })
})
