import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import type { Command } from '../../sim/control.ts'
import { A, B, folder, open, simulator, twoPorts } from './fixture.ts'
import { received, tcpServer } from './packet-world.ts'
import type { Slave } from './slave.ts'

async function ask(slave: Slave, line: string, end = 'OK\r\n'): Promise<string> {
  slave.type(`${line}\r`)
  return await slave.until(end)
}

/** A SUBMIT to +8132 with one octet. */
const SUBMIT = '0100049118230004' + '01AB'

async function send(slave: Slave): Promise<void> {
  slave.type(`AT+CMGS=${SUBMIT.length / 2}\r`)
  await slave.until('\r\n> ')
  slave.type(`00${SUBMIT}\x1a`)
  await slave.until('OK\r\n')
}

test('a message through the process: events, recording, and what arrives has the time that was asked for', async (t) => {
  const record = folder(t)
  const { sim, a, b } = await twoPorts(
    t,
    '--record',
    record,
    '--time',
    '2026-01-02T03:04:05Z',
    '--zone=-03:30',
    '--sms',
    'delay=0',
  )
  await ask(b, 'AT+CMGF=1;+CNMI=2,1')
  await send(a)
  await b.until('+CMTI: "SM",1\r\n')
  t.regex(await ask(b, 'AT+CMGR=1'), /"\+8131",,"26\/01\/01,23:34:\d\d-14"\r\nAB\r\n/)
  const messages = sim.events.filter(({ event }) => event === 'message')
  t.deepEqual(
    messages.map((event) => event.event === 'message' && event.state),
    ['accepted', 'delivered'],
  )
  t.false(JSON.stringify(messages).includes('AB'))
  t.is(readFileSync(join(record, 'sms-1.bin')).toString('hex').toUpperCase(), SUBMIT)
})

test('faults by command; messages from strangers; a message to nobody is refused', async (t) => {
  const { sim, a, b } = await twoPorts(t, '--sms', 'delay=0')
  await ask(b, 'AT+CMGF=1;+CSCS="IRA";+CNMI=2,2')
  await sim.command({ do: 'sms', loss: 1 })
  await send(a)
  await sim.until((event) => event.event === 'message' && event.state === 'lost')
  await sim.command({ do: 'sms', loss: 0 })
  await sim.command({ do: 'message', to: B, from: 'Bank', text: 'pay now <b>' })
  t.regex(await b.until('<b>\r\n'), /\+CMT: "Bank",,".*"\r\npay now <b>\r\n/)
  await sim.command({ do: 'message', to: B, text: '日本' })
  t.regex(await b.until('65E5672C\r\n'), /\+CMT: "\+819099999999"/)
  await sim.command({ do: 'message', to: B, tpdu: '04FF' })
  await b.until('04FF\r\n')
  await t.throwsAsync(sim.command({ do: 'message', to: '+8139', text: 'x' }), { code: 'UNKNOWN_NAME' })
})

test('a private network through the process: endpoint by command, events, recording, drops', async (t) => {
  const record = folder(t)
  const { target, connection } = await tcpServer(t)
  const sim = await simulator(
    t,
    '--modem',
    `${A},profile=quectel`,
    '--apn',
    'private.test,latency=0',
    '--record',
    record,
  )
  await sim.command({
    do: 'apn',
    name: 'private.test',
    endpoints: { '10.0.0.1:7000': `${target.host}:${target.port}` },
  })
  const a = open(t, sim.ready.modems[0]?.path)
  await ask(a, 'ATE0S12=5;+QICSGP=1,1,"private.test"')
  await ask(a, 'AT+QIACT=1')
  await ask(a, 'AT+QIOPEN=1,0,"TCP","10.0.0.1",7000,0,2', 'CONNECT\r\n')
  const server = await connection()
  a.type('hello')
  t.is((await received(server, 5)).toString(), 'hello')
  await sim.command({ do: 'packet', number: A, drop: 'socket' })
  await a.until('NO CARRIER\r\n')
  const end = await sim.until((event) => event.event === 'socket' && event.state === 'closed')
  t.like(end, { reason: 'dropped', bytesUp: 5, address: '10.0.0.1:7000', apn: 'private.test' })
  t.is(readFileSync(join(record, 'packet-1-up.bin'), 'latin1'), 'hello')
  await sim.command({ do: 'packet', number: A, drop: 'context' })
  await a.until('"pdpdeact",1\r\n')
  await ask(a, 'AT+CREG=1')
  await sim.command({ do: 'packet', number: A, drop: 'registration' })
  await a.until('+CREG: 2\r\n')
  await sim.command({ do: 'radio', number: A, registration: 'home' })
  await a.until('+CREG: 1\r\n')
})

test('what happens to modems, by command', async (t) => {
  const { sim, a, b } = await twoPorts(t)
  const run = (command: Command): Promise<unknown> => sim.command(command as Parameters<typeof sim.command>[0])
  await ask(a, 'AT+CMEE=1;+CREG=1;+CLIP=1')
  await ask(b, 'AT+CLIP=1')
  await run({ do: 'storm', number: A, count: 3, everyMs: 1, line: '+X: 1' })
  t.is(await a.until('+X: 1\r\n\r\n+X: 1\r\n\r\n+X: 1\r\n'), '\r\n+X: 1\r\n\r\n+X: 1\r\n\r\n+X: 1\r\n')
  await run({ do: 'cell', number: A, ms: 50 })
  t.is(await a.until('+CREG: 1\r\n'), '\r\n+CREG: 2\r\n\r\n+CREG: 1\r\n')
  await run({ do: 'caller-id', number: A, shown: '+1555' })
  a.type(`ATD${B}\r`)
  t.is(await b.until('145\r\n'), '\r\nRING\r\n\r\n+CLIP: "+1555",145\r\n')
  b.type('ATA\r')
  await Promise.all([a.until('CONNECT 64000\r\n'), b.until('CONNECT 64000\r\n')])
  await run({ do: 'fade', ms: 10 })
  await run({ do: 'cut-now' })
  await Promise.all([a.until('NO CARRIER\r\n'), b.until('NO CARRIER\r\n')])
  await run({ do: 'sim', number: A, state: 'locked', pin: '4321', tries: 2 })
  await a.until('+CPIN: SIM PIN\r\n')
  await ask(a, 'AT+CPIN="0000"', 'ERROR: 16\r\n')
  t.like(await sim.until(({ event }) => event === 'sim'), { result: 'wrong', pinTries: 1, pukTries: 10 })
  await run({ do: 'sim', number: A, state: 'absent' })
  await a.until('NOT READY\r\n')
  await run({ do: 'sim', number: A, state: 'swapped', as: '+8177' })
  await a.until('+CREG: 1\r\n')
  t.regex(await ask(a, 'AT+CNUM'), /"\+8177"/)
  await run({ do: 'divert', number: '+8150', to: '+8177' })
  b.type('ATD+8150\r')
  await a.until('RING\r\n')
  await run({ do: 'reset', number: A, downMs: 10 })
  await b.until('BUSY\r\n')
  await a.until('RDY\r\n')
  await run({ do: 'power', number: A, on: false })
  t.deepEqual(
    sim.events.flatMap((event) => (event.event === 'modem' ? [event.state] : [])),
    ['reset', 'off'],
  )
})

test('recordings of packets and messages have names of their own', async (t) => {
  const record = folder(t)
  const { a } = await twoPorts(t, '--record', record)
  await send(a)
  t.deepEqual(readdirSync(record), ['sms-1.bin'])
})
