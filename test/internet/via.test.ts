import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import test from 'ava'
import { connectionFault } from '../../host-driver/requests/http.ts'
import { keyedAgent } from '../../host-driver/requests/keyed-agent.ts'
import { boundTo, type Interfaces, InternetViaError } from '../../internet/via.ts'
import { Secret } from '../../keys/secret.ts'

const key = () => ({ id: 'id', psk: new Secret(new Uint8Array(32).fill(1)) })

test('an interface is one of its addresses, in the family of the other end where it can be', (t) => {
  t.deepEqual(boundTo('lo', '127.0.0.1'), { localAddress: '127.0.0.1', family: 4 })
  t.deepEqual(boundTo('127.0.0.9', 'server.example'), { localAddress: '127.0.0.9', family: 4 })
  t.deepEqual(boundTo(undefined, '127.0.0.1'), {})
})

const INTERFACES: Interfaces = {
  wwan0: [
    { address: 'fe80::1', family: 'IPv6' },
    { address: '2001:db8::3', family: 'IPv6' },
    { address: '10.1.2.3', family: 'IPv4' },
  ],
  six: [{ address: '2001:db8::6', family: 'IPv6' }],
  local: [{ address: 'fe80::2', family: 'IPv6' }],
}

test('a name is reached by one family only, that of the address which the connection leaves by', (t) => {
  t.deepEqual(boundTo('wwan0', 'server.example', INTERFACES), { localAddress: '10.1.2.3', family: 4 })
  t.deepEqual(boundTo('six', 'server.example', INTERFACES), { localAddress: '2001:db8::6', family: 6 })
  t.deepEqual(boundTo('wwan0', '2001:db8::1', INTERFACES), { localAddress: '2001:db8::3', family: 6 })
})

test('an interface without an address of the other end’s family, or with one of the link alone, is as good as none', (t) => {
  for (const [via, host] of [
    ['six', '192.0.2.1'],
    ['10.1.2.3', '2001:db8::1'],
    ['local', '2001:db8::1'],
    ['local', 'server.example'],
  ] as const) {
    t.throws(() => boundTo(via, host, INTERFACES), { instanceOf: InternetViaError }, `${via} ${host}`)
  }
})

test('an interface or address that is not here binds to nothing else', (t) => {
  for (const via of ['no-such-if', '192.0.2.1', '']) {
    const error = t.throws(() => boundTo(via, '127.0.0.1'), { instanceOf: InternetViaError })
    t.is(connectionFault(error).code, 'INTERNET_VIA_ABSENT')
  }
})

test('connections leave by the address that was named, or not at all', async (t) => {
  const seen: (string | undefined)[] = []
  const server = createServer((socket) => {
    seen.push(socket.remoteAddress)
    socket.destroy()
  }).listen(0, '127.0.0.1')
  t.teardown(() => void server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo // it listens on TCP
  for (const dial of [
    (link: ReturnType<typeof keyedAgent>) => link.dial(false),
    (link: ReturnType<typeof keyedAgent>) => link.dialBulk(() => true),
  ]) {
    const bound = keyedAgent(`127.0.0.1:${port}`, key(), '127.0.0.1')
    await t.throwsAsync(dial(bound), { code: 'INTERNET_PATH_REFUSED' })
    bound.destroy()
    const absent = keyedAgent(`127.0.0.1:${port}`, key(), 'eth77')
    await t.throwsAsync(dial(absent), { code: 'INTERNET_VIA_ABSENT' })
    absent.destroy()
  }
  t.deepEqual(seen, ['127.0.0.1', '127.0.0.1'])
})
