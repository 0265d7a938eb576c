import test from 'ava'
import { type KeyPair, keyPair } from '../../../keys/x25519.ts'
import { CALL, CardRefusal, until } from '../fake-card.ts'
import { loggedIn, steps, world } from '../world.ts'

const LOGIN = { userId: 'alice', password: 'open sesame' }

/** Pairs whose secret halves the test can look at afterwards. */
function watchedPairs() {
  const made: KeyPair[] = []
  const newKeyPair = (): KeyPair => {
    const pair = keyPair()
    made.push(pair)
    return pair
  }
  return { made, newKeyPair, erased: () => made.every(({ secretKey }) => secretKey.every((byte) => byte === 0)) }
}

test('S1–S16: a login over the line opens the Internet path, step by step', async (t) => {
  const w = await world(t)
  const session = await loggedIn(t, w)
  t.deepEqual(steps(w.events), ['S1', 'S2', 'S5', 'S6', 'S7', "S7'", 'S10', 'S8', 'S11', 'S16'])
  t.is(session.userId, 'alice')
  t.is(session.server, w.server.internet)
  t.deepEqual(session.call, CALL)
  t.deepEqual(session.secretRoutes, ['/purchase'])
  t.deepEqual(w.server.seen, ['POST /session'])
  const login = w.card.asked.find(({ method }) => method === 'line.login')
  t.like(login?.params, LOGIN)
})

test('each step says which network it used', async (t) => {
  const w = await world(t)
  await loggedIn(t, w)
  const paths = w.events.flatMap((event) => (event.type === 'step' ? [`${event.step} ${event.path}`] : []))
  t.true(paths.includes('S1 here') && paths.includes('S2 line') && paths.includes('S11 internet'))
  const states = w.events.flatMap((event) => (event.type === 'line' ? [event.state] : []))
  t.deepEqual(states, ['dialling', 'connected', 'exchanging', 'exchanging', 'exchanging', 'hanging-up', 'idle'])
})

test('S8: the secret halves are erased right after the keys were made', async (t) => {
  const pairs = watchedPairs()
  const w = await world(t, {}, { newKeyPair: pairs.newKeyPair })
  await loggedIn(t, w, 3)
  t.is(pairs.made.length, 3)
  t.true(pairs.erased())
})

test('D-2: k keys are exchanged in one call', async (t) => {
  const w = await world(t)
  const session = await loggedIn(t, w, 4)
  t.is(session.keysLeft, 3)
  t.is(w.card.asked.filter(({ method }) => method === 'line.login').length, 1)
})

test('S4: refused over the line is an answer, and nothing goes over the Internet', async (t) => {
  const pairs = watchedPairs()
  const w = await world(t, {}, { newKeyPair: pairs.newKeyPair })
  w.card.answers['line.login'] = () => ({
    verdict: 'refused',
    reason: 'ACCOUNT_LOCKED',
    retryAfterSeconds: 90,
    call: CALL,
  })
  const outcome = await w.terminal.login(LOGIN)
  t.deepEqual(outcome, { verdict: 'refused', reason: 'ACCOUNT_LOCKED', retryAfterSeconds: 90, path: 'line' })
  t.deepEqual(steps(w.events), ['S1', 'S4'])
  t.is(w.server.connections, 0)
  t.true(pairs.erased())
})

test('S15: refused over the Internet is an answer too, and the keys are erased', async (t) => {
  const w = await world(t)
  const outcome = await w.terminal.login({ ...LOGIN, password: 'wrong' })
  t.deepEqual(outcome, { verdict: 'refused', reason: 'LOGIN_REFUSED', retryAfterSeconds: 0, path: 'internet' })
  t.deepEqual(steps(w.events).slice(-3), ['S11', 'S18', 'S15'])
})

test('S15: a locked account over the Internet keeps its reason', async (t) => {
  const w = await world(t)
  w.server.refuseLogin = { status: 423, body: { code: 'ACCOUNT_LOCKED', what: 'locked', cure: 'wait' } }
  t.like(await w.terminal.login(LOGIN), { verdict: 'refused', reason: 'ACCOUNT_LOCKED', path: 'internet' })
})

