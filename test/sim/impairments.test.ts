import test from 'ava'
import { B, mobile } from './mobile.ts'

async function call() {
  const world = mobile()
  const { a, b, clock } = world
  a.type(`ATD${B}\r`)
  await clock.advance(300)
  b.type('ATA\r')
  a.read()
  b.read()
  return world
}

test('a fade of either modem loses what passes meanwhile, and the call stays', async (t) => {
  for (const who of ['a', 'b'] as const) {
    const world = await call()
    const { a, b, clock } = world
    a.type('before')
    await clock.advance(200)
    world[who].modem.parts.radio.fade(true)
    a.type('meanwhile')
    b.type('meanwhile')
    await clock.advance(200)
    world[who].modem.parts.radio.fade(false)
    a.type('after')
    b.type('after')
    await clock.advance(200)
    t.is(b.read(), 'beforeafter', who)
    t.is(a.read(), 'after', who)
  }
})

test('bit errors on a call: about as many as asked for, the same ones for the same seed', async (t) => {
  const once = async (): Promise<string> => {
    const { a, b, exchange, clock } = await call()
    exchange.impair({ bitErrors: 0.001 })
    for (let n = 0; n < 20; n++) {
      a.type('\0'.repeat(500))
      await clock.advance(600)
    }
    await clock.advance(1000)
    return b.read()
  }
  const text = await once()
  t.is(text.length, 10_000)
  const wrong = [...text].filter((char) => char !== '\0').length
  t.true(wrong > 50 && wrong < 110, `${wrong} of 10,000 bytes`)
  t.is(await once(), text)
})

test('jitter on a call delays, and keeps the order', async (t) => {
  const { a, b, exchange, clock } = await call()
  a.modem.calls.speed = { rate: 9600, latencyMs: 10, jitterMs: 400 }
  exchange.setSpeed((from) => from.speed)
  for (let n = 0; n < 50; n++) {
    a.type(String(n % 10))
    await clock.advance(5)
  }
  t.true(b.read().length < 40)
  await clock.advance(2000)
  a.type('end')
  await clock.advance(2000)
  t.true(b.read().endsWith('89end'))
})

test('a storm in the middle of a command comes before its result, and into no data', async (t) => {
  const { a, b, clock } = await call()
  for (let n = 0; n < 10; n++) a.modem.say(`+CREG: ${n}`)
  a.type('data')
  await clock.advance(200)
  t.is(a.read(), '')
  t.is(b.read(), 'data')
  await clock.advance(1000)
  a.type('+++')
  await clock.advance(1000)
  t.regex(a.read(), /^\r\nOK\r\n\r\n\+CREG: 0\r\n[\s\S]*\+CREG: 9\r\n$/)
  a.modem.slow(500)
  a.type('AT+CSQ\r')
  a.modem.say('+CREG: 1')
  await clock.advance(500)
  t.is(a.read(), '\r\n+CREG: 1\r\n\r\n+CSQ: 20,99\r\n\r\nOK\r\n')
})
