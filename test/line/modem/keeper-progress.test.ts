import test from 'ava'
import { ModemKeeper, STUCK_MS } from '../../../line/modem/keeper.ts'
import type { ModemPort } from '../../../line/modem/port.ts'
import { FakeClock } from '../../fake-clock.ts'

function keeperOf(openPort: () => Promise<ModemPort>) {
  const clock = new FakeClock()
  const keeper = new ModemKeeper({ path: '/dev/m', clock, openPort, modem: {}, log: () => {} })
  return { clock, keeper }
}

test('no modem for a day is progress: it is looked for again and again', async (t) => {
  let opened = 0
  const { clock, keeper } = keeperOf(async () => {
    opened++
    throw new Error('no such device')
  })
  t.true(keeper.progressing)
  await keeper.start()
  for (let minute = 0; minute < 24 * 60; minute += 10) {
    await clock.advance(600_000)
    if (!keeper.progressing) t.fail(`minute ${minute}`)
  }
  t.true(opened > 1000)
  await keeper.close()
})

test('a port that never opens is none, from its limit on; and one that is late is', async (t) => {
  const { promise, reject } = Promise.withResolvers<ModemPort>()
  const { clock, keeper } = keeperOf(() => promise)
  const started = keeper.start()
  await clock.advance(STUCK_MS)
  t.true(keeper.progressing)
  await clock.advance(1)
  t.false(keeper.progressing)
  reject(new Error('at last'))
  await started
  t.true(keeper.progressing)
  await keeper.close()
})