test('an error of the server that is no refusal is thrown unchanged', async (t) => {
  const w = await world(t)
  w.server.refuseLogin = { status: 500, body: { code: 'DISK_ON_FIRE', what: 'it burns', cure: 'run' } }
  await t.throwsAsync(w.terminal.login(LOGIN), { code: 'DISK_ON_FIRE', message: 'it burns; run' })
  t.true(steps(w.events).includes('S18'))
})

test('a server that answers POST /session with something else is not believed', async (t) => {
  for (const body of [{}, { userId: 'alice', expiresAt: 'tomorrow', keysLeft: 0 }, []]) {
    const w = await world(t)
    w.server.refuseLogin = { status: 200, body }
    await t.throwsAsync(w.terminal.login(LOGIN), { code: 'SERVER_PROTOCOL' })
  }
})

test("the card's own codes are passed on unchanged", async (t) => {
  const pairs = watchedPairs()
  const w = await world(t, {}, { newKeyPair: pairs.newKeyPair })
  w.card.answers['line.login'] = () => {
    throw new CardRefusal('LINE_BUSY', 'the number is busy', 'call again in a minute')
  }
  const error = await t.throwsAsync(w.terminal.login(LOGIN), { code: 'LINE_BUSY' })
  t.like(error, { what: 'the number is busy', cure: 'call again in a minute', origin: 'card' })
  t.true(pairs.erased())
})

test('another number of keys than asked for, and keys of low order, are refused', async (t) => {
  const w = await world(t)
  const good = w.card.answers['line.login']
  w.card.answers['line.login'] = async (params) => {
    const answer = await good({ ...params, terminalKeys: [...params.terminalKeys, ...params.terminalKeys] })
    return answer
  }
  await t.throwsAsync(w.terminal.login(LOGIN), { code: 'CARD_PROTOCOL', message: /expected 1 keys/ })
  w.card.answers['line.login'] = async (params) => {
    const answer = await good(params)
    if (answer.verdict === 'permitted') answer.serverKeys[0] = 'A'.repeat(43)
    return answer
  }
  await t.throwsAsync(w.terminal.login(LOGIN), { code: 'CARD_PROTOCOL', message: /not valid/ })
  t.is(w.server.connections, 0)
})

test('keys that a card in the middle exchanged open nothing', async (t) => {
  const w = await world(t)
  const good = w.card.answers['line.login']
  w.card.answers['line.login'] = async (params) => {
    const answer = await good(params)
    // The server's key is another one than that of the exchange: the PSK cannot be the same.
    if (answer.verdict === 'permitted') answer.serverKeys[0] = Buffer.from(keyPair().publicKey).toString('base64url')
    return answer
  }
  await t.throwsAsync(w.terminal.login(LOGIN), { code: 'INTERNET_PATH_REFUSED' })
  t.deepEqual(w.server.seen, [])
})

test('an Internet address that is none is refused before anything is sent', async (t) => {
  const w = await world(t)
  const good = w.card.answers['line.login']
  for (const internet of ['', 'server', 'server:0', 'server:70000', 'a b:1', 'http://x:1', ':1', '[zz]:1']) {
    w.card.answers['line.login'] = async (params) => ({ ...(await good(params)), internet }) as never
    await t.throwsAsync(w.terminal.login(LOGIN), { code: 'CARD_PROTOCOL' }, internet)
  }
})

test('an unreachable server is tried again with growing pauses, then told', async (t) => {
  const pauses: number[] = []
  const after = (ms: number, run: () => void): (() => void) => {
    if (ms > 2000) return () => {} // time-outs of the card
    pauses.push(ms)
    setImmediate(run)
    return () => {}
  }
  const w = await world(t, {}, { after })
  const good = w.card.answers['line.login']
  // A port that was just closed: nobody listens there.
  w.card.answers['line.login'] = async (params) => ({ ...(await good(params)), internet: '127.0.0.1:1' }) as never
  await t.throwsAsync(w.terminal.login(LOGIN), { code: 'INTERNET_UNREACHABLE' })
  t.deepEqual(pauses, [500, 1000, 2000])
})

