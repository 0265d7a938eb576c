import test, { type ExecutionContext } from 'ava'
import type { ApnOptions } from '../../sim/packet-network.ts'
import { escapeToCommands, packetWorld, received } from './packet-world.ts'

/** As far as the open network, with transparent mode. */
async function opened(t: ExecutionContext, apn: Partial<ApnOptions> = {}) {
  const world = await packetWorld(t, 'simcom', apn)
  t.is(world.a.ask('AT+CGDCONT=1,"IP","private.test";+CIPMODE=1'), '\r\nOK\r\n')
  world.a.type('AT+NETOPEN\r')
  t.is(await world.a.until('NETOPEN: 0\r\n'), '\r\nOK\r\n\r\n+NETOPEN: 0\r\n')
  return world
}

async function connected(t: ExecutionContext, apn: Partial<ApnOptions> = {}) {
  const world = await opened(t, apn)
  world.a.type('AT+CIPOPEN=0,"TCP","10.0.0.1",7000\r')
  t.is(await world.a.until('\r\nCONNECT 115200\r\n'), '\r\nCONNECT 115200\r\n')
  return { ...world, server: await world.connection() }
}

test('open, data both ways, escape, ATO, close, and the network closed', async (t) => {
  const { a, server, states, taps } = await connected(t)
  a.type('to the server')
  t.is((await received(server, 13)).toString(), 'to the server')
  server.write('to the card')
  t.is(await a.until('to the card'), 'to the card')
  await escapeToCommands(a)
  t.is(a.ask('AT+CIPOPEN?'), '\r\n+CIPOPEN: 0,"TCP"\r\n\r\nOK\r\n')
  t.regex(a.ask('AT+IPADDR'), /\+IPADDR: 10\.64\.0\.2/)
  server.write('kept')
  a.type('ATO\r')
  t.is(await a.until('kept'), '\r\nCONNECT 115200\r\nkept')
  await escapeToCommands(a)
  a.type('AT+CIPCLOSE=0\r')
  t.is(await a.until('+CIPCLOSE: 0,0\r\n'), '\r\nOK\r\n\r\n+CIPCLOSE: 0,0\r\n')
  t.is(a.ask('ATO'), '\r\nNO CARRIER\r\n')
  t.is(a.ask('AT+NETCLOSE'), '\r\nOK\r\n\r\n+NETCLOSE: 0\r\n')
  t.deepEqual(states(), ['active', 'open', 'closed closed-here', 'inactive by-terminal'])
  t.deepEqual(taps, { up: 'to the server', down: 'to the cardkept' })
})

test('the far end closes: its last bytes, then CLOSED; and it can be opened again', async (t) => {
  const { a, server, states, connection } = await connected(t)
  server.end('last words')
  t.is(await a.until('CLOSED\r\n'), 'last words\r\nCLOSED\r\n')
  t.is(a.ask('AT'), '\r\nOK\r\n')
  a.type('AT+CIPOPEN=0,"TCP","10.0.0.1",7000\r')
  await a.until('CONNECT 115200\r\n')
  const again = await connection(1)
  a.type('again')
  t.is((await received(again, 5)).toString(), 'again')
  again.resetAndDestroy()
  await a.until('CLOSED\r\n')
  t.deepEqual(states(), ['active', 'open', 'closed closed-there', 'open', 'closed closed-there'])
})

test('the far end closes while the terminal is at commands', async (t) => {
  const { a, server } = await connected(t)
  await escapeToCommands(a)
  server.end()
  t.is(await a.until('CLOSED\r\n'), '\r\nCLOSED\r\n')
  t.is(a.ask('ATO'), '\r\nNO CARRIER\r\n')
})

test('nobody there, another port, another address: CONNECT FAIL, and never the Internet', async (t) => {
  const { a, states } = await opened(t)
  for (const address of ['10.0.0.1",7001', '10.0.0.2",7000', '127.0.0.1",22', 'example.test",80']) {
    a.type(`AT+CIPOPEN=0,"TCP","${address}\r`)
    t.is(await a.until('FAIL\r\n'), '\r\nCONNECT FAIL\r\n', address)
  }
  t.deepEqual(states().slice(1), Array(4).fill('refused unreachable'))
})

test('a server that is down is refused', async (t) => {
  const { a, states } = await opened(t, { endpoints: { '10.0.0.9:1': { host: '127.0.0.1', port: 1 } } })
  a.type('AT+CIPOPEN=0,"TCP","10.0.0.9",1\r')
  t.is(await a.until('FAIL\r\n'), '\r\nCONNECT FAIL\r\n')
  t.is(states().at(-1), 'refused refused')
})

test('an access point with a way to the Internet answers for any address', async (t) => {
  const { a, states } = await opened(t, { internet: true })
  a.type('AT+CIPOPEN=0,"TCP","203.0.113.1",80\r')
  await a.until('CONNECT 115200\r\n')
  a.type('GET / HTTP/1.0\r\n\r\n')
  await escapeToCommands(a)
  a.ask('ATH')
  t.deepEqual(states(), ['active', 'open', 'closed closed-here'])
})

test('or at one target', async (t) => {
  const { a, network, target, connection } = await opened(t)
  network.set('private.test', { internet: target })
  a.type('AT+CIPOPEN=0,"TCP","203.0.113.1",80\r')
  await a.until('CONNECT 115200\r\n')
  a.type('hello')
  t.is((await received(await connection(), 5)).toString(), 'hello')
})

