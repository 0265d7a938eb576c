import test from 'ava'
import { PacketModem } from '../../../line/bearers/packet-modem.ts'
import { systemClock } from '../../../line/clock.ts'
import { LinkClient } from '../../../line/link-client.ts'
import { initModem } from '../../../line/modem/init.ts'
import { openSerialPort } from '../../../line/modem/serial-port.ts'
import { streamPath } from '../../../line/stream-path.ts'
import { openPacketPort } from '../../../server/line-port/packet-port.ts'
import { startSim } from '../../../sim/process.ts'
import { CANARY, connected, NEVER, TARGET } from './packet-world.ts'
import { TestModem } from './test-modem.ts'

const NUMBER = '+819012345678'

for (const [dialect, profile] of [
  ['simcom', 'sim7600'],
  ['quectel', 'ec25'],
] as const) {
  test(`${dialect}: a serial port, a private network and the server's port in it, from end to end`, async (t) => {
    const port = await openPacketPort({
      listen: [{ host: '127.0.0.1', port: 0 }],
      open: () => ({ handle: async (message) => Uint8Array.from(message).reverse(), close: () => {} }),
      log: () => {},
    })
    t.teardown(() => port.close())
    const apn = `private.test,10.0.0.1:7000=${port.addresses[0]},latency=20`
    const sim = await startSim(['--modem', `${NUMBER},profile=${dialect}`, '--apn', apn])
    t.teardown(() => sim.stop())
    const serial = await openSerialPort(sim.ready.modems[0]?.path ?? '')
    t.teardown(() => serial.close())
    const modem = new TestModem(serial, systemClock, profile)
    const init = await initModem(modem.engine)
    if (!init.ok) return t.fail(init.detail)
    modem.guardMs = init.guardMs
    const bearer = new PacketModem(modem, systemClock)

    const stream = connected(await bearer.open(TARGET, CANARY, NEVER))
    const link = new LinkClient(streamPath(stream), systemClock)
    const message = Buffer.from(Array.from({ length: 2000 }, (_, n) => n & 0xff))
    const answer = await link.request(message, NEVER)
    t.true(Buffer.from(answer ?? []).equals(Buffer.from(message).reverse()))
    await stream.hangUp()

    await sim.command({ do: 'apn', name: 'private.test', internet: true })
    await sim.command({ do: 'packet', number: NUMBER, drop: 'context' })
    t.like(await bearer.open(TARGET, CANARY, NEVER), { ok: false, reason: 'internet' })
    return undefined
  })
}
