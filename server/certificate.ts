import { readFile, stat } from 'node:fs/promises'
import type { ServerCertificate } from '../internet/accept.ts'
import { ServerError } from './errors.ts'

const WORLD_WRITABLE = 0o002
const OTHERS_READ = 0o044

/**
 * The certificate of the open shop and its key, PEM.
 * @param warn told when others may read the key: as bad as a key can be kept, but not a reason to stay closed
 * @throws ServerError CERTIFICATE_UNUSABLE
 */
export async function readCertificate(
  certificate: string,
  key: string,
  warn: (what: string) => void,
): Promise<ServerCertificate> {
  try {
    const { mode } = await stat(key)
    if (mode & WORLD_WRITABLE) throw new ServerError('CERTIFICATE_UNUSABLE', `everybody may write to ${key}`)
    if (mode & OTHERS_READ) warn(`others may read ${key}`)
    return { cert: await readFile(certificate, 'utf8'), key: await readFile(key, 'utf8') }
  } catch (cause) {
    if (cause instanceof ServerError) throw cause
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new ServerError('CERTIFICATE_UNUSABLE', `the certificate of the open shop cannot be read: ${why}`, cause)
  }
}
