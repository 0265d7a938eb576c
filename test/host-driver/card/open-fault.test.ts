import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { openCardPort } from '../../../host-driver/card/card-port.ts'
import { holdersOf, runs } from '../../../host-driver/card/holders.ts'
import { openFault, rightsCure } from '../../../host-driver/card/open-fault.ts'
import { cardOnTty } from '../fake-tty.ts'

/** A computer with these programs, each with the files that it has open. */
function computer(t: ExecutionContext, programs: Readonly<Record<string, readonly string[]>>) {
  const root = mkdtempSync(join(tmpdir(), 'keyline-root-'))
  t.teardown(() => rmSync(root, { recursive: true, force: true }))
  const port = join(root, 'port')
  writeFileSync(port, '')
  for (const [n, [name, files]] of Object.entries(programs).entries()) {
    const folder = join(root, 'proc', String(700 + n))
    mkdirSync(join(folder, 'fd'), { recursive: true })
    writeFileSync(join(folder, 'comm'), `${name}\n`)
    for (const [fd, file] of files.entries()) symlinkSync(file === 'port' ? port : file, join(folder, 'fd', `${fd}`))
  }
  mkdirSync(join(root, 'etc'))
  writeFileSync(join(root, 'etc/group'), 'root:x:0:\nuucp:x:4711:somebody\nodd;name:x:4712:\n')
  return { root, port }
}

const BUSY = new Error('Error: Cannot lock port')

test('who holds the port is named, with the command that ends it', (t) => {
  const { root, port } = computer(t, { bash: ['/dev/null'], minicom: ['/dev/null', 'port'] })
  t.deepEqual(holdersOf(port, root), [{ pid: 701, name: 'minicom' }])
  const error = openFault(port, BUSY, root)
  t.like(error, { code: 'CARD_IN_USE', what: `minicom (process 701) uses ${port}` })
  t.regex(error.cure, /kill 701$/)
})

test('ModemManager is cured by the rule, whether its files are seen or not', (t) => {
  const seen = computer(t, { ModemManager: ['port'] })
  t.regex(openFault(seen.port, BUSY, seen.root).cure, /^install the package keyline-host.*systemctl stop ModemManager/)
  const hidden = computer(t, { ModemManager: [] })
  t.true(runs('ModemManager', hidden.root))
  const error = openFault(hidden.port, BUSY, hidden.root)
  t.regex(error.what, /another program/)
  t.regex(error.cure, /^if it is ModemManager: install/)
})

test('where nobody is seen, how to see more is told', (t) => {
  const { root, port } = computer(t, { bash: [] })
  t.regex(openFault(port, BUSY, root).cure, /fuser/)
})

test('no permission: the group that owns the port, or the rule where none does', (t) => {
  const { root, port } = computer(t, {})
  chmodSync(port, 0o660)
  t.regex(rightsCure(join(root, 'gone'), root), /usermod -aG dialout \$USER/)
  if (process.getuid?.() !== 0) return t.log('skipped: only root can give files to groups')
  chownSync(port, 0, 4711)
  t.regex(openFault(port, new Error('Error: Permission denied'), root).cure, /usermod -aG uucp \$USER/)
  chownSync(port, 0, 4712) // no name for a command
  t.regex(rightsCure(port, root), /usermod -aG dialout \$USER/)
  chownSync(port, 0, 0)
  t.regex(rightsCure(port, root), /^install the package keyline-host/)
  return undefined
})

test('two programs at one card: the second is told that this very process has it', async (t) => {
  const { path } = cardOnTty(t)
  const cable = await openCardPort(path)
  t.teardown(() => cable.close())
  const error = await t.throwsAsync(openCardPort(path), { code: 'CARD_IN_USE' })
  t.regex(error?.message ?? '', new RegExp(`process ${process.pid}\\)`))
})
