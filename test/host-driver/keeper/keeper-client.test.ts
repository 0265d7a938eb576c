import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { KeeperClient } from '../../../host-driver/keeper/keeper-client.ts'
import { listenAlone } from '../../../host-driver/keeper/listen.ts'
import { KEEPER_VERSION } from '../../../host-driver/keeper/protocol.ts'
import { socketPath } from '../../../host-driver/keeper/state-folder.ts'
import { seeded } from '../../random.ts'

const SEED = 99_107
const LOGIN = { userId: 'alice', password: 'open sesame', keys: 1, card: '/dev/fake' }
const SESSION = { userId: 'alice', server: 'x:1', expiresAt: '2030-01-01T00:00:00.000Z', keysLeft: 0 }
const KEYS = { userId: 'alice', server: 'x:1', left: 3, expiresAt: '2030-01-01T00:00:00.000Z' }
const STEP = '{"type":"step","step":"S1","path":"here","text":"t"}\n'
const DONE = `${JSON.stringify({ type: 'done', outcome: { verdict: 'permitted', session: SESSION } })}\n`

/** A keeper that answers as the test likes. */
async function answering(t: ExecutionContext, listener: RequestListener): Promise<KeeperClient> {
  const folder = await mkdtemp(join(tmpdir(), 'keyline-k-'))
  const http = createServer(listener)
  await listenAlone(http, socketPath(folder))
  t.teardown(async () => {
    http.closeAllConnections()
    http.close()
    await rm(folder, { recursive: true, force: true })
  })
  const client = await KeeperClient.find(folder)
  if (client === undefined) throw new Error('expected a keeper')
  return client
}

const saying = (t: ExecutionContext, body: string | Buffer, status = 200) =>
  answering(t, (_request, response) => response.writeHead(status).end(body))

test('a status is believed when all of it is right', async (t) => {
  const good = { keeper: KEEPER_VERSION, pid: 1, session: SESSION, keys: [KEYS] }
  t.deepEqual(await (await saying(t, JSON.stringify(good))).status(), good)
  const wrong = [
    {},
    { ...good, keeper: 'keyline-keeper/99' },
    { ...good, more: 1 },
    { ...good, pid: 0 },
    { ...good, session: { ...SESSION, psk: 'x' } },
    { ...good, session: { ...SESSION, expiresAt: 'soon' } },
    { ...good, keys: [{ ...KEYS, psk: 'x' }] },
    { ...good, keys: [{ ...KEYS, left: -1 }] },
  ]
  for (const status of wrong) {
    const client = await saying(t, JSON.stringify(status))
    await t.throwsAsync(client.status(), { code: 'KEEPER_VERSION' }, JSON.stringify(status))
  }
})

test('a login is told event by event', async (t) => {
  const client = await saying(t, `${STEP}{"type":"line","state":"dialling"}\n${DONE}`)
  const events: unknown[] = []
  const outcome = await client.login(LOGIN, (event) => events.push(event))
  t.deepEqual(outcome, { verdict: 'permitted', session: SESSION })
  t.deepEqual(events, [
    { type: 'step', step: 'S1', path: 'here', text: 't' },
    { type: 'line', state: 'dialling' },
  ])
})

test('the failure at the end of a login is thrown as it is', async (t) => {
  const error = { code: 'NO_CARRIER', what: 'w', cure: 'c', origin: 'card' }
  const client = await saying(t, `${STEP}${JSON.stringify({ type: 'failed', error })}\n`)
  t.like(await t.throwsAsync(client.login(LOGIN, () => {})), error)
})

test('a login without its end is no login', async (t) => {
  for (const body of ['', STEP, DONE.slice(0, -5), `${DONE}${STEP}`]) {
    const client = await saying(t, body)
    await t.throwsAsync(
      client.login(LOGIN, () => {}),
      { code: 'KEEPER_PROTOCOL' },
      body,
    )
  }
})

