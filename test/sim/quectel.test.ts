import test, { type ExecutionContext } from 'ava'
import type { ApnOptions } from '../../sim/packet-network.ts'
import { escapeToCommands, packetWorld, received } from './packet-world.ts'

const OPEN = 'AT+QIOPEN=1,0,"TCP","10.0.0.1",7000,0,2\r'

async function activated(t: ExecutionContext, apn: Partial<ApnOptions> = {}) {
  const world = await packetWorld(t, 'quectel', apn)
  t.is(world.a.ask('AT+QICSGP=1,1,"private.test","","",0'), '\r\nOK\r\n')
  world.a.type('AT+QIACT=1\r')
  t.is(await world.a.until('OK\r\n'), '\r\nOK\r\n')
  return world
}

async function connected(t: ExecutionContext, apn: Partial<ApnOptions> = {}) {
  const world = await activated(t, apn)
  world.a.type(OPEN)
  t.is(await world.a.until('CONNECT\r\n'), '\r\nCONNECT\r\n')
  return { ...world, server: await world.connection() }
}

test('open, data both ways, escape, ATO, close, deactivated', async (t) => {
  const { a, server, states } = await connected(t)
  a.type('up')
  t.is((await received(server, 2)).toString(), 'up')
  server.write('down')
  t.is(await a.until('down'), 'down')
  await escapeToCommands(a)
  t.regex(a.ask('AT+QIACT?'), /\+QIACT: 1,1,1,"10\.64\.0\.2"/)
  t.is(a.ask('ATO'), '\r\nCONNECT\r\n')
  await escapeToCommands(a)
  t.is(a.ask('AT+QICLOSE=0'), '\r\nOK\r\n')
  t.is(a.ask('AT+QIDEACT=1;+QIACT?'), '\r\nOK\r\n')
  await new Promise((resolve) => setTimeout(resolve, 20))
  t.deepEqual(states().sort(), ['active', 'closed closed-here', 'inactive by-terminal', 'open'])
})

test('the far end closes: NO CARRIER in data, +QIURC at commands', async (t) => {
  const { a, server, connection } = await connected(t)
  server.end('bye')
  t.is(await a.until('NO CARRIER\r\n'), 'bye\r\nNO CARRIER\r\n')
  a.type(OPEN)
  await a.until('CONNECT\r\n')
  await escapeToCommands(a)
  ;(await connection(1)).end()
  t.is(await a.until('closed",0\r\n'), '\r\n+QIURC: "closed",0\r\n')
})

test('the context is lost: NO CARRIER, +QIURC: "pdpdeact", and +CGEV if it is wanted', async (t) => {
  const { a } = await connected(t)
  a.modem.dropContexts()
  t.is(await a.until('"pdpdeact",1\r\n'), '\r\nNO CARRIER\r\n\r\n+QIURC: "pdpdeact",1\r\n')
  a.type('AT+CGEREP=2;+QIACT=1\r')
  await a.until('OK\r\n')
  a.modem.dropContexts()
  t.is(await a.until('"pdpdeact",1\r\n'), '\r\n+CGEV: NW DEACT "IP","10.64.0.3",1\r\n\r\n+QIURC: "pdpdeact",1\r\n')
})

test('errors: ERROR, and +QIGETERROR says which', async (t) => {
  const { a } = await packetWorld(t, 'quectel', { user: 'card', password: 'secret' })
  const why = (): string => /\+QIGETERROR: (.*)\r/.exec(a.ask('AT+QIGETERROR'))?.[1] ?? ''
  t.is(why(), '0,"Operate successfully"')
  const fails = async (line: string, code: string): Promise<void> => {
    a.type(`${line}\r`)
    t.is(await a.until('ERROR\r\n'), '\r\nERROR\r\n', line)
    t.is(why(), code, line)
  }
  await fails('AT+QIACT=1', '573,"APN not configured"')
  await fails('AT+QICSGP=17,1,"x"', '552,"Invalid parameters"')
  await fails('AT+QICSGP=1,2,"x"', '552,"Invalid parameters"')
  a.ask('AT+QICSGP=1,1,"other.test","","",0')
  await fails('AT+QIACT=1', '561,"Open PDP context failed"')
  a.ask('AT+QICSGP=1,1,"private.test","card","wrong",1')
  await fails('AT+QIACT=1', '561,"Open PDP context failed"')
  await fails(OPEN.trim(), '570,"PDP context broken down"')
  a.ask('AT+QICSGP=1,1,"private.test","card","secret",1')
  a.type('AT+QIACT=1\r')
  await a.until('OK\r\n')
  t.is(why(), '0,"Operate successfully"')
  await fails('AT+QIACT=1', '572,"Operation not allowed"')
  await fails('AT+QIOPEN=1,0,"TCP","10.0.0.1",7000,0,0', '555,"Operation not supported"')
  await fails('AT+QIOPEN=1,3,"TCP","10.0.0.1",7000,0,2', '552,"Invalid parameters"')
  await fails('AT+QIOPEN=1,0,"UDP","10.0.0.1",7000,0,2', '552,"Invalid parameters"')
  await fails('AT+QIOPEN=1,0,"TCP","10.0.0.1",7001,0,2', '566,"Socket connect failed"')
  a.type(OPEN)
  await a.until('CONNECT\r\n')
  await escapeToCommands(a)
  await fails(OPEN.trim(), '563,"Socket identity has been used"')
  t.regex(a.ask('AT+QICSGP=1'), /\+QICSGP: 1,"private\.test","card","secret",1/)
})

test('what it says of itself', async (t) => {
  const { a } = await packetWorld(t, 'quectel')
  const ask = (line: string): string => a.ask(line).replaceAll('\r\n', '|')
  t.is(ask('AT+QIOPEN=?'), '|+QIOPEN: (1-16),(0),"TCP",<IP_address>/<domain_name>,(1-65535),(0),(2)||OK|')
  t.is(ask('ATI'), '|Quectel||EC25||Revision: EC25EFAR06A06M4G||OK|')
  t.is(ask('AT+CGMI;+CGMM'), '|Quectel||EC25||OK|')
  t.regex(ask('AT+QCCID'), /^\|\+QCCID: \d{19}\|\|OK\|$/)
  t.is(ask('AT+QPINC?'), '|+QPINC: "SC",3,10||+QPINC: "P2",3,10||OK|')
  t.is(ask('AT+NETOPEN'), '|ERROR|')
  const other = await packetWorld(t, 'simcom')
  t.regex(other.a.ask('ATI'), /^\r\nManufacturer: SIMCOM INCORPORATED\r\n[\s\S]*IMEI: \d{15}\r\n/)
  t.is(other.a.ask('AT+SPIC'), '\r\n+SPIC: 3,10,3,10\r\n\r\nOK\r\n')
  t.is(other.a.ask('AT+QIACT?'), '\r\nERROR\r\n')
})
