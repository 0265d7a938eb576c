import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CardError } from './errors.ts'

const TRIES = 3

/**
 * One program per store: two would continue one Rₙ in two ways, and the server would lock the card as a clone. The lock names a
 * process, when that was started, and the start of the system it belongs to, so that one left by a power cut hinders nobody, whichever
 * program has its number now.
 * @param folder of the store, which exists @returns how to give it back
 * @throws CardError VAULT_IN_USE, VAULT_UNWRITABLE
 */
export function lockStore(folder: string): () => void {
  const lock = join(folder, 'lock')
  const own = join(folder, `lock.${process.pid}`)
  try {
    writeFileSync(own, `${bootId()} ${process.pid} ${startOf(process.pid) ?? ''}`.trim(), { mode: 0o600 })
    for (let tries = 0; tries < TRIES; tries++) {
      // A link is made as a whole or not at all: whoever sees the lock sees whose it is.
      if (linked(own, lock)) return () => rmSync(lock, { force: true })
      clear(lock, own)
    }
  } catch (cause) {
    if (cause instanceof CardError) throw cause
    throw new CardError('VAULT_UNWRITABLE', `the store cannot be locked (${codeOf(cause) ?? 'unknown reason'})`, {
      cause,
    })
  } finally {
    rmSync(own, { force: true })
  }
  throw new CardError('VAULT_IN_USE')
}

/** Takes a lock away whose program is gone. @throws CardError VAULT_IN_USE when it is not */
function clear(lock: string, own: string): void {
  const seen = read(lock)
  if (seen === undefined) return
  if (alive(seen)) throw new CardError('VAULT_IN_USE')
  const aside = `${own}.stale`
  renameSync(lock, aside)
  const taken = read(aside)
  // Another one cleared it first, and this is that one's own.
  if (taken !== seen) linked(aside, lock)
  rmSync(aside, { force: true })
}

function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to)
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw error
  }
}

function alive(text: string): boolean {
  const [boot, pid, start] = text.split(' ')
  const process_ = Number(pid)
  if (boot !== bootId() || !Number.isInteger(process_) || process_ <= 0 || process_ === process.pid) return false
  // A service may not see which start of the system this is (ProcSubset=pid), and a number is soon another program's.
  if (start !== undefined) return startOf(process_) === start
  try {
    process.kill(process_, 0)
    return true
  } catch (error) {
    return codeOf(error) === 'EPERM'
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

/** When a process was started, clock ticks since the system was (proc(5)); undefined for one that is over, or that is not to be seen. */
function startOf(pid: number): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // Its name may hold anything, and stands in parentheses.
    const [state, ...fields] = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return state === 'Z' ? undefined : fields[18]
  } catch {
    return undefined
  }
}

/** Differs from one start of the system to the next, where it tells. */
function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return 'unknown'
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined
}
