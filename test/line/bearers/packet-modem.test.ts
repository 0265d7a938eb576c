import test from 'ava'
import { PacketModem } from '../../../line/bearers/packet-modem.ts'
import { systemClock } from '../../../line/clock.ts'
import { parsePacketAddress } from '../../../wire/line/packet-address.ts'
import { seeded } from '../../random.ts'
import { CANARY, collect, connected, type Dialect, NEVER, packetModem, reader, TARGET } from './packet-world.ts'

const SEED = 4_001
const SIZE = 100_000
const DIALECTS: readonly Dialect[] = ['simcom', 'quectel']

function noise(size: number): Buffer {
  const random = seeded(SEED)
  return Buffer.from(Array.from({ length: size }, () => random(256)))
}

for (const dialect of DIALECTS) {
  test(`${dialect}: 100 kB of all bytes both ways, and hung up (seed ${SEED})`, async (t) => {
    const it = await packetModem(t, dialect)
    const stream = connected(await it.open())
    t.is(stream.peer, '10.0.0.1:7000')
    const here = reader(stream)
    const server = await it.connection()
    const sent = noise(SIZE)
    const there = collect(server, SIZE)
    stream.write(sent)
    server.write(sent)
    t.true((await there).equals(sent))
    t.true((await here.length(SIZE)).equals(sent))
    await stream.hangUp()
    t.is(await here.ended(), 'local')
    t.is(it.access.user, undefined)
    t.deepEqual(it.states, ['active', '10.0.0.1:7000 open', '10.0.0.1:7000 closed closed-here'])
    await it.bearer.leave()
    t.is(it.states.at(-1), 'inactive by-terminal')
  })

  test(`${dialect}: the far end closes, its last bytes are there, and it is opened again without entering anew`, async (t) => {
    const it = await packetModem(t, dialect)
    const stream = connected(await it.open())
    const here = reader(stream)
    const server = await it.connection()
    server.end('last words')
    t.is(await here.ended(), 'remote')
    t.regex(here.bytes().toString(), /^last words/)
    await stream.hangUp()
    const again = connected(await it.open())
    const second = await it.connection(1)
    again.write(Buffer.from('again'))
    t.is((await collect(second, 5)).toString(), 'again')
    await again.hangUp()
    t.is(it.states.filter((state) => state === 'active').length, 1)
  })

  test(`${dialect}: cut by the network, and opened again at once`, async (t) => {
    const it = await packetModem(t, dialect)
    const stream = connected(await it.open())
    const here = reader(stream)
    await it.connection()
    it.modem.parts.packet.dropSocket('dropped')
    // Not waited for: whoever notices first hangs up while it is not sure yet that it ended.
    await stream.hangUp()
    t.is(await here.ended(), 'remote')
    await connected(await it.open()).hangUp()
    t.is(it.access.faults.length, 0)
  })

  test(`${dialect}: the context dropped under a connection is entered again`, async (t) => {
    const it = await packetModem(t, dialect)
    const stream = connected(await it.open())
    const here = reader(stream)
    it.modem.dropContexts()
    t.is(await here.ended(), 'remote')
    await stream.hangUp()
    await connected(await it.open()).hangUp()
    t.is(it.states.filter((state) => state === 'active').length, 2)
  })

  test(`${dialect}: a context that was lost without a word is entered again`, async (t) => {
    const it = await packetModem(t, dialect)
    await connected(await it.open()).hangUp()
    it.modem.parts.packet.dropAll('dropped')
    await connected(await it.open()).hangUp()
    t.is(it.states.filter((state) => state === 'active').length, 2)
  })

  test(`${dialect}: no registration, no connection; with it again`, async (t) => {
    const it = await packetModem(t, dialect)
    const stream = connected(await it.open())
    const here = reader(stream)
    it.modem.parts.radio.set({ registration: 'searching' })
    it.modem.refresh()
    t.is(await here.ended(), 'remote')
    await stream.hangUp()
    t.like(await it.open(), { ok: false, reason: 'no-carrier' })
    it.modem.parts.radio.set({ registration: 'home' })
    it.modem.refresh()
    await connected(await it.open()).hangUp()
  })

  test(`${dialect}: refusals are values, explained, and say no password`, async (t) => {
    const it = await packetModem(t, dialect, { user: 'me', password: 'sesame' })
    const no = async (text: string) => {
      const result = await it.open(parsePacketAddress(text))
      t.false(result.ok)
      t.notRegex(JSON.stringify(result), /sesam|open-me/)
      return result
    }
    t.like(await no('me:sesam@private.test/10.0.0.1:7000'), { reason: 'no-carrier' })
    t.like(await no('me:sesame@public.test/10.0.0.1:7000'), { reason: 'no-carrier' })
    const refused = await no('me:sesame@private.test/10.0.0.9:7000')
    t.like(refused, { reason: 'no-answer' })
    t.regex(refused.ok ? '' : refused.detail, /not reached or refused/)
    await connected(await it.open(parsePacketAddress('me:sesame@private.test/10.0.0.1:7000'))).hangUp()
  })

  test(`${dialect}: what a run before left open is closed first`, async (t) => {
    const it = await packetModem(t, dialect)
    connected(await it.open())
    const before = await it.connection()
    const gone = new Promise((resolve) => before.once('close', resolve))
    await it.access.engine.escape(it.access.guardMs)
    // Its program died here; another one finds context and connection.
    it.access.user = undefined
    const next = new PacketModem(it.access, systemClock)
    const stream = connected(await next.open(TARGET, undefined, NEVER))
    await gone
    await stream.hangUp()
    t.is(it.states.filter((state) => state === 'active').length, 2)
    next.close()
  })

  test(`${dialect}: +++ , NO CARRIER and CLOSED in the data are data`, async (t) => {
    const it = await packetModem(t, dialect)
    const stream = connected(await it.open())
    const here = reader(stream)
    const server = await it.connection()
    const words = '+++\r\nNO CARRIER\r\n~\r\nCLOSED\r\nand more\r\nOK?\r\n'
    server.write(words)
    t.is((await here.length(words.length)).toString(), words)
    // At the end, and followed by silence: the modem is asked, and was not the one who said it.
    server.write('\r\nNO CARRIER\r\n')
    const asked = await collect(server, 3)
    t.is(asked.toString(), 'AT\r')
    server.write('on')
    t.is((await here.length(words.length + 16)).toString(), `${words}\r\nNO CARRIER\r\non`)
    stream.write(Buffer.from('a+++b'))
    t.is((await collect(server, 5)).toString(), 'a+++b')
    await stream.hangUp()
    t.is(await here.ended(), 'local')
  })

  test(`${dialect}: a network that does not reach the canary is the line, asked once`, async (t) => {
    const it = await packetModem(t, dialect)
    for (let n = 0; n < 2; n++) await connected(await it.open(TARGET, CANARY)).hangUp()
    t.is(it.states.filter((state) => state.startsWith(CANARY.host)).join(), '192.0.2.1:443 refused unreachable')
    it.modem.dropContexts()
    await connected(await it.open(TARGET, CANARY)).hangUp()
    t.is(it.states.filter((state) => state.startsWith(CANARY.host)).length, 2)
  })

  for (const internet of [true, { host: '127.0.0.1', port: 0 }] as const) {
    test(`${dialect}: a network that reaches the canary is not the line (${JSON.stringify(internet)})`, async (t) => {
      const it = await packetModem(t, dialect)
      const server = await it.open()
      await connected(server).hangUp()
      const { localPort: port = 0 } = await it.connection()
      it.network.set('private.test', { internet: internet === true ? true : { ...internet, port } })
      it.modem.dropContexts()
      t.like(await it.open(TARGET, CANARY), { ok: false, reason: 'internet' })
      t.is(it.states.at(-1), 'inactive by-terminal')
      // Nothing was connected to the server meanwhile.
      t.is(it.states.filter((state) => state === '10.0.0.1:7000 open').length, 1)
      it.network.set('private.test', { internet: false })
      await connected(await it.open(TARGET, CANARY)).hangUp()
    })
  }

  test(`${dialect}: one connection at a time; cancelled before it began nothing is asked`, async (t) => {
    const it = await packetModem(t, dialect)
    const opening = it.open()
    t.like(await it.open(), { ok: false, reason: 'busy' })
    const stream = connected(await opening)
    t.like(await it.open(), { ok: false, reason: 'busy' })
    await stream.hangUp()
    const count = it.port.written.length
    t.like(await it.bearer.open(TARGET, undefined, AbortSignal.abort()), { ok: false, reason: 'cancelled' })
    t.is(it.port.written.length, count)
  })

  test(`${dialect}: cancelled anywhere on the way, and the next attempt comes through`, async (t) => {
    const it = await packetModem(t, dialect)
    for (const afterMs of [5, 150, 230, 450]) {
      const cancel = new AbortController()
      const timer = setTimeout(() => cancel.abort(), afterMs)
      const result = await it.bearer.open(TARGET, CANARY, cancel.signal)
      clearTimeout(timer)
      if (result.ok) await result.stream.hangUp()
      else t.is(result.reason, 'cancelled')
      t.is(it.access.user, undefined)
      await connected(await it.open(TARGET, CANARY)).hangUp()
      await it.bearer.leave()
    }
    t.false(it.states.some((state) => state.startsWith('192.0.2.1:443 open')))
  })
}
