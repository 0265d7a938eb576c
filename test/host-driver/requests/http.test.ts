import { once } from 'node:events'
import { Agent, createServer, type RequestListener } from 'node:http'
import test, { type ExecutionContext } from 'ava'
import { connectionFault, send, type Target } from '../../../host-driver/requests/http.ts'
import { ask, drain, problemOf, readMenu } from '../../../host-driver/requests/server-api.ts'
import { until } from '../fake-card.ts'

async function server(t: ExecutionContext, listener: RequestListener, idleMs = 10_000): Promise<Target> {
  const http = createServer(listener).listen(0, '127.0.0.1')
  await once(http, 'listening')
  const address = http.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const { port } = address
  const agent = new Agent({ keepAlive: true, port })
  t.teardown(() => {
    agent.destroy()
    http.closeAllConnections()
    http.close()
  })
  return { agent, host: '127.0.0.1', idleMs }
}

const answering = (t: ExecutionContext, body: string | Buffer, status = 200) =>
  server(t, (_request, response) => response.writeHead(status, { 'content-type': 'application/json' }).end(body))

const fetchOf = (target: Target) => (path: string) => send(target, path)

test('bodies without a body', async (t) => {
  for (const status of [204, 304]) {
    const target = await server(t, (_request, response) => response.writeHead(status).end())
    const response = await send(target, '/')
    t.is(response.status, status)
    t.is(response.body, null)
  }
  const target = await answering(t, 'never shown')
  t.is((await send(target, '/', { method: 'HEAD' })).body, null)
})

test('redirects come back as they are', async (t) => {
  const target = await server(t, (_request, response) => response.writeHead(302, { location: 'http://evil/' }).end())
  const response = await send(target, '/')
  t.is(response.status, 302)
  t.is(response.headers.get('location'), 'http://evil/')
  await drain(response)
})

test('a server that says nothing is given up', async (t) => {
  const target = await server(t, () => {}, 50)
  await t.throwsAsync(send(target, '/'), { code: 'INTERNET_STALLED' })
})

test('a body that stops moving is given up', async (t) => {
  const target = await server(t, (_request, response) => response.writeHead(200).write('a'), 50)
  const response = await send(target, '/')
  await t.throwsAsync(response.text(), { code: 'INTERNET_STALLED' })
})

test('what came before a break is read, and only then the break is told', async (t) => {
  const target = await server(t, (_request, response) => {
    response.writeHead(200, { 'content-length': '1000' })
    response.write(Buffer.alloc(600, 97), () => response.socket?.end())
  })
  const response = await send(target, '/')
  let length = 0
  const reading = async (): Promise<void> => {
    for await (const chunk of response.body ?? []) length += chunk.length
  }
  await t.throwsAsync(reading(), { code: 'INTERNET_BROKEN' })
  t.is(length, 600)
})

test('a slow reader holds the server back: memory stays bounded', async (t) => {
  let written = 0
  const piece = Buffer.alloc(65_536)
  const target = await server(t, (_request, response) => {
    const more = (): void => {
      while (written < 200e6) {
        written += piece.length
        if (!response.write(piece)) return
      }
    }
    response.on('drain', more).on('error', () => {})
    more()
  })
  const response = await send(target, '/')
  const reader = response.body?.getReader()
  await reader?.read()
  let before = -1
  // Until nothing moves any more.
  await until(() => {
    const still = before === written
    before = written
    return still && written > 65_536
  })
  t.true(written < 50e6, `${written} bytes were taken from the server`)
  await reader?.cancel()
})

test('giving a body back closes its connection', async (t) => {
  let closed = false
  const target = await server(t, (_request, response) => {
    response.on('close', () => {
      closed = true
    })
    response.write('x')
  })
  const response = await send(target, '/')
  await response.body?.cancel()
  await until(() => closed)
  t.true(closed)
})

test('errors of sockets by their kind', (t) => {
  const coded = (code: string) => Object.assign(new Error(code), { code })
  t.is(connectionFault(coded('ECONNREFUSED')).code, 'INTERNET_UNREACHABLE')
  t.is(connectionFault(coded('ENOTFOUND')).code, 'INTERNET_UNREACHABLE')
  t.is(connectionFault(coded('ECONNRESET')).code, 'INTERNET_BROKEN')
  t.is(connectionFault(coded('INTERNET_PATH_REFUSED')).code, 'INTERNET_PATH_REFUSED')
  t.is(connectionFault('strange').code, 'INTERNET_BROKEN')
  const error = connectionFault(coded('EPIPE'))
  t.is(connectionFault(error), error)
})

test('an error of the server keeps its code and sentences', async (t) => {
  const body = { code: 'ACCOUNT_LOCKED', what: 'locked', cure: 'wait' }
  const error = await problemOf(await send(await answering(t, JSON.stringify(body), 423), '/'))
  t.like(error, { ...body, origin: 'server' })
})

test('an error without a reason is told by its status', async (t) => {
  for (const body of ['', '<html>', '{}', '{"code":"lower","what":"","cure":""}', '[]']) {
    const error = await problemOf(await send(await answering(t, body, 502), '/'))
    t.is(error.code, 'SERVER_PROTOCOL')
    t.regex(error.message, /502/)
  }
})

test('answers in JSON are checked and bounded', async (t) => {
  const good = { name: 'a', title: 'A', kind: 'text', size: 1, sha256: '0'.repeat(64), etag: '"1"' }
  const menu = async (items: unknown) => readMenu(fetchOf(await answering(t, JSON.stringify({ items }))))
  t.deepEqual(await menu([good]), [good])
  t.deepEqual(await menu([{ ...good, later: 'fields are no fault' }]), [good])
  const b64 = Buffer.alloc(32, 255).toString('base64url')
  t.is((await menu([{ ...good, sha256: b64 }]))[0]?.sha256, 'f'.repeat(64))
  const wrong = [{ size: -1 }, { size: 1.5 }, { sha256: 'F'.repeat(64) }, { name: '' }, { etag: '' }, { title: 1 }]
  for (const field of wrong) {
    await t.throwsAsync(menu([{ ...good, ...field }]), { code: 'SERVER_PROTOCOL' }, JSON.stringify(field))
  }
  await t.throwsAsync(menu(Array.from({ length: 10_001 }, () => 1)), { code: 'SERVER_PROTOCOL' })
  const endless = await answering(t, `"${'x'.repeat(1_100_000)}"`)
  await t.throwsAsync(readMenu(fetchOf(endless)), { code: 'SERVER_PROTOCOL', message: /at most/ })
  const cut = await answering(t, '{"items":[')
  await t.throwsAsync(readMenu(fetchOf(cut)), { code: 'SERVER_PROTOCOL' })
})

test('another status than 2xx is never read as an answer', async (t) => {
  const { z } = await import('zod')
  const target = await answering(t, JSON.stringify({ code: 'GONE', what: 'w', cure: 'c' }), 410)
  await t.throwsAsync(ask(fetchOf(target), '/', z.unknown()), { code: 'GONE' })
})
