import { chmod, lstat, mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { fault, systemCode } from '../errors.ts'

/** Longest path of a UNIX socket on Linux and macOS, bytes with its end (unix(7): 108; macOS has 104). */
const SOCKET_PATH_MAX = 103

type Environment = Readonly<Record<string, string | undefined>>

/** Where the keeper of this user lives: KEYLINE_STATE, else $XDG_RUNTIME_DIR/keyline, else ~/.local/state/keyline. */
export function stateFolder(env: Environment): string {
  if (env.KEYLINE_STATE) return resolve(env.KEYLINE_STATE)
  if (env.XDG_RUNTIME_DIR) return join(env.XDG_RUNTIME_DIR, 'keyline')
  if (env.HOME) return join(env.HOME, '.local', 'state', 'keyline')
  throw fault('STATE_UNSAFE', { what: 'neither KEYLINE_STATE nor XDG_RUNTIME_DIR nor HOME is set' })
}

/** @throws KeylineError STATE_UNSAFE when the path is too long for a socket */
export function socketPath(folder: string): string {
  const path = join(folder, 'keeper.sock')
  if (Buffer.byteLength(path) <= SOCKET_PATH_MAX) return path
  throw fault('STATE_UNSAFE', { what: `${path} is too long for a socket: at most ${SOCKET_PATH_MAX} bytes` })
}

/**
 * Makes the folder where it is missing. Both ends ask before they use it: a password is never written into a socket that
 * somebody else could have put there.
 * @param uid whose it must be; this user unless a test says otherwise
 * @throws KeylineError STATE_UNSAFE when it is another user's, open to others, or no folder
 */
export async function privateFolder(folder: string, uid = process.getuid?.()): Promise<void> {
  try {
    // Private from its first moment; the folders above it are made as usual.
    if (await mkdir(folder, { recursive: true, mode: 0o700 })) await chmod(folder, 0o700)
  } catch (error) {
    throw fault('STATE_UNSAFE', { what: `${folder} cannot be made (${systemCode(error) ?? 'unknown'})`, cause: error })
  }
  const info = await lstat(folder)
  if (!info.isDirectory()) throw fault('STATE_UNSAFE', { what: `${folder} is no folder` })
  if (uid !== undefined && info.uid !== uid) throw fault('STATE_UNSAFE', { what: `${folder} belongs to another user` })
  if ((info.mode & 0o077) !== 0) throw fault('STATE_UNSAFE', { what: `${folder} is open to other users` })
}
