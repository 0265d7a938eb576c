import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { A, B, ended, folder, open, simulator } from './fixture.ts'
import { installed, type Ran, run } from './foreign.ts'

const PROMPT = 'keyline login: '

/** Two modems: a program dials on the first one, and the test answers at the second one. */
async function dialling(t: ExecutionContext, path: string, args: (home: string) => readonly string[]) {
  const home = folder(t)
  const sim = await simulator(t, '--modem', A, '--modem', B, '--rate', '64000', '--latency', '0')
  const [a, b] = sim.ready.modems
  const dialled = (): Promise<Ran> => run(t, path, args(home), home, a?.path)
  return { sim, dialled, called: open(t, b?.path) }
}

/** Answers, asks who is there, and waits for the name. */
async function answered(called: ReturnType<typeof open>): Promise<void> {
  await called.until('\r\nRING\r\n')
  called.type('ATA\r')
  await called.until('CONNECT 64000\r\n')
  called.type(PROMPT)
  await called.until('guest')
}

const CHAT = ['-v', '-S', '-s', 'ABORT', 'BUSY', 'ABORT', 'NO CARRIER']
const DIAL = ['', 'AT&F&D2&C1X4V1Q0S7=30', 'OK', `ATDT${B}`, 'CONNECT', '', 'login:', 'guest']

test('chat, which dials for pppd, logs in; its port closes, and the call ends', async (t) => {
  const chat = installed(t, '/usr/sbin/chat')
  if (chat === undefined) return
  const { sim, dialled, called } = await dialling(t, chat, () => [...CHAT, ...DIAL])
  const [{ code, out }] = await Promise.all([dialled(), answered(called)])
  t.is(code, 0, out)
  t.like(await sim.until(ended(1)), { from: A, to: B, reason: 'caller-hung-up' })
  await called.until('NO CARRIER\r\n')
})

test('chat tells by its exit code that the number is busy', async (t) => {
  const chat = installed(t, '/usr/sbin/chat')
  if (chat === undefined) return
  const { sim, dialled } = await dialling(t, chat, () => [...CHAT, ...DIAL])
  await sim.command({ do: 'modem', number: B, answer: 'busy' })
  const { code, out } = await dialled()
  // The first of its ABORT strings.
  t.is(code, 4, out)
  t.regex(out, /BUSY/)
})

const SCRIPT = `timeout 60
send "ATE0"
expect {
  "OK"
  timeout 20 goto failed
}
send "ATDT${B}"
expect {
  "CONNECT"
  "NO CARRIER" goto failed
  timeout 20 goto failed
}
expect {
  "login:"
  timeout 20 goto failed
}
send "guest"
sleep 1
exit 0
failed:
exit 3
`

test('a script of minicom dials and logs in', async (t) => {
  const runscript = installed(t, '/usr/bin/runscript')
  if (runscript === undefined) return
  const { sim, dialled, called } = await dialling(t, runscript, (home) => {
    writeFileSync(join(home, 'dial'), SCRIPT)
    return [join(home, 'dial')]
  })
  const [{ code, out }] = await Promise.all([dialled(), answered(called)])
  t.is(code, 0, out)
  t.like(await sim.until(ended(1)), { from: A, to: B, reason: 'caller-hung-up' })
})
