import { createServer, request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import test, { type ExecutionContext } from 'ava'
import type { App, AppEnv } from '../../../server/app/access.ts'
import { answerByFetch } from '../../../server/internet-port/fetch-answer.ts'

type Fetch = (request: Request, bindings: AppEnv['Bindings']) => Response | Promise<Response>

async function serve(t: ExecutionContext, fetch: Fetch): Promise<number> {
  const app: App = { fetch: async (request, bindings) => fetch(request, bindings) }
  const server = createServer((incoming, outgoing) => answerByFetch(app, incoming, outgoing, { path: 'open' }))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

function ask(port: number, method: string, path: string, headers: Record<string, string | string[]> = {}) {
  return new Promise<{ status: number; headers: IncomingHttpHeaders; body: string }>((resolve, reject) => {
    const request = httpRequest({ port, host: '127.0.0.1', method, path, headers, agent: false }, async (response) => {
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: await text(response) })
    })
    request.once('error', reject).end()
  })
}

test('the request as it came: method, path, every header, and the target unread beside it', async (t) => {
  const port = await serve(t, ({ method, url, headers }, { incoming, access }) =>
    Response.json({ method, url, target: incoming?.url, access, x: headers.get('x'), cookie: headers.get('cookie') }),
  )
  const got = await ask(port, 'GET', '/a/../b?q=1', { x: ['1', '2'], cookie: 'basket=a; c=d' })
  t.deepEqual(JSON.parse(got.body), {
    method: 'GET',
    url: 'http://server/b',
    target: '/a/../b?q=1',
    access: { path: 'open' },
    x: '1, 2',
    cookie: 'basket=a; c=d',
  })
})

test('methods that the Fetch API cannot name, and targets that are no path, do not break it', async (t) => {
  const port = await serve(t, ({ method, url }) => Response.json({ method, url }))
  t.is(JSON.parse((await ask(port, 'TRACE', '/x')).body).method, 'OPTIONS')
  for (const target of ['*', 'http://evil.example/x', 'ftp://x']) {
    const socket = connect(port, '127.0.0.1')
    socket.write(`OPTIONS ${target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`)
    t.regex(await text(socket), /"url":"http:\/\/server\/"/, target)
  }
})

test('the answer with its status, its length and each of its cookies', async (t) => {
  const port = await serve(t, ({ url }) => {
    const headers = new Headers({ 'content-type': 'text/plain', location: '/there' })
    headers.append('set-cookie', 'a=1; Path=/')
    headers.append('set-cookie', 'b=2; Path=/')
    const status = Number(url.split('/').at(-1))
    return new Response([204, 303, 304].includes(status) ? null : 'hällo', { status, headers })
  })
  const whole = await ask(port, 'GET', '/200')
  t.like(whole, { status: 200, body: 'hällo' })
  t.deepEqual(whole.headers['set-cookie'], ['a=1; Path=/', 'b=2; Path=/'])
  t.is(whole.headers['content-length'], '6')
  t.like((await ask(port, 'GET', '/303')).headers, { 'content-length': '0', location: '/there' })
  for (const status of [204, 304]) {
    const got = await ask(port, 'GET', `/${status}`)
    t.deepEqual([got.status, got.body, got.headers['content-length']], [status, '', undefined])
  }
  const head = await ask(port, 'HEAD', '/200')
  t.deepEqual([head.status, head.body], [200, ''])
})

test('what a handler sent itself is left alone', async (t) => {
  const port = await serve(t, (_request, { outgoing }) => {
    outgoing?.writeHead(201).end('own')
    return new Response(null, { headers: { 'x-hono-already-sent': 'true' } })
  })
  t.like(await ask(port, 'GET', '/'), { status: 201, body: 'own' })
})
