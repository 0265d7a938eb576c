import test from 'ava'
import { SmsSender } from '../../../line/bearers/sms-path.ts'
import type { SmsEvent } from '../../../line/bearers/sms-unit.ts'
import { settle } from '../../fake-clock.ts'
import { during, message, type SimPort, smsWorld, text } from './sms-world.ts'

const foreign = (events: readonly SmsEvent[]) => events.filter(({ event }) => event === 'sms.foreign')

/** A modem that brings messages only directly. */
function onlyDirect(port: SimPort): void {
  const write = port.write.bind(port)
  port.write = (bytes) => {
    if (!/^AT\+CNMI=\d,1/.test(Buffer.from(bytes).toString('latin1'))) return write(bytes)
    queueMicrotask(() => port.say(Buffer.from('\r\n+CMS ERROR: 303\r\n')))
  }
}

test('a modem that brings messages only directly: each is acknowledged, and the network goes on bringing them', async (t) => {
  const world = smsWorld()
  onlyDirect(world.ports.server)
  const { unit: card } = await world.unit('card')
  const { unit: server } = await world.unit('server')
  const got: string[] = []
  server.listen(16_000, (it) => got.push(text(it)))
  for (const data of ['one', 'two', 'three']) {
    await during(world.clock, card.send(message(data)))
    await world.clock.advance(60_000)
  }
  t.deepEqual(got, ['one', 'two', 'three'])
  const { written } = world.ports.server
  t.true(written.includes('AT+CSMS=1\r'))
  t.is(written.filter((line) => line === 'AT+CNMA=0\r').length, 3)
  t.false(written.some((line) => line.startsWith('AT+CMGD')))
})

test('a storm of messages is no fault of the program, however few commands may wait', async (t) => {
  const world = smsWorld()
  const { unit: server } = await world.unit('server')
  let got = 0
  server.listen(16_000, () => got++)
  await world.clock.advance(10_000)
  const pdu = '0044068121436500043121101112136309060504' + '3E80407441' + '42'
  t.notThrows(() => {
    for (let n = 0; n < 200; n++) world.ports.server.say(Buffer.from(`\r\n+CMT: ,${pdu.length / 2 - 1}\r\n${pdu}\r\n`))
  })
  await world.clock.advance(60_000)
  t.is(got, 200)
})

test('far more messages at once than the engine lets wait: all go, in their order', async (t) => {
  const world = smsWorld()
  const { unit: card } = await world.unit('card')
  const all = Promise.all(Array.from({ length: 100 }, (_, n) => card.send(message(`${n}`))))
  const sent = await during(world.clock, all)
  t.true(sent.every(({ ok }) => ok))
  const more = Array.from({ length: 300 }, (_, n) => card.send(message(`${n}`)))
  const results = await during(world.clock, Promise.all(more), 1000)
  t.is(results.filter(({ ok }) => ok).length, 256)
  t.true(results.slice(256).every((it) => !it.ok && it.reason === 'refused'))
})

test('a fault while sending ends one conversation, and is no rejection that nobody handles', async (t) => {
  let failed = 0
  const sender = new SmsSender(
    async () => {
      throw new RangeError('expected something else')
    },
    () => failed++,
  )
  for (let n = 0; n < 5; n++) sender.push(Uint8Array.of(n))
  await settle()
  await settle()
  t.is(failed, 1)
  t.is(sender.waiting, 0)
})

test('a message for others is told once, however often the memory is looked through, and again when another has its place', async (t) => {
  const world = smsWorld()
  const { unit: card } = await world.unit('card')
  const { unit: server, modem, events } = await world.unit('server')
  server.listen(16_000, () => {})
  await during(world.clock, card.send(message('private', 2948)))
  await world.clock.advance(10 * 60_000)
  t.deepEqual(foreign(events), [{ event: 'sms.foreign', why: 'other-port' }])
  await during(world.clock, modem.engine.command('AT+CMGD=1', 5000))
  await during(world.clock, card.send(message('private too', 2948)))
  await world.clock.advance(10 * 60_000)
  t.is(foreign(events).length, 2)
})

test('what the modem says by itself in the middle of a list is heard by everybody', async (t) => {
  const world = smsWorld()
  const { unit: card } = await world.unit('card')
  const { unit: server, modem } = await world.unit('server')
  const heard: string[] = []
  modem.onUrc((line) => heard.push(line))
  const { server: port } = world.ports
  const write = port.write.bind(port)
  port.write = (bytes) => {
    if (/^AT\+CMGR/.test(Buffer.from(bytes).toString('latin1'))) port.say(Buffer.from('\r\n+CREG: 2\r\n\r\nRING\r\n'))
    write(bytes)
  }
  const got: string[] = []
  server.listen(16_000, (it) => got.push(text(it)))
  await during(world.clock, card.send(message('x')))
  await world.clock.advance(60_000)
  t.deepEqual(got, ['x'])
  t.deepEqual(
    heard.filter((line) => line === '+CREG: 2' || line === 'RING'),
    ['+CREG: 2', 'RING'],
  )
})

test('a full memory of messages for others is emptied, so that ours come', async (t) => {
  const world = smsWorld({ server: { sim: { messages: 3 } } })
  const { unit: card } = await world.unit('card')
  const { unit: server, events } = await world.unit('server')
  const got: string[] = []
  server.listen(16_000, (it) => got.push(text(it)))
  for (const data of ['1', '2', '3', '4']) await during(world.clock, card.send(message(data, 2948)))
  for (const data of ['a', 'b']) await during(world.clock, card.send(message(data)))
  await world.clock.advance(10 * 60_000)
  t.deepEqual(got.sort(), ['a', 'b'])
  t.true(events.some(({ event }) => event === 'sms.deleted'))
})
