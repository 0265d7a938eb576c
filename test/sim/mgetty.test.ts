import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, rmSync } from 'node:fs'
import test, { type ExecutionContext } from 'ava'
import { A, B, ended, open, simulator } from './fixture.ts'
import { installed } from './foreign.ts'

const PROMPT = 'keyline login: '

/** mgetty at the port, with nothing left behind at the end. */
function answering(t: ExecutionContext, mgetty: string, path: string) {
  const device = path.replace('/dev/', '')
  const log = `/var/log/mgetty/mg_${device.replace('/', '-')}.log`
  const lock = `/var/lock/LCK..${device.replace('/', '_')}`
  rmSync(log, { force: true })
  rmSync(lock, { force: true })
  const args = ['-D', '-x', '6', '-s', '9600', '-n', '2', '-i', '/dev/null', '-p', PROMPT, device]
  const child = spawn(mgetty, args, { stdio: 'ignore' })
  const gone = once(child, 'close')
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL')
    await gone
  }
  t.teardown(async () => {
    await stop()
    rmSync(log, { force: true })
    rmSync(lock, { force: true })
  })
  /** Its log is the only place where it says that the modem is ready. */
  const ready = async (): Promise<void> => {
    for (let text = ''; !/waiting\.\.\./.test(text); ) {
      await new Promise((resolve) => setTimeout(resolve, 50))
      try {
        text = readFileSync(log, 'latin1')
      } catch {
        // it has not begun yet
      }
    }
  }
  return { stop, ready, lock }
}

test('mgetty sets the modem up, answers a call on the second ring and asks who is there', async (t) => {
  const mgetty = installed(t, '/usr/sbin/mgetty', '/sbin/mgetty')
  if (mgetty === undefined) return
  if (process.getuid?.() !== 0) {
    t.log('SKIPPED: mgetty locks its line in /var/lock and needs root for that')
    return t.pass()
  }
  const sim = await simulator(t, '--modem', A, '--modem', B, '--rate', '64000', '--latency', '10')
  const [a, b] = sim.ready.modems
  const caller = open(t, a?.path)
  const { stop, ready } = answering(t, mgetty, b?.path ?? '')
  await ready()
  caller.type('ATE0\r')
  await caller.until('OK\r\n')
  caller.type(`ATD${B}\r`)
  t.is(await caller.until('CONNECT 64000\r\n'), '\r\nCONNECT 64000\r\n')
  await caller.until(PROMPT)
  caller.type('guest\r')
  await caller.until('guest')
  // Whoever has the port ends: DTR falls, and the call with it.
  await stop()
  await caller.until('NO CARRIER\r\n')
  t.like(await sim.until(ended(1)), { from: A, to: B, reason: 'called-hung-up' })
})
