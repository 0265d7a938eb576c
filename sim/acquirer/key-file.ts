import { readFileSync, statSync } from 'node:fs'
import { SimError } from '../fault.ts'
import type { SharedKey } from './signature.ts'

const KEY_MIN = 32

/** The first line: `keyid:base64`. @throws SimError KEY_FILE_UNUSABLE; nothing of the file stands in its message */
export function readKeyFile(path: string): SharedKey {
  const [, keyId = '', base64 = ''] = /^([A-Za-z0-9._-]{1,64}):([A-Za-z0-9+/]+={0,2})\r?\n?/.exec(read(path)) ?? []
  const key = Buffer.from(base64, 'base64')
  if (key.length < KEY_MIN) throw unusable(`expected KEYID:BASE64 of ${KEY_MIN} bytes or more in ${path}`)
  return { keyId, key }
}

function read(path: string): string {
  try {
    if (statSync(path).mode & 0o077) throw unusable(`others may read ${path}`)
    return readFileSync(path, 'latin1')
  } catch (error) {
    throw error instanceof SimError ? error : unusable(error instanceof Error ? error.message : String(error))
  }
}

function unusable(what: string): SimError {
  return new SimError('KEY_FILE_UNUSABLE', `The key file cannot be used: ${what}.`, 'Make one, and chmod 600.')
}
