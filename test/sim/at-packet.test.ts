import test from 'ava'
import { Apn, NEW_APN, PacketNetwork } from '../../sim/packet-network.ts'
import { packetWorld } from './packet-world.ts'

const said = (text: string): string => text.replaceAll('\r\n', '|')

test('contexts are defined, shown, deleted', async (t) => {
  const { a } = await packetWorld(t, 'generic')
  const ask = (line: string): string => said(a.ask(line))
  t.is(ask('AT+CGDCONT=?'), '|+CGDCONT: (1-16),"IP",,,(0),(0)||OK|')
  t.is(ask('AT+CGDCONT?'), '|OK|')
  t.is(ask('AT+CGDCONT=1,"IP","private.test";+CGDCONT=3,"IPV4V6","b"'), '|OK|')
  t.is(ask('AT+CGDCONT?'), '|+CGDCONT: 1,"IP","private.test","0.0.0.0",0,0|+CGDCONT: 3,"IP","b","0.0.0.0",0,0||OK|')
  t.is(ask('AT+CGACT?'), '|+CGACT: 1,0|+CGACT: 3,0||OK|')
  t.is(ask('AT+CGDCONT=3'), '|OK|')
  t.is(ask('AT+CGACT?'), '|+CGACT: 1,0||OK|')
  for (const wrong of ['=0,"IP","a"', '=17,"IP","a"', '=1,"PPP","a"', '=1,"IP","a b"', '=x']) {
    t.is(ask(`AT+CMEE=1;+CGDCONT${wrong}`), '|+CME ERROR: 50|', wrong)
  }
})

test('activated: an address; with wrong credentials or name the network’s own codes', async (t) => {
  const { a, states } = await packetWorld(t, 'generic', { user: 'card', password: 'secret' })
  const activate = async (): Promise<string> => {
    a.type('AT+CGACT=1,1\r')
    return said((await a.until('\r\n')) + (await a.until('\r\n')))
  }
  a.ask('AT+CMEE=1')
  t.is(await activate(), '|+CME ERROR: 50|')
  a.ask('AT+CGDCONT=1,"IP","other.test"')
  t.is(await activate(), '|+CME ERROR: 133|')
  a.ask('AT+CGDCONT=1,"IP","PRIVATE.TEST"')
  t.is(await activate(), '|+CME ERROR: 149|')
  a.ask('AT+CGAUTH=1,1,"card","secret"')
  t.is(await activate(), '|OK|')
  t.is(said(a.ask('AT+CGPADDR')), '|+CGPADDR: 1,"10.64.0.2"||OK|')
  t.is(said(a.ask('AT+CGPADDR=1,2')), '|+CGPADDR: 1,"10.64.0.2"|+CGPADDR: 2||OK|')
  t.regex(
    said(a.ask('AT+CGCONTRDP')),
    /^\|\+CGCONTRDP: 1,5,"PRIVATE.TEST","10\.64\.0\.2\.255\.0\.0\.0","10\.64\.0\.1"\|/,
  )
  t.is(said(a.ask('AT+CGDCONT=1,"IP","x";+CGPADDR')), '|+CGPADDR: 1,"10.64.0.2"||OK|')
  t.is(said(a.ask('AT+CGACT=0;+CGPADDR')), '|+CGPADDR: 1||OK|')
  t.deepEqual(states(), ['active', 'inactive by-terminal'])
})

test('detached there is no context; attached again there can be', async (t) => {
  const { a, states } = await packetWorld(t, 'generic')
  a.type('AT+CMEE=1;+CGDCONT=1,"IP","private.test";+CGACT=1,1\r')
  await a.until('OK\r\n')
  t.is(said(a.ask('AT+CGATT=0;+CGATT?')), '|+CGATT: 0||OK|')
  t.deepEqual(states(), ['active', 'inactive detached'])
  a.type('AT+CGACT=1,1\r')
  t.is(said(await a.until('148\r\n')), '|+CME ERROR: 148|')
  t.is(said(a.ask('AT+CGATT=1;+CGATT?')), '|+CGATT: 1||OK|')
  a.ask('AT+CFUN=4')
  t.is(said(a.ask('AT+CGATT=1')), '|+CME ERROR: 30|')
})

test('sockets are a matter of makers: the generic one has none', async (t) => {
  const { a } = await packetWorld(t, 'generic')
  t.is(said(a.ask('AT+CMEE=1;+CIPOPEN=0,"TCP","10.0.0.1",7000')), '|+CME ERROR: 100|')
})

test('an access point: names without case, credentials, addresses one after the other', (t) => {
  const network = new PacketNetwork([{ ...NEW_APN, name: 'a.b' }])
  t.is(network.find('A.B')?.options.name, 'a.b')
  t.is(network.find('c'), undefined)
  network.set('c', { internet: true })
  t.true(network.find('c')?.options.internet)
  network.set('c', { endpoints: { 'x:1': { host: 'h', port: 1 } } })
  network.set('c', { endpoints: { 'y:1': { host: 'h', port: 2 } } })
  t.deepEqual(Object.keys(network.find('c')?.options.endpoints ?? {}), ['x:1', 'y:1'])
  const apn = new Apn({ ...NEW_APN, name: 'd', user: 'u' })
  t.true(apn.admits('u', 'anything'))
  t.false(apn.admits('v', ''))
  const addresses = Array.from({ length: 300 }, () => apn.nextAddress())
  t.is(new Set(addresses).size, 300)
  t.is(addresses.at(-1), '10.64.1.45')
})

test('names that every object has are no endpoints', async (t) => {
  const apn = new Apn({ ...NEW_APN, name: 'd' })
  const [stream] = await new Promise<[unknown, string]>((resolve) => {
    apn.open('constructor', 1, (...result) => resolve(result))
  })
  t.is(stream, undefined)
})
