import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { A, B, folder, simulator } from './fixture.ts'
import { installed, run } from './foreign.ts'

test('gnokii identifies the modem, and reads a message of another one', async (t) => {
  const gnokii = installed(t, '/usr/bin/gnokii')
  if (gnokii === undefined) return
  const home = folder(t)
  const sim = await simulator(t, '--modem', A, '--modem', B, '--sms', 'delay=0')
  mkdirSync(join(home, '.cache'))
  const port = `port = ${sim.ready.modems[0]?.path}\nmodel = AT\nconnection = serial\nuse_locking = no\n`
  writeFileSync(join(home, 'config'), `[global]\n${port}`)
  const ask = (...args: readonly string[]) => run(t, gnokii, ['--config', join(home, 'config'), ...args], home)
  const identity = await ask('--identify')
  t.is(identity.code, 0, identity.out)
  t.regex(identity.out, /IMEI +: 350000000081311\n[\s\S]*Manufacturer +: Keyline\n/)
  await sim.command({ do: 'message', to: A, from: B, text: 'hello {gnokii}' })
  await sim.until((event) => event.event === 'message' && event.state === 'delivered')
  const { code, out } = await ask('--getsms', 'SM', '1')
  t.is(code, 0, out)
  t.regex(out, /Sender: \+8132 Msg Center: \+819000000001\n/)
  t.regex(out, /hello \{gnokii\}/)
})
