import { createHash } from 'node:crypto'
import { connect } from 'node:net'
import test from 'ava'
import { openGateway } from '../../../host-driver/gateway/gateway.ts'
import { seeded } from '../../random.ts'
import { raw, relayed } from './relayed.ts'

const SEED = 20_000_532

test('a request goes on with its own head, without what is the connection’s, ours or the browser’s', async (t) => {
  const it = await relayed(t, (_, response) => response.end('hello'))
  const response = await fetch(`http://${it.host}/shop/goods?x=1`, {
    headers: { cookie: 'keyline-8080=token; basket=b1', 'keyline-gateway': '9', accept: 'application/json' },
  })
  t.is(await response.text(), 'hello')
  const [asked] = it.asked
  t.like(asked, { method: 'GET', url: '/shop/goods?x=1' })
  t.like(asked?.headers, {
    host: 'server.example',
    cookie: 'basket=b1',
    'keyline-gateway': '1',
    accept: 'application/json',
  })
  t.is(asked?.headers['sec-fetch-mode'], undefined)
})

test(`bodies of any size arrive whole both ways, on one connection (seed ${SEED})`, async (t) => {
  const random = seeded(SEED)
  const it = await relayed(t, ({ body }, response) => response.end(body))
  const origin = `http://${it.host}`
  for (const size of [0, 1, 100, 16_384, 65_536, 300_000, 5_000_000, random(2_000_000)]) {
    const sent = Buffer.alloc(size).map(() => random(256))
    const headers = { origin, 'content-type': 'application/octet-stream' }
    const response = await fetch(`${origin}/upload`, { method: 'POST', headers, body: sent })
    const back = Buffer.from(await response.arrayBuffer())
    t.is(createHash('sha256').update(back).digest('hex'), createHash('sha256').update(sent).digest('hex'), `${size}`)
  }
  t.true(it.dials.length <= 3, `${it.dials.length} connections for one browser`)
})

test('requests that come at once are answered one after the other, local ones among them', async (t) => {
  const it = await relayed(t, ({ url }, response) =>
    setTimeout(() => response.end(`upstream ${url}`), url === '/a' ? 60 : 0),
  )
  const head = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: ${it.host}\r\n\r\n`
  const seen = await raw(
    it.port,
    head('/a') + head('/keyline') + head('/b') + head('/pay?x') + head('/c'),
    'upstream /c',
  )
  const order = ['upstream /a', 'local /keyline', 'upstream /b', 'local /pay?x', 'upstream /c'].map((text) =>
    seen.indexOf(text),
  )
  t.deepEqual(
    order,
    [...order].sort((a, b) => a - b),
  )
  t.true(order.every((at) => at > 0))
})

test('smuggled requests never reach the server', async (t) => {
  const it = await relayed(t, (_, response) => response.end('ok'))
  const own = `Host: ${it.host}\r\nOrigin: http://${it.host}\r\nContent-Type: application/octet-stream\r\n`
  const hidden = `POST /pay HTTP/1.1\r\nHost: ${it.host}\r\n\r\n`
  const tries = [
    `POST /x HTTP/1.1\r\n${own}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`,
    `POST /x HTTP/1.1\r\n${own}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n${hidden}`,
    `POST /x HTTP/1.1\r\n${own}Transfer-Encoding: chunked\r\n\r\n1 \n\na\r\n0\r\n\r\n${hidden}`,
    `POST /x HTTP/1.1\r\n${own}Transfer-Encoding: chunked\r\n\r\nZ\r\n${hidden}`,
    `POST /x HTTP/1.1\r\n${own}Transfer-Encoding:\r\n chunked\r\n\r\n${hidden}`,
    `POST /x HTTP/1.1\r\n${own}Content-Length: 3\r\nContent-Length: 99\r\n\r\nabc${hidden}`,
    `GET /x HTTP/1.1\r\nHost: ${it.host}\r\nX: a\r\n\tb\r\n\r\n${hidden}`,
    `GET /x HTTP/1.1\nHost: ${it.host}\n\n${hidden}`,
    `GET http://evil/ HTTP/1.1\r\nHost: ${it.host}\r\n\r\n`,
    `GET /x HTTP/1.1\r\nHost: ${it.host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n`,
    `CONNECT evil:443 HTTP/1.1\r\nHost: ${it.host}\r\n\r\n`,
  ]
  for (const text of tries) await raw(it.port, text)
  t.deepEqual(
    it.asked.map(({ url }) => url).filter((url) => url !== '/x'),
    [],
  )
  // One that is honest ends where it says, and what follows it is a request of its own: a local one.
  const honest = `POST /x HTTP/1.1\r\n${own}Content-Length: 3\r\n\r\nabcGET /pay HTTP/1.1\r\nHost: ${it.host}\r\n\r\n`
  t.regex(await raw(it.port, honest, 'local /pay'), /local \/pay/)
})

