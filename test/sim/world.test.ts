import { readdirSync } from 'node:fs'
import test, { type ExecutionContext } from 'ava'
import type { SimEvent } from '../../sim/events.ts'
import { startWorld, type WorldOptions } from '../../sim/world.ts'
import { folder, open } from './fixture.ts'

const OPTIONS: WorldOptions = {
  seed: 1,
  ringAfterMs: 10,
  ringForMs: 5000,
  modems: [
    { number: '+8131', speed: { rate: 2400, latencyMs: 0 }, answer: 'normal' },
    { number: '+8132', speed: { rate: 64_000, latencyMs: 0 }, answer: 'normal' },
  ],
  cables: [],
  relays: [],
}

async function world(t: ExecutionContext, options: Partial<WorldOptions> = {}) {
  const events: SimEvent[] = []
  let wake = (): void => {}
  const started = await startWorld({ ...OPTIONS, ...options }, (event) => {
    events.push(event)
    wake()
  })
  t.teardown(() => started.close())
  const until = async (fits: (event: SimEvent) => boolean): Promise<SimEvent> => {
    for (;;) {
      const found = events.find(fits)
      if (found !== undefined) return found
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }
  return { world: started, events, until }
}

test('a call has its caller’s rate, and the line command changes it', async (t) => {
  const { world: started, until } = await world(t)
  const [a, b] = started.ready.modems.map(({ path }) => open(t, path))
  if (a === undefined || b === undefined) return t.fail('expected two modems')
  b.type('ATS0=1\r')
  await b.until('OK\r\n')
  a.type('ATD+8132\r')
  t.regex(await a.until('CONNECT 2400\r\n'), /CONNECT 2400/)
  await b.until('CONNECT 2400\r\n')
  started.command({ do: 'cut-now' })
  await until((event) => event.event === 'call' && event.state === 'ended')
  started.command({ do: 'line', rate: 14_400 })
  await a.until('NO CARRIER\r\n')
  a.type('ATD+8132\r')
  t.regex(await a.until('CONNECT 14400\r\n'), /CONNECT 14400/)
})

test('recordings are made for calls that are connected, and for no others', async (t) => {
  const record = folder(t)
  const { world: started, until } = await world(t, { record, cables: ['usb'] })
  const [a, b] = started.ready.modems.map(({ path }) => open(t, path))
  if (a === undefined || b === undefined) return t.fail('expected two modems')
  a.type('ATD+8139\r')
  await until((event) => event.event === 'call' && event.state === 'ended')
  await a.until('NO CARRIER\r\n')
  t.deepEqual(readdirSync(record).sort(), ['cable-usb-card.bin', 'cable-usb-pc.bin'])
  b.type('ATS0=1\r')
  await b.until('OK\r\n')
  a.type('ATD+8132\r')
  await a.until('CONNECT')
  t.deepEqual(readdirSync(record).sort(), [
    'cable-usb-card.bin',
    'cable-usb-pc.bin',
    'call-2-down.bin',
    'call-2-up.bin',
  ])
})

test('closing ends a running call, its events and all ports; a second close does no harm', async (t) => {
  const { world: started, events, until } = await world(t)
  const [a, b] = started.ready.modems.map(({ path }) => open(t, path))
  if (a === undefined || b === undefined) return t.fail('expected two modems')
  b.type('ATS0=1\r')
  await b.until('OK\r\n')
  a.type('ATD+8132\r')
  await until((event) => event.event === 'call' && event.state === 'connected')
  await started.close()
  t.like(events.at(-1), { state: 'ended', reason: 'unplugged' })
  await Promise.all([a.end(), b.end()])
  await started.close()
})

test('several commands at once do what each says, unknown names are refused with those there are', async (t) => {
  const { world: started } = await world(t, { relays: [{ name: 'net' }] })
  t.throws(() => started.command({ do: 'relay', name: 'other', refuse: true }), {
    code: 'UNKNOWN_NAME',
    message: /relay, got other/,
  })
  t.throws(() => started.command({ do: 'plug', cable: 'usb' }), { code: 'UNKNOWN_NAME' })
  const [modem] = started.ready.modems
  const first = open(t, modem?.path)
  started.command({ do: 'unplug', modem: '+8131' })
  await first.end()
  first.close()
  // Plugged in twice: the first of the two ports is gone again.
  const one = started.command({ do: 'plug', modem: '+8131' })
  const early = open(t, one.modem?.path)
  const two = started.command({ do: 'plug', modem: '+8131' })
  await early.end()
  const late = open(t, two.modem?.path)
  late.type('AT\r')
  t.is(await late.until('OK\r\n'), 'AT\r\r\nOK\r\n')
})
