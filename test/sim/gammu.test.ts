import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { A, B, folder, simulator } from './fixture.ts'
import { installed, type Ran, run } from './foreign.ts'

/** Two simulated modems, and gammu at each. */
async function phones(t: ExecutionContext, gammu: string, ...args: readonly string[]) {
  const home = folder(t)
  const sim = await simulator(
    t,
    '--modem',
    A,
    '--modem',
    B,
    '--sms',
    'delay=0',
    '--time',
    '2026-01-02T03:04:05Z',
    ...args,
  )
  const at = (modem: 0 | 1) => {
    const config = join(home, `gammu-${modem}`)
    writeFileSync(config, `[gammu]\ndevice = ${sim.ready.modems[modem]?.path}\nconnection = at115200\n`)
    return (...command: readonly string[]): Promise<Ran> => run(t, gammu, ['-c', config, ...command], home)
  }
  return { sim, a: at(0), b: at(1) }
}

test('gammu identifies the modem and its SIM', async (t) => {
  const gammu = installed(t, '/usr/bin/gammu')
  if (gammu === undefined) return
  const { a } = await phones(t, gammu)
  const { code, out } = await a('identify')
  t.is(code, 0, out)
  t.regex(out, /Manufacturer +: Keyline\n/)
  t.regex(out, /IMEI +: 350000000081311\n/)
  t.regex(out, /SIM IMSI +: 001010000008131\n/)
})

test('gammu sends a message; at the other modem it reads and deletes it', async (t) => {
  const gammu = installed(t, '/usr/bin/gammu')
  if (gammu === undefined) return
  const { sim, a, b } = await phones(t, gammu)
  const sent = await a('sendsms', 'TEXT', B, '-text', 'hello from gammu')
  t.is(sent.code, 0, sent.out)
  t.regex(sent.out, /OK, message reference=0/)
  await sim.until((event) => event.event === 'message' && event.state === 'delivered')
  const read = await b('getallsms')
  t.is(read.code, 0, read.out)
  t.regex(read.out, /Remote number +: "\+8131"/)
  t.regex(read.out, /Sent +: Fri Jan +2 12:04:\d\d 2026 \+0900/)
  t.regex(read.out, /hello from gammu/)
  t.is((await b('deleteallsms', '1')).code, 0)
  t.regex((await b('getallsms')).out, /0 SMS parts in 0 SMS sequences/)
})

test('gammu sends a long message in Japanese, in parts; it is one again at the other end', async (t) => {
  const gammu = installed(t, '/usr/bin/gammu')
  if (gammu === undefined) return
  const { sim, a, b } = await phones(t, gammu)
  const text = '長い文章を携帯電話で送る。'.repeat(10)
  const sent = await a('sendsms', 'TEXT', B, '-unicode', '-len', '200', '-text', text)
  t.is(sent.code, 0, sent.out)
  await sim.until((event) => event.event === 'message' && event.id === 2 && event.state === 'delivered')
  const read = await b('geteachsms')
  t.regex(read.out, /2 SMS parts in 1 SMS sequences/)
  t.true(read.out.replaceAll('\n', '').includes(text), read.out)
})

test('gammu asks for network and centre, and enters the PIN', async (t) => {
  const gammu = installed(t, '/usr/bin/gammu')
  if (gammu === undefined) return
  const { sim, a } = await phones(t, gammu)
  t.regex((await a('networkinfo')).out, /Network state +: home network[\s\S]*"Keyline"/)
  t.regex((await a('getsmsc')).out, /"\+819000000001"/)
  await sim.command({ do: 'sim', number: A, state: 'locked', pin: '1234' })
  t.regex((await a('getsecuritystatus')).out, /Waiting for PIN/)
  t.is((await a('entersecuritycode', 'PIN', '1234')).code, 0)
  t.regex((await a('getsecuritystatus')).out, /Nothing to enter/)
})
