import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { folder, open, simulator } from './fixture.ts'

test('what goes into one end comes out of the other, and is recorded', async (t) => {
  const record = folder(t)
  const sim = await simulator(t, '--cable', 'usb', '--record', record)
  const [cable] = sim.ready.cables
  t.is(cable?.name, 'usb')
  const [card, pc] = [open(t, cable?.card), open(t, cable?.pc)]
  // Until both ends are seen open: a line that arrives tells.
  card.type('{"hello":1}\n')
  t.is(await pc.until('\n'), '{"hello":1}\n')
  pc.type('{"you":2}\n')
  t.is(await card.until('\n'), '{"you":2}\n')
  const all = Buffer.from(Array.from({ length: 256 }, (_, value) => value))
  card.type(all)
  t.deepEqual(await pc.bytes(256), all)
  t.is(readFileSync(join(record, 'cable-usb-pc.bin'), 'latin1'), '{"you":2}\n')
  t.deepEqual(readFileSync(join(record, 'cable-usb-card.bin')), Buffer.concat([Buffer.from('{"hello":1}\n'), all]))
})

test('much at once: the writer waits for the reader, no byte is lost', async (t) => {
  const sim = await simulator(t, '--cable', 'usb')
  const [card, pc] = [open(t, sim.ready.cables[0]?.card), open(t, sim.ready.cables[0]?.pc)]
  card.type('.')
  await pc.until('.')
  const all = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 13) & 0xff))
  const feed = async (): Promise<void> => {
    for (let at = 0; at < all.length; ) {
      at += card.typeSome(all.subarray(at, at + 4096))
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  const [got] = await Promise.all([pc.bytes(all.length), feed()])
  t.true(got.equals(all))
})

test('with nobody at the other end bytes go nowhere, and nothing is kept for who comes later', async (t) => {
  const record = folder(t)
  const sim = await simulator(t, '--cable', 'usb', '--record', record)
  const card = open(t, sim.ready.cables[0]?.card)
  card.type('for nobody')
  // The recording tells when they have passed.
  while (readFileSync(join(record, 'cable-usb-card.bin')).length < 10) {
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  const pc = open(t, sim.ready.cables[0]?.pc)
  card.type('!')
  t.is(await pc.until('!'), '!')
})

test('unplugged, both ends see it; plugged in, there are new ports', async (t) => {
  const sim = await simulator(t, '--cable', 'usb', '--cable', 'other')
  const [cable] = sim.ready.cables
  const [card, pc] = [open(t, cable?.card), open(t, cable?.pc)]
  card.type('.')
  await pc.until('.')
  await sim.command({ do: 'unplug', cable: 'usb' })
  await Promise.all([card.end(), pc.end()])
  card.close()
  pc.close()
  const done = await sim.command({ do: 'plug', cable: 'usb' })
  t.is(done.cable?.name, 'usb')
  const [newCard, newPc] = [open(t, done.cable?.card), open(t, done.cable?.pc)]
  newPc.type('again')
  t.is(await newCard.until('again'), 'again')
})

test('unplugged, its ports are nobody’s: who tries to open them again meets no other simulator', async (t) => {
  const sim = await simulator(t, '--cable', 'usb', '--modem', '+8131')
  const [{ card = '', pc = '' } = {}] = sim.ready.cables
  const gone = [card, pc, sim.ready.modems[0]?.path ?? '']
  const modem = open(t, gone[2])
  await sim.command({ do: 'unplug', cable: 'usb' })
  await sim.command({ do: 'unplug', modem: '+8131' })
  await modem.end()
  modem.close()
  const more = await simulator(t, ...Array.from({ length: 8 }, (_, n) => ['--cable', `c${n}`]).flat())
  const paths = more.ready.cables.flatMap((cable) => [cable.card, cable.pc])
  t.deepEqual(
    gone.filter((path) => paths.includes(path) || existsSync(path)),
    [],
  )
  t.truthy((await sim.command({ do: 'plug', cable: 'usb' })).cable)
})