test('cancelled during the call: the card hangs up, and nothing goes over the Internet', async (t) => {
  const pairs = watchedPairs()
  const w = await world(t, {}, { newKeyPair: pairs.newKeyPair })
  const hungUp = Promise.withResolvers<never>()
  w.card.answers['line.login'] = () => hungUp.promise
  w.card.answers['line.cancel'] = () => {
    hungUp.reject(new CardRefusal('CALL_CANCELLED'))
    return { cancelled: true }
  }
  const stop = new AbortController()
  const login = w.terminal.login({ ...LOGIN, signal: stop.signal })
  await until(() => w.card.asked.some(({ method }) => method === 'line.login'))
  stop.abort()
  await t.throwsAsync(login, { code: 'CANCELLED' })
  t.is(w.card.asked.at(-1)?.method, 'line.cancel')
  t.is(w.server.connections, 0)
  t.true(pairs.erased())
})

test('cancelled too late: a permission that still came is of no use', async (t) => {
  const w = await world(t)
  const good = w.card.answers['line.login']
  const cancelled = Promise.withResolvers<void>()
  w.card.answers['line.login'] = async (params) => {
    await cancelled.promise
    return good(params)
  }
  w.card.answers['line.cancel'] = () => {
    cancelled.resolve()
    return { cancelled: false }
  }
  const stop = new AbortController()
  const login = w.terminal.login({ ...LOGIN, signal: stop.signal })
  await until(() => w.card.asked.some(({ method }) => method === 'line.login'))
  stop.abort()
  await t.throwsAsync(login, { code: 'CANCELLED' })
  t.is(w.server.connections, 0)
})

test('cancelled before it began: the card hears nothing', async (t) => {
  const w = await world(t)
  await t.throwsAsync(w.terminal.login({ ...LOGIN, signal: AbortSignal.abort() }), { code: 'CANCELLED' })
  t.deepEqual(
    w.card.asked.map(({ method }) => method),
    ['card.hello'],
  )
})

test('what cannot be sent is refused before the card hears of it, without quoting it', async (t) => {
  const w = await world(t)
  const wrong = [
    { ...LOGIN, userId: '' },
    { ...LOGIN, password: '' },
    { ...LOGIN, password: 'geheim'.repeat(30) },
    { ...LOGIN, userId: 'é'.repeat(33) },
    { ...LOGIN, keys: 0 },
    { ...LOGIN, keys: 17 },
    { ...LOGIN, keys: 1.5 },
  ]
  for (const request of wrong) {
    const error = await t.throwsAsync(w.terminal.login(request), { code: 'INPUT_INVALID' })
    t.false(error?.message.includes('geheim'))
  }
  t.is(w.card.asked.length, 1)
})

test('the cable is pulled during the call: told at once', async (t) => {
  const w = await world(t)
  w.card.answers['line.login'] = () => new Promise(() => {})
  const login = w.terminal.login(LOGIN)
  await until(() => w.card.asked.length === 2)
  w.unplug()
  await t.throwsAsync(login, { code: 'CARD_GONE' })
})

test('the session outlives the terminal: the card is free for others', async (t) => {
  const w = await world(t)
  const session = await loggedIn(t, w)
  await w.terminal.close()
  t.deepEqual(await session.menu(), [])
  await t.throwsAsync(w.terminal.login(LOGIN), { code: 'TERMINAL_CLOSED' })
})

test('a second login on the same terminal makes a session of its own', async (t) => {
  const w = await world(t)
  const one = await loggedIn(t, w)
  const two = await loggedIn(t, w)
  await one.close()
  t.deepEqual(await two.menu(), [])
  t.is(w.server.sessions.length, 2)
})
