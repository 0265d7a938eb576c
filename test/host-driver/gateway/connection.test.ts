import test from 'ava'
import { FakeClock } from '../../fake-clock.ts'
import { until } from '../fake-card.ts'
import { relayed, relayedRaw, Spoken } from './relayed.ts'

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const get = (host: string, path: string): string => `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`
const post = (host: string, path: string, more: string): string =>
  `POST ${path} HTTP/1.1\r\nHost: ${host}\r\nOrigin: http://${host}\r\n${more}`

test('a local answer stands behind the whole answer of the server before it', async (t) => {
  const body = 'x'.repeat(100_000)
  const it = await relayed(t, (_, response) => response.end(body))
  const one = new Spoken(t, it.port)
  for (let n = 0; n < 20; n++) {
    one.seen = ''
    one.say(get(it.host, `/${n}`) + get(it.host, `/keyline/${n}`))
    await one.until(`local /keyline/${n}`)
    t.true(one.seen.indexOf('local') > one.seen.lastIndexOf('xxxx'))
    t.is(one.seen.split('x'.repeat(100_000)).length, 2)
  }
  t.is(it.dials.length, 1)
})

test('requests are looked at one after the other: none goes on while the one before is not answered', async (t) => {
  const it = await relayedRaw(t, () => {})
  const one = new Spoken(t, it.port)
  one.say(get(it.host, '/first') + get(it.host, '/second'))
  await until(() => it.said().includes('/first'))
  for (let n = 0; n < 200; n++) await new Promise((resolve) => setImmediate(resolve))
  t.false(it.said().includes('/second'))
  t.is(it.counts.requests, 1)
})

test('a connection that the server gave up between two requests is replaced, also when both cross', async (t) => {
  const it = await relayedRaw(t, (socket, bytes) => {
    if (bytes.includes('/first')) socket.write(OK)
    // The second request finds a server that has closed already.
    else if (bytes.includes('/second') && it.dials.length === 1) socket.destroy()
    else socket.write(OK)
  })
  const one = new Spoken(t, it.port)
  one.say(get(it.host, '/first'))
  await one.until('ok')
  one.seen = ''
  one.say(get(it.host, '/second'))
  await one.until('ok')
  t.is(it.dials.length, 2)
  t.is(it.said().match(/GET \/second/g)?.length, 2)
})

test('what may change something is never asked twice', async (t) => {
  const it = await relayedRaw(t, (socket, bytes) => {
    if (bytes.includes('/first')) socket.write(OK)
    else socket.destroy()
  })
  for (const more of ['Content-Length: 3\r\n\r\na=b', 'Content-Length: 0\r\n\r\n']) {
    const one = new Spoken(t, it.port)
    one.say(get(it.host, '/first'))
    await one.until('ok')
    one.say(post(it.host, '/second', more))
    t.regex(await one.end(), /HTTP\/1\.1 502 .*INTERNET_BROKEN$/s)
  }
  t.is(it.said().match(/POST \/second/g)?.length, 2)
})

test('a server that fails at the first request of a connection is not asked again', async (t) => {
  const it = await relayedRaw(t, (socket) => socket.destroy())
  const one = new Spoken(t, it.port)
  one.say(get(it.host, '/'))
  t.regex(await one.end(), /502/)
  t.is(it.dials.length, 1)
})

test('an idle server connection that ends takes no work of the gateway itself with it', async (t) => {
  const logIn = Promise.withResolvers<void>()
  const it = await relayedRaw(t, (socket) => socket.write(OK), {
    local: async ({ target }) => {
      if (target === '/keyline/login') await logIn.promise
      return { status: 200, body: `local ${target}` }
    },
  })
  const one = new Spoken(t, it.port)
  one.say(get(it.host, '/'))
  await one.until('ok')
  one.say(post(it.host, '/keyline/login', 'Content-Length: 3\r\n\r\na=b'))
  it.dials[0]?.destroy()
  for (let n = 0; n < 50; n++) await new Promise((resolve) => setImmediate(resolve))
  t.false(one.closed)
  logIn.resolve()
  await one.until('local /keyline/login')
  one.seen = ''
  one.say(get(it.host, '/'))
  await one.until('ok')
  t.is(it.dials.length, 2)
})

test('an answer that comes before the body is all sent: the body is taken to its end, then the next request', async (t) => {
  let answered = false
  const it = await relayedRaw(t, (socket) => {
    if (!answered || it.said().includes('GET /next')) socket.write(OK)
    answered = true
  })
  const one = new Spoken(t, it.port)
  one.say(post(it.host, '/up', 'Content-Type: application/octet-stream\r\nContent-Length: 200000\r\n\r\nabc'))
  await one.until('ok')
  one.seen = ''
  one.say(Buffer.concat([Buffer.alloc(199_997, 'd'), Buffer.from(get(it.host, '/next'))]))
  await one.until('ok')
  t.regex(it.said(), /d{1000}GET \/next HTTP\/1\.1\r\n/)
  t.is(it.dials.length, 1)
})