test('+NETOPEN: no such access point, wrong password, refused, no network, opened twice', async (t) => {
  const { a, network } = await packetWorld(t, 'simcom', { user: 'card', password: 'secret' })
  const open = async (): Promise<string> => {
    a.type('AT+NETOPEN\r')
    await a.until('OK\r\n')
    return await a.until('NETOPEN: ').then(async (text) => text + (await a.until('\r\n')))
  }
  t.is(await open(), '\r\n+NETOPEN: 1\r\n')
  a.ask('AT+CGDCONT=1,"IP","other.test"')
  t.is(await open(), '\r\n+NETOPEN: 1\r\n')
  a.ask('AT+CGDCONT=1,"IP","private.test"')
  t.is(await open(), '\r\n+NETOPEN: 1\r\n')
  // SIMCom has the password first.
  a.ask('AT+CGAUTH=1,1,"card","secret"')
  t.is(await open(), '\r\n+NETOPEN: 1\r\n')
  a.ask('AT+CGAUTH=1,1,"secret","card"')
  network.set('private.test', { refuse: true })
  t.is(await open(), '\r\n+NETOPEN: 1\r\n')
  network.set('private.test', { refuse: false })
  t.is(await open(), '\r\n+NETOPEN: 0\r\n')
  t.is(a.ask('AT+NETOPEN'), '\r\n+IP ERROR: Network is already opened\r\n\r\nERROR\r\n')
  t.is(a.ask('AT+NETOPEN?'), '\r\n+NETOPEN: 1\r\n\r\nOK\r\n')
  t.is(a.ask('AT+CIPMODE=0'), '\r\nERROR\r\n')
  t.is(a.ask('AT+NETCLOSE'), '\r\nOK\r\n\r\n+NETCLOSE: 0\r\n')
  t.is(a.ask('AT+NETCLOSE'), '\r\n+NETCLOSE: 2\r\n\r\nERROR\r\n')
})

test('errors of +CIPOPEN and +CIPCLOSE have their numbers', async (t) => {
  const { a } = await packetWorld(t, 'simcom')
  const open = 'AT+CIPOPEN=0,"TCP","10.0.0.1",7000'
  t.is(a.ask(open), '\r\n+CIPOPEN: 0,2\r\n\r\nERROR\r\n')
  t.is(a.ask('AT+CIPCLOSE=0'), '\r\n+CIPCLOSE: 0,4\r\n\r\nERROR\r\n')
  a.ask('AT+CGDCONT=1,"IP","private.test"')
  a.type('AT+NETOPEN\r')
  await a.until('NETOPEN: 0\r\n')
  t.is(a.ask(open), '\r\n+CIPOPEN: 0,4\r\n\r\nERROR\r\n')
  for (const wrong of [
    '=1,"TCP","10.0.0.1",7000',
    '=0,"UDP","10.0.0.1",7000',
    '=0,"TCP","10.0.0.1",0',
    '=0,"TCP","a b",1',
  ]) {
    t.is(a.ask(`AT+CIPOPEN${wrong}`), '\r\nERROR\r\n', wrong)
  }
  t.is(
    a.ask('AT+CIPOPEN=?;+CIPMODE=?'),
    '\r\n+CIPOPEN: (0),"TCP",<serverIP>,(1-65535)\r\n\r\n+CIPMODE: (0,1)\r\n\r\nOK\r\n',
  )
})

test('the context is lost under the socket: CLOSED, and what happened', async (t) => {
  const { a, states } = await connected(t)
  a.modem.dropContexts()
  t.is(await a.until('UNEXPECTEDLY\r\n'), '\r\nCLOSED\r\n\r\n+CIPEVENT: NETWORK CLOSED UNEXPECTEDLY\r\n')
  t.is(a.ask('AT+NETOPEN?'), '\r\n+NETOPEN: 0\r\n\r\nOK\r\n')
  t.deepEqual(states(), ['active', 'open', 'closed context-lost', 'inactive dropped'])
})

test('registration lost: everything is gone, and comes back when it is opened again', async (t) => {
  const { a, states } = await connected(t)
  a.modem.parts.radio.closeCell(true)
  a.modem.refresh()
  await a.until('UNEXPECTEDLY\r\n')
  t.is(states().at(-1), 'inactive detached')
  t.is(a.ask('AT+CGATT?;+CREG?'), '\r\n+CGATT: 0\r\n\r\n+CREG: 0,2\r\n\r\nOK\r\n')
  a.modem.parts.radio.closeCell(false)
  a.modem.refresh()
  a.type('AT+NETOPEN\r')
  await a.until('NETOPEN: 0\r\n')
  t.is(a.ask('AT+CGATT?'), '\r\n+CGATT: 1\r\n\r\nOK\r\n')
})

test('DTR that falls closes the socket with &D2 and holds it with &D1', async (t) => {
  const { a, states } = await connected(t)
  a.ask('')
  a.modem.dtrDropped()
  await new Promise((resolve) => setTimeout(resolve, 50))
  t.is(states().at(-1), 'closed closed-here')
  a.ask('AT&D1')
  a.type('AT+CIPOPEN=0,"TCP","10.0.0.1",7000\r')
  await a.until('CONNECT 115200\r\n')
  a.modem.dtrDropped()
  t.is(a.ask('ATO'), '\r\nCONNECT 115200\r\n')
})

test('a socket that is being opened is given up when the port is closed', async (t) => {
  const { a, states } = await opened(t)
  a.type('AT+CIPOPEN=0,"TCP","10.0.0.1",7000\r')
  a.modem.dtrDropped()
  t.is(a.ask('AT'), '\r\nOK\r\n')
  await new Promise((resolve) => setTimeout(resolve, 50))
  t.deepEqual(states(), ['active'])
})

test('while a socket is up, calls find it busy', async (t) => {
  const { a } = await connected(t)
  t.is(a.modem.calls.availability(), 'busy')
})
