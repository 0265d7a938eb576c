import { chmodSync, existsSync, mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { ServerError } from './errors.ts'
import { openSqliteStore } from './store/sqlite.ts'
import type { Store } from './store/store.ts'

const STORE_FILE = 'server.db'
const PRIVATE = 0o700
const WRITABLE_BY_OTHERS = 0o022

/**
 * The store in the data folder.
 * @param make the folder, with mode 0700, and the store in it, when they are not there
 * @throws ServerError DATA_MISSING, DATA_UNSAFE, DATA_UNUSABLE, STORE_*
 */
export function openData(folder: string, make: boolean): Store {
  const path = join(folder, STORE_FILE)
  if (!make && !existsSync(path)) throw new ServerError('DATA_MISSING', `there is no server in ${folder}`)
  try {
    // Its own mode is not narrowed by the umask alone, hence chmod; only the last folder is ours.
    if (mkdirSync(folder, { recursive: true, mode: PRIVATE }) !== undefined) chmodSync(folder, PRIVATE)
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    throw new ServerError('DATA_UNUSABLE', `the data folder cannot be made: ${message}`, cause)
  }
  if (statSync(folder).mode & WRITABLE_BY_OTHERS) {
    throw new ServerError('DATA_UNSAFE', `others may write into ${folder}`)
  }
  return openSqliteStore(path)
}