test('a page that asks for the card number in a form of its own gets nothing', async (t) => {
  const it = await relayed(t, (_, response) => response.end('ok'))
  const send = (type: string, body: string) =>
    fetch(`http://${it.host}/collect`, {
      method: 'POST',
      headers: { origin: `http://${it.host}`, 'content-type': type },
      body,
    })
  const forms: readonly (readonly [string, string])[] = [
    ['application/x-www-form-urlencoded', 'n=4242+4242+4242+4242'],
    ['application/json', '{"n":"4242-4242-4242-4242"}'],
    ['text/plain', 'my number is 4242 4242 4242 4242'],
    [
      'multipart/form-data; boundary=x',
      '--x\r\ncontent-disposition: form-data; name=n\r\n\r\n4242424242424242\r\n--x--',
    ],
    ['application/x-www-form-urlencoded', 'n=%34%32%34%32%34%32%34%32%34%32%34%32%34%32%34%32'],
  ]
  for (const [type, body] of forms) {
    const response = await send(type, body)
    t.is(response.status, 403, type)
    t.is(await response.text(), 'PERSONAL_DATA_REFUSED')
  }
  t.is((await send('application/json', 'x'.repeat(70_000))).status, 413)
  t.deepEqual(it.asked, [])
  t.is((await send('application/json', '{"product":"L-100","quantity":2}')).status, 200)
})

test('a server that dies: before its answer 502, in the middle a cut, and the next request has a new connection', async (t) => {
  const it = await relayed(t, ({ url }, response) => {
    if (url === '/dies') response.destroy()
    else if (url === '/half') {
      response.writeHead(200, { 'content-length': '100' })
      response.write('half', () => response.destroy())
    } else response.end('fine')
  })
  t.is((await fetch(`http://${it.host}/dies`)).status, 502)
  const half = await fetch(`http://${it.host}/half`)
  await t.throwsAsync(half.text())
  t.is(await (await fetch(`http://${it.host}/`)).text(), 'fine')
})

test('a browser that does not read holds the server back', async (t) => {
  let written = 0
  let blocked = false
  const it = await relayed(t, (_, response) => {
    const part = Buffer.alloc(65_536)
    const more = (): void => {
      while (written < 200_000_000) {
        written += part.length
        if (!response.write(part)) {
          blocked = true
          response.once('drain', more)
          return
        }
      }
    }
    more()
  })
  const socket = connect(it.port, '127.0.0.1')
  t.teardown(() => socket.destroy())
  socket.pause()
  socket.write(`GET /endless HTTP/1.1\r\nHost: ${it.host}\r\n\r\n`)
  let before = -1
  while (written !== before || written === 0) {
    before = written
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  t.true(blocked)
  t.true(written < 50_000_000, `${written} bytes were taken for a browser that reads nothing`)
})

test('one browser is let in, once, by the address that was printed', async (t) => {
  const gateway = await openGateway(
    {
      session: () => undefined,
      keys: () => [],
      login: async () => 'no',
      erase: async () => {},
      openTerminal: async () => {
        throw new Error('no card')
      },
    },
    { port: 0 },
  )
  t.teardown(() => gateway.close())
  const base = `http://127.0.0.1:${gateway.port}`
  const get = (path: string, cookie = '') => fetch(`${base}${path}`, { redirect: 'manual', headers: { cookie } })
  for (const path of ['/', '/keyline', '/pay?tag=x', '/shop/goods', '/keyline/style.css'])
    t.is((await get(path)).status, 401, path)
  t.is((await get('/keyline/enter?token=wrong')).status, 401)
  const entered = await fetch(gateway.url, { redirect: 'manual' })
  t.is(entered.status, 303)
  const [cookie = ''] = entered.headers.getSetCookie()
  t.regex(cookie, /^keyline-[0-9]+=[A-Za-z0-9_-]{43}; HttpOnly; SameSite=Strict; Path=\/$/)
  t.is((await fetch(gateway.url, { redirect: 'manual' })).status, 401)
  const own = cookie.split(';')[0] ?? ''
  const page = await get('/keyline', own)
  t.is(page.status, 200)
  t.regex(page.headers.get('content-security-policy') ?? '', /default-src 'none'.*form-action 'self'/)
  t.is((await get('/keyline', `${own}x`)).status, 401)
  t.is((await get('/', own)).status, 401) // nobody is logged in: a page says so
  t.regex(await (await get('/', own)).text(), /Nobody is logged in/)
})
