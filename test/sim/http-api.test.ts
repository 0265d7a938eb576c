import { once } from 'node:events'
import { get, type IncomingMessage, request } from 'node:http'
import test, { type ExecutionContext } from 'ava'
import { startWorld } from '../../sim/world.ts'
import { A, B } from './fixture.ts'

interface Answer {
  readonly status: number
  readonly body: string
}

async function api(t: ExecutionContext) {
  const world = await startWorld(
    {
      ...{ seed: 1, ringAfterMs: 10, ringForMs: 1000, cables: [], relays: [], http: 0 },
      modems: [A, B].map((number) => ({ number, speed: { rate: 9600, latencyMs: 0 }, answer: 'normal' as const })),
      apns: [],
    },
    () => {},
  )
  t.teardown(() => world.close())
  const port = world.ready.http ?? 0
  const call = async (
    method: string,
    path: string,
    body = '',
    headers: Record<string, string> = {},
  ): Promise<Answer> => {
    const sent = request({ host: '127.0.0.1', port, method, path, headers })
    sent.end(body)
    const [response] = (await once(sent, 'response')) as [IncomingMessage]
    let text = ''
    for await (const piece of response.setEncoding('utf8')) text += piece
    return { status: response.statusCode ?? 0, body: text }
  }
  return { world, port, call }
}

test('a command by POST is carried out, and answered as on standard input', async (t) => {
  const { call } = await api(t)
  t.deepEqual(await call('POST', '/command', `{"do":"modem","number":"${A}","answer":"busy"}`), {
    status: 200,
    body: '{"event":"done","do":"modem"}\n',
  })
  t.like(JSON.parse((await call('GET', '/state')).body).modems[0], { name: A, answer: 'busy' })
})

test('the state: modems with SIM and messages, calls, faults, access points; no secrets', async (t) => {
  const { call } = await api(t)
  await call(
    'POST',
    '/command',
    '{"do":"apn","name":"a.b","endpoints":{"10.0.0.1:7":"127.0.0.1:9"},"user":"u","password":"secret"}',
  )
  await call('POST', '/command', `{"do":"sim","number":"${A}","state":"locked","pin":"9876"}`)
  await call('POST', '/command', `{"do":"radio","number":"${B}","registration":"searching"}`)
  await call('POST', '/command', `{"do":"message","to":"${B}","text":"hello"}`)
  await new Promise((resolve) => setTimeout(resolve, 400))
  const { body } = await call('GET', '/state')
  const state = JSON.parse(body)
  t.like(state, {
    seed: 1,
    calls: [],
    messagesWaiting: 1,
    apns: [{ name: 'a.b', endpoints: ['10.0.0.1:7'], internet: false }],
  })
  t.like(state.modems[0], { number: A, sim: 'SIM PIN', pinTries: 3, pukTries: 10, present: false, mode: 'command' })
  t.like(state.modems[1], {
    registration: 2,
    signal: 20,
    messages: { SM: 0, ME: 0 },
    profile: 'generic',
    socket: false,
  })
  t.notRegex(body, /secret|9876|hello/)
})

test('events are lines of JSON from then on, also for what HTTP did itself', async (t) => {
  const { port, call } = await api(t)
  const [response] = (await once(get({ host: '127.0.0.1', port, path: '/events' }), 'response')) as [IncomingMessage]
  t.is(response.headers['content-type'], 'application/x-ndjson')
  let text = ''
  const two = new Promise<void>((resolve) => {
    response.setEncoding('utf8').on('data', (piece: string) => {
      text += piece
      if (text.split('\n').length > 2) resolve()
    })
  })
  await call('POST', '/command', `{"do":"reset","number":"${A}"}`)
  await two
  const events = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  t.like(events[0], { event: 'modem', number: A, state: 'reset' })
  t.like(events[1], { event: 'ran', by: 'http', do: 'reset' })
  response.destroy()
})

test('wrong commands have the code and the cure of standard input', async (t) => {
  const { call } = await api(t)
  for (const [body, code] of [
    ['{', 'COMMAND_INVALID'],
    ['{"do":"dance"}', 'COMMAND_INVALID'],
    ['{"do":"unplug","modem":"+999"}', 'UNKNOWN_NAME'],
    ['', 'COMMAND_INVALID'],
    ['[]', 'COMMAND_INVALID'],
    ['"<script>alert(1)</script>"', 'COMMAND_INVALID'],
  ] as const) {
    const { status, body: answer } = await call('POST', '/command', body)
    t.is(status, 400, body)
    t.like(JSON.parse(answer), { event: 'error', code }, body)
  }
  t.is((await call('POST', '/command', 'x'.repeat(70_000))).status, 413)
})

test('web pages, other hosts and other resources are refused', async (t) => {
  const { call } = await api(t)
  t.is((await call('POST', '/command', '{"do":"cut-now"}', { origin: 'https://example.test' })).status, 403)
  t.is((await call('GET', '/state', '', { host: 'rebound.example.test' })).status, 403)
  t.is((await call('GET', '/state', '', { host: 'localhost:80' })).status, 200)
  for (const [method, path] of [
    ['GET', '/'],
    ['GET', '/command'],
    ['POST', '/state'],
    ['DELETE', '/command'],
    ['GET', '/state/../../etc/passwd'],
  ] as const) {
    t.is((await call(method, path)).status, 404, `${method} ${path}`)
  }
})

test('stop by HTTP is told to the owner of the world', async (t) => {
  const { world, call } = await api(t)
  t.is((await call('POST', '/command', '{"do":"stop"}')).status, 200)
  await world.stopped
  t.pass()
})

test('at most 16 listen; closing the world ends them all', async (t) => {
  const { world, port, call } = await api(t)
  const responses: IncomingMessage[] = []
  for (let n = 0; n < 16; n++) {
    const [response] = (await once(get({ host: '127.0.0.1', port, path: '/events' }), 'response')) as [IncomingMessage]
    response.on('error', () => {}).resume()
    responses.push(response)
  }
  t.is((await call('GET', '/events')).status, 503)
  const ended = Promise.all(responses.map((response) => once(response, 'close')))
  await world.close()
  await ended
  await t.throwsAsync(call('GET', '/state'))
})

test('a port that is taken is told', async (t) => {
  const { port } = await api(t)
  const options = { seed: 1, ringAfterMs: 1, ringForMs: 1, modems: [], cables: [], relays: [], http: port }
  await t.throwsAsync(
    startWorld(options, () => {}),
    { code: 'HTTP_PORT_UNUSABLE' },
  )
})
