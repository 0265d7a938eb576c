import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { seeded } from '../random.ts'
import { A, B, connect, ended, folder, open, simulator, twoPorts } from './fixture.ts'

test('a call between two ports, with its events and its recording', async (t) => {
  const record = folder(t)
  const { sim, a, b } = await twoPorts(t, '--record', record)
  await connect(a, b)
  a.type('to the server')
  t.is(await b.until('server'), 'to the server')
  b.type('to the card')
  t.is(await a.until('card'), 'to the card')
  a.close()
  t.is(await b.until('NO CARRIER\r\n'), '\r\nNO CARRIER\r\n')
  const end = await sim.until(ended(1))
  t.like(end, { from: A, to: B, reason: 'caller-hung-up', bytesUp: 13, bytesDown: 11 })
  t.deepEqual(
    sim.events.map((event) => event.event === 'call' && event.state),
    [false, 'ringing', 'connected', 'ended'],
  )
  t.is(readFileSync(join(record, 'call-1-up.bin'), 'latin1'), 'to the server')
  t.is(readFileSync(join(record, 'call-1-down.bin'), 'latin1'), 'to the card')
})

test('64 kB of any bytes pass both ways at once, and the recording has each', async (t) => {
  const record = folder(t)
  const { sim, a, b } = await twoPorts(t, '--record', record)
  const seed = 152_879
  t.log(`seed ${seed}`)
  const random = seeded(seed)
  const up = Buffer.from(Array.from({ length: 65_536 }, () => random(256)))
  const down = Buffer.from(up).reverse()
  await connect(a, b)
  const feed = async (slave: typeof a, bytes: Buffer): Promise<void> => {
    for (let at = 0; at < bytes.length; ) {
      at += slave.typeSome(bytes.subarray(at, at + 2048))
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }
  const [, , gotUp, gotDown] = await Promise.all([feed(a, up), feed(b, down), b.bytes(65_536), a.bytes(65_536)])
  t.true(gotUp.equals(up))
  t.true(gotDown.equals(down))
  b.close()
  await a.until('NO CARRIER\r\n')
  t.like(await sim.until(ended(1)), { reason: 'called-hung-up', bytesUp: 65_536, bytesDown: 65_536 })
  t.true(readFileSync(join(record, 'call-1-up.bin')).equals(up))
  t.true(readFileSync(join(record, 'call-1-down.bin')).equals(down))
})

test('+++, ATO, +++, ATH', async (t) => {
  const { a, b } = await twoPorts(t)
  await connect(a, b)
  const escapeToCommands = async (): Promise<void> => {
    // S12=5: 100 ms of silence before and after.
    await new Promise((resolve) => setTimeout(resolve, 150))
    a.type('+++')
    t.is(await a.until('OK\r\n'), '\r\nOK\r\n')
  }
  await escapeToCommands()
  b.type('kept')
  a.type('ATO\r')
  t.is(await a.until('kept'), '\r\nCONNECT 64000\r\nkept')
  await escapeToCommands()
  a.type('ATH\r')
  t.is(await a.until('OK\r\n'), '\r\nOK\r\n')
  t.true((await b.until('NO CARRIER\r\n')).endsWith('\r\nNO CARRIER\r\n'))
})

test('the caller gives up by typing, and calls again', async (t) => {
  const { sim, a, b } = await twoPorts(t)
  a.type(`ATD${B}\r`)
  await b.until('RING\r\n')
  // Typed again and again: the first 125 ms do not count.
  const typing = setInterval(() => a.type('\r'), 30)
  t.is(await a.until('NO CARRIER\r\n'), '\r\nNO CARRIER\r\n')
  clearInterval(typing)
  t.is((await sim.until(ended(1))).reason, 'given-up')
  b.type('ATA\r')
  t.is(await b.until('NO CARRIER\r\n'), '\r\nNO CARRIER\r\n')
  await connect(a, b)
})

test('busy, no answer and silent, by argument and by command', async (t) => {
  const sim = await simulator(t, '--modem', A, '--modem', `${B},answer=busy`, '--ring-for', '50')
  const [a, b] = [open(t, sim.ready.modems[0]?.path), open(t, sim.ready.modems[1]?.path)]
  const dial = async (): Promise<string> => {
    a.type(`ATE0D${B}\r`)
    return (await a.until('\r\n')) + (await a.until('\r\n'))
  }
  t.regex(await dial(), /\r\nBUSY\r\n$/)
  await sim.command({ do: 'modem', number: B, answer: 'no-answer' })
  t.is(await dial(), '\r\nNO ANSWER\r\n')
  await sim.command({ do: 'modem', number: B, answer: 'silent' })
  b.type('AT\r')
  t.is(await dial(), '\r\nNO ANSWER\r\n')
  t.is(b.take().length, 0)
  await sim.command({ do: 'modem', number: B, answer: 'normal' })
  b.type('AT\r')
  t.is(await b.until('OK\r\n'), 'AT\r\r\nOK\r\n')
})

test('a modem is used by one program after another: closing ends the call, settings stay', async (t) => {
  const { sim, a, b } = await twoPorts(t)
  for (let n = 1; n <= 5; n++) {
    const caller = n === 1 ? a : open(t, sim.ready.modems[0]?.path)
    caller.type('AT\r')
    t.is(await caller.until('OK\r\n'), '\r\nOK\r\n')
    await connect(caller, b)
    caller.close()
    t.is(await b.until('NO CARRIER\r\n'), '\r\nNO CARRIER\r\n')
    t.is((await sim.until(ended(n))).reason, 'caller-hung-up')
  }
})

test('cut at byte n', async (t) => {
  const { sim, a, b } = await twoPorts(t)
  await sim.command({ do: 'cut', after: 100, direction: 'down' })
  await connect(a, b)
  b.type('z'.repeat(300))
  t.is(await a.until('NO CARRIER\r\n'), `${'z'.repeat(100)}\r\nNO CARRIER\r\n`)
  t.is(await b.until('NO CARRIER\r\n'), '\r\nNO CARRIER\r\n')
  t.like(await sim.until(ended(1)), { reason: 'cut', bytesUp: 0, bytesDown: 100 })
  await connect(a, b)
  await sim.command({ do: 'cut-now' })
  await Promise.all([a.until('NO CARRIER\r\n'), b.until('NO CARRIER\r\n')])
})

test('a modem is unplugged and comes back at a new port', async (t) => {
  const { sim, a, b } = await twoPorts(t)
  await connect(a, b)
  await sim.command({ do: 'unplug', modem: A })
  await a.end()
  t.is(await b.until('NO CARRIER\r\n'), '\r\nNO CARRIER\r\n')
  t.is((await sim.until(ended(1))).reason, 'unplugged')
  a.close()
  const { modem } = await sim.command({ do: 'plug', modem: A })
  t.is(modem?.number, A)
  const again = open(t, modem?.path)
  again.type('AT\r')
  t.is(await again.until('OK\r\n'), 'AT\r\r\nOK\r\n')
  await connect(again, b)
})