test('rubbish and endless lines end it', async (t) => {
  const rubbish = [
    '{}\n',
    'null\n',
    '{"type":"step","step":"S99","path":"here","text":"t"}\n',
    `${'x'.repeat(200_000)}\n`,
  ]
  for (const body of rubbish) {
    const client = await saying(t, body + DONE)
    await t.throwsAsync(
      client.login(LOGIN, () => {}),
      { code: 'KEEPER_PROTOCOL' },
      body.slice(0, 30),
    )
  }
})

test(`3,000 mutated ends of a login never pass as another login (seed ${SEED})`, async (t) => {
  const random = seeded(SEED)
  const bodies = Array.from({ length: 3000 }, () => {
    const bytes = Buffer.from(STEP + DONE)
    for (let n = 0; n <= random(3); n++) bytes[random(bytes.length)] = random(256)
    return bytes
  })
  let next = 0
  const client = await answering(t, (_request, response) => response.end(bodies[next++]))
  let permitted = 0
  for (let n = 0; n < bodies.length; n++) {
    try {
      const outcome = await client.login(LOGIN, () => {})
      permitted++
      if (outcome.verdict === 'permitted') t.deepEqual(Object.keys(outcome.session), Object.keys(SESSION))
    } catch (error) {
      t.is(error instanceof Error && 'code' in error ? error.code : error, 'KEEPER_PROTOCOL')
    }
  }
  t.log(`${permitted} of ${bodies.length} stayed valid`)
  t.true(permitted < 1500)
})

test('a keeper that breaks off in the middle', async (t) => {
  const client = await answering(t, (_request, response) => {
    response.write(STEP, () => response.destroy())
  })
  await t.throwsAsync(
    client.login(LOGIN, () => {}),
    { code: 'INTERNET_BROKEN' },
  )
})

test('refusals of the keeper come with their reason', async (t) => {
  const error = { code: 'LOGIN_RUNNING', what: 'w', cure: 'c', origin: 'here' }
  const client = await saying(t, JSON.stringify(error), 409)
  await t.throwsAsync(
    client.login(LOGIN, () => {}),
    { code: 'LOGIN_RUNNING' },
  )
  await t.throwsAsync(client.logout(), { code: 'LOGIN_RUNNING' })
  await t.throwsAsync(client.status(), { code: 'LOGIN_RUNNING' })
})

test('a logout is confirmed in so many words', async (t) => {
  t.deepEqual(await (await saying(t, '{"serverErased":true,"keysLeft":2}')).logout(), {
    serverErased: true,
    keysLeft: 2,
  })
  // A keeper of an earlier version had no keys that wait.
  t.deepEqual(await (await saying(t, '{"serverErased":true}')).logout(), { serverErased: true, keysLeft: 0 })
  await t.throwsAsync((await saying(t, '{"ok":true}')).logout(), { code: 'KEEPER_PROTOCOL' })
})

test('the end of a fetch is no end of a login, nor the other way round', async (t) => {
  const fetched = `${JSON.stringify({ type: 'done', outcome: { verdict: 'fetched', keys: [KEYS] } })}\n`
  const { card, keys, password, userId } = LOGIN
  const fetch = async (body: string) => (await saying(t, body)).fetchKeys({ card, keys, password, userId }, () => {})
  t.deepEqual(await fetch(STEP + fetched), { verdict: 'fetched', keys: [KEYS] })
  await t.throwsAsync(fetch(DONE), { code: 'KEEPER_PROTOCOL' })
  const client = await saying(t, fetched)
  await t.throwsAsync(
    client.login(LOGIN, () => {}),
    { code: 'KEEPER_PROTOCOL' },
  )
})

test('a rekey is confirmed by the number of keys that wait on', async (t) => {
  t.is(await (await saying(t, '{"keysLeft":4}')).rekey(), 4)
  await t.throwsAsync((await saying(t, '{}')).rekey(), { code: 'KEEPER_PROTOCOL' })
})
