import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { hmac } from '../../keys/kdf.ts'
import { Secret } from '../../keys/secret.ts'
import { filesIn } from '../card/disk.ts'
import { CardError } from '../card/errors.ts'
import { replaceFile } from '../card/replace.ts'

const BYTES = 32
/** Of the board itself, where its device tree has one. */
const SERIAL = '/sys/firmware/devicetree/base/serial-number'

/**
 * What the card's memory is sealed with: 32 random bytes of a file, made when it is missing, and the board's serial number, so that the
 * memory does not open on another board. The number is no secret.
 * @throws CardError BOARD_SECRET
 */
export function boardSecret(file: string, serialFile = SERIAL): Secret {
  const bytes = read(file) ?? make(file)
  if (bytes.length !== BYTES)
    throw new CardError('BOARD_SECRET', `${file} has ${bytes.length} bytes instead of ${BYTES}`)
  const serial = read(serialFile) ?? new Uint8Array(0)
  const secret = new Secret(hmac(bytes, Buffer.from('keyline board 1 '), serial))
  bytes.fill(0)
  return secret
}

function read(file: string): Uint8Array | undefined {
  try {
    return new Uint8Array(readFileSync(file))
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined
    throw new CardError('BOARD_SECRET', `${file} cannot be read`, { cause })
  }
}

function make(file: string): Uint8Array {
  const bytes = new Uint8Array(randomBytes(BYTES))
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    replaceFile(filesIn(dirname(file)), basename(file), bytes)
  } catch (cause) {
    throw new CardError('BOARD_SECRET', `${file} cannot be made`, { cause })
  }
  return bytes
}
