import test from 'ava'
import { systemd } from '../../firmware/systemd.ts'
import { FakeClock } from '../fake-clock.ts'

const ENV = { LISTEN_PID: '7', LISTEN_FDNAMES: 'other:notify', WATCHDOG_USEC: '9000000' }

test('ready, fed at a third of the time while there is progress, stopping', async (t) => {
  const told: string[] = []
  const clock = new FakeClock()
  let progress = true
  const write = (fd: number, text: string): void => void told.push(`${fd} ${text}`)
  const service = systemd({ env: ENV, pid: 7, clock, progress: () => progress, write })
  service.ready()
  await clock.advance(3000)
  t.deepEqual(told, ['4 READY=1', '4 WATCHDOG=1', '4 WATCHDOG=1'])
  progress = false
  await clock.advance(9000)
  t.is(told.length, 3)
  service.stopping()
  t.is(told.at(-1), '4 STOPPING=1')
  t.is(clock.waiting, 0)
})

for (const env of [{}, { ...ENV, LISTEN_PID: '8' }, { ...ENV, LISTEN_FDNAMES: 'other' }]) {
  test(`no socket of systemd: ${JSON.stringify(env)}`, (t) => {
    const clock = new FakeClock()
    const service = systemd({ env, pid: 7, clock, write: () => t.fail() })
    service.ready()
    service.stopping()
    t.is(clock.waiting, 0)
  })
}

test('a socket that fails ends nothing', (t) => {
  const write = (): never => {
    throw new Error('EAGAIN')
  }
  const service = systemd({ env: ENV, pid: 7, clock: new FakeClock(), write })
  t.notThrows(() => service.ready())
  service.stopping()
})
