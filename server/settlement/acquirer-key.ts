import { constants, fstatSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { Secret } from '../../keys/secret.ts'
import { ServerError } from '../errors.ts'

const FOR_OTHERS = 0o077
const FILE_MAX = 4096
const KEY_MIN = 32
/** `keyid:base64`, the first line. */
const LINE = /^([A-Za-z0-9._-]{1,64}):([A-Za-z0-9+/]{1,1024}={0,2})\r?$/

export interface AcquirerKey {
  readonly keyId: string
  readonly key: Secret
}

/**
 * The key that is shared with the acquirer, from a file that nobody else may read.
 * @throws ServerError ACQUIRER_KEY_UNUSABLE; nothing of the file stands in its message
 */
export async function readAcquirerKey(path: string): Promise<AcquirerKey> {
  const bytes = await read(path)
  try {
    const found = LINE.exec(bytes.toString('latin1').split('\n')[0] ?? '')
    const [keyId = '', base64 = ''] = found?.slice(1) ?? []
    const key = Buffer.from(base64, 'base64')
    // What does not come out as it went in was no base64.
    const whole = key.toString('base64').replace(/=+$/, '') === base64.replace(/=+$/, '')
    if (found === null || !whole || key.length < KEY_MIN) {
      throw unusable(`the first line of ${path} is not KEYID:BASE64 with ${KEY_MIN} bytes or more`)
    }
    const secret = new Secret(Uint8Array.from(key))
    key.fill(0)
    return { keyId, key: secret }
  } finally {
    bytes.fill(0)
  }
}

async function read(path: string): Promise<Buffer> {
  let file: FileHandle | undefined
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const { mode, size } = fstatSync(file.fd)
    if ((mode & constants.S_IFMT) !== constants.S_IFREG || size > FILE_MAX) throw unusable(`${path} is no key file`)
    if (mode & FOR_OTHERS) throw unusable(`others may read ${path}`)
    return await file.readFile()
  } catch (cause) {
    if (cause instanceof ServerError) throw cause
    throw unusable(`${path} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, cause)
  } finally {
    await file?.close()
  }
}

function unusable(what: string, cause?: unknown): ServerError {
  return new ServerError('ACQUIRER_KEY_UNUSABLE', what, cause)
}
