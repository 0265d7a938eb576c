import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { A, B, folder, simulator } from './fixture.ts'
import { environment, installed } from './foreign.ts'

const SPOOLS = ['outgoing', 'incoming', 'sent', 'failed', 'checked', 'report'] as const

/** The daemon of smstools at two modems; the first one sends, both receive. */
async function daemon(t: ExecutionContext, smsd: string) {
  const home = folder(t)
  const sim = await simulator(t, '--modem', A, '--modem', B, '--sms', 'delay=0')
  const at = (...names: readonly string[]): string => join(home, ...names)
  for (const spool of SPOOLS) mkdirSync(at(spool))
  const modem = (index: 0 | 1, outgoing: 'yes' | 'no') =>
    `[M${index}]\ndevice = ${sim.ready.modems[index]?.path}\nincoming = yes\noutgoing = ${outgoing}\nrtscts = no\n`
  const lines = [
    'devices = M0, M1',
    ...SPOOLS.map((spool) => `${spool} = ${at(spool)}`),
    `logfile = ${at('log')}`,
    `infofile = ${at('info')}`,
    `pidfile = ${at('pid')}`,
    'delaytime = 1\n',
  ]
  writeFileSync(at('conf'), `${lines.join('\n')}${modem(0, 'yes')}${modem(1, 'no')}`)
  // It has a process for each modem, and all of them are to end.
  const child = spawn(smsd, ['-t', '-c', at('conf')], { stdio: 'ignore', env: environment(home), detached: true })
  const gone = once(child, 'close')
  t.teardown(async () => {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    await gone
  })
  /** A file in one of its folders, as soon as there is one with this in it: they are written in pieces, and a lock may lie beside them. */
  const file = async (spool: (typeof SPOOLS)[number], wanted: RegExp): Promise<string> => {
    for (;;) {
      for (const name of readdirSync(at(spool)).filter((one) => !one.endsWith('.LOCK'))) {
        const content = contentOf(at(spool, name))
        if (wanted.test(content)) return content
      }
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
  return { sim, at, file }
}

test('smstools sends a message from one modem and stores it at the other', async (t) => {
  const smsd = installed(t, '/usr/sbin/smsd')
  if (smsd === undefined) return
  t.timeout(60_000)
  const { sim, at, file } = await daemon(t, smsd)
  writeFileSync(at('message'), `To: ${B.slice(1)}\n\nhello from smstools [x]\n`)
  renameSync(at('message'), at('outgoing', 'one'))
  await sim.until((event) => event.event === 'message' && event.state === 'delivered')
  t.regex(await file('sent', /^Modem: M0\n/m), /Sent: /)
  const received = await file('incoming', /hello from smstools/)
  t.regex(received, /From: 8131\n/)
  t.regex(received, /From_SMSC: 819000000001\n/)
  t.regex(received, /hello from smstools \[x\]/)
  t.deepEqual(readdirSync(at('failed')), [])
})

/** Nothing where it is gone already: it is put elsewhere when it is ready. */
function contentOf(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return ''
    throw error
  }
}
