import test from 'ava'
import type { PortMessage } from '../../../line/bearers/sms-unit.ts'
import { CARD, during, message, smsWorld, text } from './sms-world.ts'

test('a message goes to its port, whole, with where it came from, and is deleted when it was handed on', async (t) => {
  const { clock, ports, unit } = smsWorld()
  const { unit: card } = await unit('card')
  const { unit: server } = await unit('server')
  const got: PortMessage[] = []
  server.listen(16_000, (it) => got.push(it))
  const bytes = Buffer.from(Array.from({ length: 133 }, (_, n) => (n * 7) & 0xff))
  const sent = await during(clock, card.send({ ...message(''), data: bytes }))
  t.true(sent.ok)
  await clock.advance(20_000)
  t.is(got.length, 1)
  t.deepEqual(
    got.map(({ sender, source, destination }) => ({ sender, source, destination })),
    [{ sender: CARD, source: 16_500, destination: 16_000 }],
  )
  t.true(Buffer.from(got[0]?.data ?? []).equals(bytes))
  const order = ports.server.written.filter((line) => /CMG[RD]/.test(line)).map((line) => line.trim())
  t.deepEqual(order, ['AT+CMGR=1', 'AT+CMGD=1'])
})

test('what came while nobody ran is there at the start; what was handed on comes no more', async (t) => {
  const world = smsWorld()
  const { unit: card } = await world.unit('card')
  for (const data of ['one', 'two', 'three']) await during(world.clock, card.send(message(data)))
  await world.clock.advance(60_000)
  const first = await world.unit('server')
  const got: string[] = []
  const stop = first.unit.listen(16_000, (it) => got.push(text(it)))
  await world.clock.advance(20_000)
  t.deepEqual(got.sort(), ['one', 'three', 'two'])
  stop()
  first.unit.close()
  const second = await world.unit('server')
  second.unit.listen(16_000, (it) => got.push(text(it)))
  await world.clock.advance(60_000)
  t.is(got.length, 3)
})

test('killed between reading and deleting: the message comes again, and none is lost', async (t) => {
  const world = smsWorld()
  const { unit: card } = await world.unit('card')
  const first = await world.unit('server')
  const got: string[] = []
  first.unit.listen(16_000, (it) => {
    got.push(text(it))
    // The program dies here: its port is never written to again.
    world.ports.server.open(
      () => {},
      () => {},
    )
    first.unit.close()
  })
  await during(world.clock, card.send(message('once')))
  await world.clock.advance(30_000)
  t.deepEqual(got, ['once'])
  world.ports.server.modem?.input(Buffer.from('\x1b\r'))
  const second = await world.unit('server')
  second.unit.listen(16_000, (it) => got.push(text(it)))
  await world.clock.advance(60_000)
  t.true(got.length >= 1 && got.every((it) => it === 'once'))
})

test('messages for others are left alone and told without their content, until the memory is full', async (t) => {
  const world = smsWorld({ server: { sim: { messages: 3 } } })
  const { unit: card } = await world.unit('card')
  const { unit: server, events } = await world.unit('server')
  const got: string[] = []
  server.listen(16_000, (it) => got.push(text(it)))
  for (const data of ['for others', 'for others too']) await during(world.clock, card.send(message(data, 2948)))
  await world.clock.advance(60_000)
  t.deepEqual(events.filter(({ event }) => event === 'sms.foreign').slice(0, 2), [
    { event: 'sms.foreign', why: 'other-port' },
    { event: 'sms.foreign', why: 'other-port' },
  ])
  t.false(JSON.stringify(events).includes('others'))
  for (const data of ['a', 'b', 'c', 'd']) await during(world.clock, card.send(message(data)))
  await world.clock.advance(10 * 60_000)
  t.deepEqual(got.sort(), ['a', 'b', 'c', 'd'])
})

test('a refusal is a value with what to do, and the next message works', async (t) => {
  const world = smsWorld()
  const { unit: card, events } = await world.unit('card')
  world.centre.set({ refuse: 38 })
  const refused = await during(world.clock, card.send(message('x')))
  t.false(refused.ok)
  t.like(refused, { reason: 'refused' })
  t.deepEqual(
    events.map((it) => (it.event === 'sms.refused' ? it.code : it.event)),
    ['CMS_38'],
  )
  world.centre.set({ refuse: 0 })
  t.true((await during(world.clock, card.send(message('y')))).ok)
})

test('a status report reaches the sender', async (t) => {
  const world = smsWorld()
  const { unit: card } = await world.unit('card')
  card.listen(16_500, () => {})
  await world.unit('server')
  const reports: string[] = []
  await during(world.clock, card.send({ ...message('x'), onReport: ({ outcome }) => reports.push(outcome) }))
  await world.clock.advance(60_000)
  t.deepEqual(reports, ['delivered'])
})

test('a modem that gives no answer to the body: unknown, never repeated here, and the modem is used again', async (t) => {
  const world = smsWorld()
  const { unit: card } = await world.unit('card')
  const write = world.ports.card.write.bind(world.ports.card)
  let swallow = true
  world.ports.card.write = (bytes) => {
    const said = Buffer.from(bytes).toString('latin1')
    if (swallow && said.endsWith('\x1a')) {
      world.ports.card.written.push(said)
      swallow = false
    } else write(bytes)
  }
  const sent = await during(world.clock, card.send(message('lost')))
  t.like(sent, { ok: false, reason: 'unknown' })
  t.is(world.ports.card.written.filter((line) => line.endsWith('\x1a')).length, 1)
  t.true((await during(world.clock, card.send(message('next')))).ok)
})
