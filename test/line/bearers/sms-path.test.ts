import test from 'ava'
import { openSms, portsInTurn } from '../../../line/bearers/sms-path.ts'
import { LinkClient } from '../../../line/link-client.ts'
import { openSmsPort } from '../../../server/line-port/sms-port.ts'
import { CARD_SMS_PORTS, SERVER_SMS_PORT } from '../../../wire/limits.ts'
import { seeded } from '../../random.ts'
import { CARD, during, SERVER, smsWorld } from './sms-world.ts'

type World = ReturnType<typeof smsWorld>

/** The server's own port on its modem, which answers each message turned round. */
async function serverOf(world: World) {
  const asked: string[] = []
  const events: string[] = []
  const opening = openSmsPort({
    paths: ['/dev/server'],
    clock: world.clock,
    openPort: async () => world.ports.server,
    log: ({ event }) => events.push(String(event)),
    open: (sender) => ({
      handle: async (message) => {
        asked.push(`${sender} ${message.length}`)
        return Uint8Array.from(message).reverse()
      },
      close: () => events.push('closed'),
    }),
  })
  const port = await during(world.clock, opening)
  return { asked, events, port }
}

test('a login is one message each way, and a conversation that is over hears nothing any more', async (t) => {
  const world = smsWorld()
  const { asked, events, port } = await serverOf(world)
  const { unit } = await world.unit('card')
  const path = openSms(unit, SERVER, () => 0.5)
  const link = new LinkClient(path, world.clock)
  const request = Buffer.alloc(131, 7)
  const response = await during(world.clock, link.request(request))
  t.true(Buffer.from(response ?? []).equals(request))
  t.like(link.report, { messagesUp: 1, messagesDown: 1, bytesUp: 140, bytesDown: 140 })
  t.deepEqual(asked, [`${CARD} 131`])
  t.deepEqual(
    events.filter((event) => event.startsWith('sms.')),
    ['sms.received', 'sms.answered'],
  )
  await path.hangUp()
  t.true(unit.isFree(16_500))
  const closing = port.close()
  await during(world.clock, closing)
  t.true(events.includes('closed'))
})

test('two conversations of one card do not mix', async (t) => {
  const world = smsWorld()
  const { asked } = await serverOf(world)
  const { unit } = await world.unit('card')
  const links = [0.1, 0.1, 0.9].map(
    (at) =>
      new LinkClient(
        openSms(unit, SERVER, () => at),
        world.clock,
      ),
  )
  const requests = links.map((link, n) => link.request(Buffer.alloc(20 + n, n)))
  const responses = await during(world.clock, Promise.all(requests))
  t.deepEqual(
    responses.map((response) => [response?.length, response?.[0]]),
    [
      [20, 0],
      [21, 1],
      [22, 2],
    ],
  )
  t.is(asked.length, 3)
})

const SEED = 20_260_102
test(`a third of the messages lost, some doubled, late and overtaken: all is delivered once (seed ${SEED})`, async (t) => {
  t.timeout(120_000)
  t.log(`seed ${SEED}`)
  const random = seeded(SEED)
  const faults = { loss: 0.3, duplicate: 0.1, reorder: 0.2, swap: 0.2, delay: 3000, jitter: 2000 }
  for (let run = 0; run < 8; run++) {
    const world = smsWorld({ seed: SEED + run, faults })
    const { asked } = await serverOf(world)
    const { unit } = await world.unit('card')
    const path = openSms(unit, SERVER, () => random(1000) / 1000)
    const link = new LinkClient(path, world.clock)
    for (const length of [131, 450]) {
      const request = Buffer.from(Array.from({ length }, (_, n) => (n + run) & 0xff))
      const response = await during(world.clock, link.request(request), 500)
      t.true(Buffer.from(response ?? []).equals(Buffer.from(request).reverse()), `run ${run}, ${length} bytes`)
    }
    t.deepEqual(asked, [`${CARD} 131`, `${CARD} 450`], `run ${run}`)
    await path.hangUp()
  }
})

test('a stranger who writes again and again is not answered for ever', async (t) => {
  const world = smsWorld()
  const { events } = await serverOf(world)
  const { unit } = await world.unit('card')
  for (let n = 0; n < 150; n++) {
    // Another conversation each time: a whole request of one byte.
    const data = Buffer.from([1, 0, n])
    await during(world.clock, unit.send({ to: SERVER, source: 16_001 + n, destination: SERVER_SMS_PORT, data }))
    await world.clock.advance(1000)
  }
  await world.clock.advance(30_000)
  const answered = events.filter((event) => event === 'sms.answered').length
  t.true(answered >= 100 && answered <= 120, `${answered}`)
  t.true(events.includes('sms.ignored'))
})

test('a card whose modem takes no messages is told so in bounded time', async (t) => {
  const world = smsWorld()
  await serverOf(world)
  const { unit } = await world.unit('card')
  world.centre.set({ refuse: 38 })
  const ends: string[] = []
  const path = openSms(unit, SERVER, () => 0)
  const link = new LinkClient(
    {
      ...path,
      open: (take, onEnd) =>
        path.open(take, (end) => {
          ends.push(end)
          onEnd(end)
        }),
    },
    world.clock,
  )
  t.is(await during(world.clock, link.request(Buffer.alloc(400)), 1000), undefined)
  t.deepEqual(ends, ['modem'])
})

test('ports come in turn: none is that of an earlier conversation before all others were used', (t) => {
  const { first, last } = CARD_SMS_PORTS
  const count = last - first + 1
  const next = portsInTurn(() => 0.999)
  const places = Array.from({ length: count }, () => Math.floor(next() * count))
  t.is(new Set(places).size, count)
  t.is(places[0], Math.floor(next() * count))
})
