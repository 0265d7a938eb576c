import { type Argon2Parameters, argon2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { ServerError } from '../errors.ts'

/** RFC 9106 by node:crypto; injected so that tests can count its runs. */
export type Argon2id = (parameters: Argon2Parameters) => Promise<Uint8Array>

const run = promisify(argon2)
export const argon2id: Argon2id = (parameters) => run('argon2id', parameters)

/** OWASP's password storage cheat sheet: 19 MiB (in KiB), 2 passes, 1 lane. About 35 ms of one core. */
const COST = { memory: 19_456, passes: 2, parallelism: 1 }
const SALT_BYTES = 16
const TAG_BYTES = 32
/** Bounds of stored parameters: a damaged row must not take all memory. */
const MEMORY_MAX = 1_048_576
const PASSES_MAX = 16
const LANES_MAX = 16

/** PHC string format: `$argon2id$v=19$m=19456,t=2,p=1$salt$tag`, base64 without padding. */
const PHC = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{22,86})\$([A-Za-z0-9+/]{43})$/

/** @returns what may be stored in place of the password */
export async function hashPassword(password: string, hash: Argon2id = argon2id): Promise<string> {
  const nonce = randomBytes(SALT_BYTES)
  const tag = await hash({ message: bytesOf(password), nonce, tagLength: TAG_BYTES, ...COST })
  return encode(nonce, tag)
}

/** Always one run of Argon2id. @throws ServerError STORE_DAMAGED when `stored` is not what hashPassword writes */
export async function verifyPassword(stored: string, password: string, hash: Argon2id = argon2id): Promise<boolean> {
  const [, memory, passes, lanes, salt = '', tag = ''] = PHC.exec(stored) ?? []
  const cost = { memory: Number(memory), passes: Number(passes), parallelism: Number(lanes) }
  if (!(cost.memory <= MEMORY_MAX && cost.passes <= PASSES_MAX && cost.parallelism <= LANES_MAX)) {
    throw new ServerError('STORE_DAMAGED', 'a stored password is not valid')
  }
  const nonce = Buffer.from(salt, 'base64')
  const got = await hash({ message: bytesOf(password), nonce, tagLength: TAG_BYTES, ...cost })
  return timingSafeEqual(got, Buffer.from(tag, 'base64'))
}

/** What no password fits: stands for users that are not there, so that they cost the same time. */
export function dummyPassword(): string {
  return encode(randomBytes(SALT_BYTES), randomBytes(TAG_BYTES))
}

function encode(salt: Uint8Array, tag: Uint8Array): string {
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64').replaceAll('=', '')
  return `$argon2id$v=19$m=${COST.memory},t=${COST.passes},p=${COST.parallelism}$${text(salt)}$${text(tag)}`
}

/** Normalised as RFC 8265 §4.2 wants: keyboards of different systems write one accent in different code points. */
function bytesOf(password: string): Buffer {
  return Buffer.from(password.normalize('NFC'))
}