test('a body that has nowhere to go any more ends its connection', async (t) => {
  const it = await relayedRaw(t, (socket) => socket.end(OK))
  const one = new Spoken(t, it.port)
  one.say(post(it.host, '/up', 'Content-Type: image/png\r\nContent-Length: 200000\r\n\r\nabc'))
  t.regex(await one.end(), /ok$/)
})

test('bytes that no response asked for end the connection, and reach nobody', async (t) => {
  const it = await relayedRaw(t, (socket) => socket.write(`${OK}HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged`))
  const one = new Spoken(t, it.port)
  one.say(get(it.host, '/'))
  await one.until('ok')
  one.seen = ''
  one.say(get(it.host, '/pay?tag=x'))
  await one.until('local /pay?tag=x')
  t.false(one.seen.includes('forged'))
})

test('chunked bodies go on as they came, and end where they end', async (t) => {
  const it = await relayed(t, ({ body }, response) => response.end(`got ${body.length}`))
  const one = new Spoken(t, it.port)
  const chunks = `5;a=b\r\nhello\r\n${(70_000).toString(16)}\r\n${'y'.repeat(70_000)}\r\n0\r\nX-Trailer: z\r\n\r\n`
  one.say(
    post(it.host, '/up', 'Content-Type: image/png\r\nTransfer-Encoding: chunked\r\n\r\n') +
      chunks +
      get(it.host, '/keyline'),
  )
  await one.until('local /keyline')
  t.regex(one.seen, /got 70005/)
  t.is(it.asked[0]?.body.toString().slice(0, 8), 'helloyyy')
})

test('a chunked body that goes wrong half-way breaks the request at the server too', async (t) => {
  const it = await relayed(t, (_, response) => response.end('taken'))
  const one = new Spoken(t, it.port)
  one.say(post(it.host, '/up', 'Content-Type: image/png\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n'))
  await until(() => it.dials.length === 1)
  one.say(`oops\r\nPOST /pay HTTP/1.1\r\nHost: ${it.host}\r\n\r\n`)
  t.is(await one.end(), '')
  t.deepEqual(it.asked, [])
})

test('a form is sent on as a whole or not at all', async (t) => {
  const it = await relayedRaw(t, (socket) => socket.write(OK))
  const one = new Spoken(t, it.port)
  one.say(post(it.host, '/f', 'Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 20\r\n\r\nn=4242'))
  for (let n = 0; n < 100; n++) await new Promise((resolve) => setImmediate(resolve))
  t.is(it.dials.length, 0)
  one.say('424242424242&a')
  t.regex(await one.end(), /PERSONAL_DATA_REFUSED$/)
  t.is(it.said(), '')
})

test('who says nothing for long is sent away; who moves bytes, or waits for the card, is not', async (t) => {
  const clock = new FakeClock()
  const login = Promise.withResolvers<void>()
  const it = await relayedRaw(t, () => {}, {
    after: (ms, run) => clock.after(ms, run),
    local: async () => {
      await login.promise
      return { status: 200, body: 'local' }
    },
  })
  const silent = new Spoken(t, it.port)
  const patient = new Spoken(t, it.port)
  const moving = new Spoken(t, it.port)
  patient.say(get(it.host, '/keyline'))
  moving.say(post(it.host, '/up', 'Content-Type: image/png\r\nContent-Length: 99\r\n\r\n'))
  await until(() => it.said().includes('/up') && clock.waiting === 3)
  for (let n = 0; n < 10; n++) {
    const before = it.said().length
    moving.say('.')
    await until(() => it.said().length > before)
    await clock.advance(75_000)
  }
  await silent.end()
  t.false(moving.closed)
  login.resolve()
  await patient.until('local')
  await clock.advance(150_000)
  await patient.end()
  await moving.end()
  t.is(clock.waiting, 0)
})

test('who is refused is told so, and is not listened to any more', async (t) => {
  const clock = new FakeClock()
  const it = await relayedRaw(t, () => {}, { after: (ms, run) => clock.after(ms, run) })
  const one = new Spoken(t, it.port)
  one.say(`GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n${get(it.host, '/')}`)
  await one.until('HOST_UNKNOWN')
  one.say(Buffer.alloc(1_000_000))
  await clock.advance(1000)
  t.regex(await one.end(), /HOST_UNKNOWN$/)
  t.is(it.dials.length, 0)
})

test('server-sent events end with the connection, and stop when the browser leaves', async (t) => {
  let stopped = 0
  const it = await relayedRaw(t, () => {}, {
    local: async () => ({
      stream: (send) => {
        send('data: 1\n\n')
        return () => stopped++
      },
    }),
  })
  const one = new Spoken(t, it.port)
  one.say(get(it.host, '/keyline/events'))
  await one.until('data: 1')
  t.regex(one.seen, /content-type: text\/event-stream/)
  one.socket.destroy()
  await until(() => stopped === 1)
  const head = new Spoken(t, it.port)
  head.say(get(it.host, '/keyline/events').replace('GET', 'HEAD'))
  t.false((await head.end()).includes('data:'))
})
