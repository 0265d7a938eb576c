import test from 'ava'
import { openUsbPort } from '../../../firmware/usb/usb-port.ts'
import { startSim } from '../../../sim/process.ts'

const PULLS = 12

test(`a cable that is pulled is noticed, at ${PULLS} different moments, and the port is free again`, async (t) => {
  t.timeout(120_000)
  const sim = await startSim(['--cable', 'usb'])
  t.teardown(() => sim.stop())
  let path = sim.ready.cables[0]?.card ?? ''
  for (let n = 0; n < PULLS; n++) {
    const port = await openUsbPort(path, 115_200)
    const gone = new Promise((resolve) => port.source.once('close', resolve))
    port.source.on('data', () => {})
    // Some pulls come while the port is between two of its reads: the binding alone would never tell.
    await new Promise((resolve) => setTimeout(resolve, n * 7))
    await sim.command({ do: 'unplug', cable: 'usb' })
    await gone
    await port.close()
    path = (await sim.command({ do: 'plug', cable: 'usb' })).cable?.card ?? ''
  }
  t.pass()
})

test('a port that is not there has a code', async (t) => {
  await t.throwsAsync(openUsbPort('/dev/none', 115_200), { code: 'USB_PORT_UNUSABLE' })
})
