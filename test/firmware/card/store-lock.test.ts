import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { lockStore } from '../../../firmware/card/store-lock.ts'

function folder(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), 'keyline-lock-'))
  t.teardown(() => rmSync(path, { recursive: true }))
  return path
}

/** A process that does nothing until it is told to end. */
async function idler(t: ExecutionContext): Promise<{ readonly pid: number; end(): Promise<unknown> }> {
  const child = spawn(process.execPath, ['-e', 'process.stdin.resume(); console.log(1)'], {
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  const closed = once(child, 'close')
  t.teardown(() => child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  const end = (): Promise<unknown> => {
    child.stdin.end()
    return closed
  }
  return { pid: child.pid ?? 0, end }
}

/** Field 22 of proc(5): the name before it has no parenthesis here. */
function startOf(pid: number): string {
  return readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ')[19] ?? ''
}

test('given back, it can be taken again; nothing is left', (t) => {
  const store = folder(t)
  lockStore(store)()
  lockStore(store)()
  t.deepEqual(readdirSync(store), [])
})

test('held by a program that lives it is refused, by one that is gone it is not', async (t) => {
  const store = folder(t)
  const lock = join(store, 'lock')
  lockStore(store)
  const other = await idler(t)
  const mine = readFileSync(lock, 'utf8')
  const [boot = ''] = mine.split(' ')
  writeFileSync(lock, `${boot} ${other.pid} ${startOf(other.pid)}`)
  const error = t.throws(() => lockStore(store), { code: 'VAULT_IN_USE' })
  t.regex(error.message, /another card program/)
  t.deepEqual(readdirSync(store), ['lock'])
  await other.end()
  lockStore(store)
  t.is(readFileSync(lock, 'utf8'), mine)
})

test('one that a power cut left hinders nobody whose number another program has now, where the start of the system is not to be seen', async (t) => {
  const store = folder(t)
  lockStore(store)
  const lock = join(store, 'lock')
  const [boot = ''] = readFileSync(lock, 'utf8').split(' ')
  const other = await idler(t)
  writeFileSync(lock, `${boot} ${other.pid} 1`)
  t.notThrows(() => lockStore(store))
  await other.end()
})

test('one that a power cut left hinders nobody: another start of the system, or half a file', async (t) => {
  const other = await idler(t)
  for (const text of [`0000-another-boot ${other.pid}`, '', 'nonsense', `${other.pid}`, ' ']) {
    const store = folder(t)
    writeFileSync(join(store, 'lock'), text)
    t.notThrows(() => lockStore(store), text)
    t.deepEqual(readdirSync(store), ['lock'])
  }
  await other.end()
})

test('a store that is not there', (t) => {
  t.throws(() => lockStore(join(folder(t), 'missing')), { code: 'VAULT_UNWRITABLE' })
})
