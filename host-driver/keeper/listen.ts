import { lstat, mkdir, rmdir, stat, unlink } from 'node:fs/promises'
import { connect, type Server } from 'node:net'
import { fault, systemCode } from '../errors.ts'
import { after, pause } from '../timers.ts'

/** Replacing a stale socket takes milliseconds; who holds the right to it for longer was killed, milliseconds. */
const REPLACING_MAX_MS = 10_000
const LOOK_AGAIN_MS = 50

/**
 * Listens on the socket of a keeper, unless one that lives does. What a killed keeper left is replaced; only one process at
 * a time may do so, or two could each think they are the keeper.
 * @throws KeylineError STATE_UNSAFE, KEEPER_FAILED
 */
export async function listenAlone(server: Server, path: string): Promise<'listening' | 'running'> {
  const release = await exclusive(`${path}.starting`)
  try {
    if (await answers(path)) return 'running'
    await removeStale(path)
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(path, () => {
        server.off('error', reject)
        resolve()
      })
    })
    return 'listening'
  } finally {
    await release()
  }
}

/** Whether somebody listens there. */
export function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

async function removeStale(path: string): Promise<void> {
  const info = await lstat(path).catch(() => undefined)
  if (info === undefined) return
  if (!info.isSocket()) throw fault('STATE_UNSAFE', { what: `${path} is in the way and no socket` })
  await unlink(path)
}

/** mkdir(2) succeeds for one process only. @returns how to give the right back */
async function exclusive(lock: string): Promise<() => Promise<void>> {
  for (let waited = 0; waited <= 2 * REPLACING_MAX_MS; waited += LOOK_AGAIN_MS) {
    try {
      await mkdir(lock, { mode: 0o700 })
      return () => rmdir(lock).catch(() => {})
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw fault('KEEPER_FAILED', { cause: error })
    }
    const age = await stat(lock).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0,
    )
    if (age > REPLACING_MAX_MS) await rmdir(lock).catch(() => {})
    else await pause(LOOK_AGAIN_MS, after)
  }
  throw fault('KEEPER_FAILED', { what: `${lock} stays in the way` })
}
