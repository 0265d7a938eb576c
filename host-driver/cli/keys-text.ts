import { SESSION_KEYS_MAX } from '../../wire/limits.ts'
import { fault } from '../errors.ts'
import type { KeptKeys } from '../keeper/protocol.ts'
import { type Options, text } from './command.ts'

/** `--keys`. @throws KeylineError USAGE */
export function keysOption(options: Options, byDefault: string): number {
  const given = text(options, 'keys') ?? byDefault
  const keys = /^\d{1,2}$/.test(given) ? Number(given) : 0
  if (keys >= 1 && keys <= SESSION_KEYS_MAX) return keys
  throw fault('USAGE', { what: `--keys: expected 1…${SESSION_KEYS_MAX}, got ${JSON.stringify(given)}` })
}

/** A line for people about the keys of one call. */
export function keysLine({ userId, server, left, expiresAt }: KeptKeys): string {
  const until = new Date(expiresAt).toLocaleString('sv')
  return `${left} ${left === 1 ? 'key' : 'keys'} for ${userId} at ${server} until ${until}`
}
