import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { LineTape } from './network.ts'

/** A secret and what it is, for the count of its appearances. */
export interface Searched {
  readonly name: string
  readonly bytes: Uint8Array
}

/** Bytes shorter than this would be found by chance. */
const SEARCHED_MIN = 4

/** Every recording of one wire: that of the line's bearer, or `relay-` for the Internet. */
export async function recordings(folder: string, wire: LineTape | 'relay-'): Promise<Buffer[]> {
  const names = (await readdir(folder)).filter((name) => name.startsWith(wire)).sort()
  return Promise.all(names.map((name) => readFile(join(folder, name))))
}

/** How often secrets appear in recordings, in any of their forms. */
export function hits(tapes: readonly Buffer[], searched: readonly Searched[]): number {
  let found = 0
  for (const { bytes } of searched) {
    for (const form of formsOf(bytes)) for (const tape of tapes) found += appearances(tape, form)
  }
  return found
}

/**
 * As it is, in hexadecimal, in base64 and base64url at each of the three places in which it can stand among other bytes; a text also
 * URL-encoded and in UTF-16 of both orders. No form twice, and none that is so short that chance would find it.
 */
export function formsOf(bytes: Uint8Array): Buffer[] {
  const plain = Buffer.from(bytes)
  if (plain.length < SEARCHED_MIN) return []
  const hex = plain.toString('hex')
  const forms = [plain, ...[hex, hex.toUpperCase(), ...[0, 1, 2].flatMap((n) => base64At(plain, n))].map(ascii)]
  const text = plain.toString('utf8')
  if (Buffer.from(text).equals(plain)) {
    const little = Buffer.from(text, 'utf16le')
    forms.push(...urlEncoded(text).map(ascii), little, Buffer.from(little).swap16())
  }
  const unlike = new Map(forms.map((form) => [form.toString('latin1'), form]))
  return [...unlike.values()].filter(({ length }) => length >= SEARCHED_MIN)
}

const ascii = (text: string): Buffer => Buffer.from(text, 'latin1')

/** What of the base64 depends on these bytes alone when `before` bytes stand before them (RFC 4648 §4: six bits a letter). */
function base64At(bytes: Buffer, before: number): string[] {
  const all = Buffer.concat([Buffer.alloc(before), bytes])
  const [from, to] = [Math.ceil((before * 8) / 6), Math.floor((all.length * 8) / 6)]
  return (['base64', 'base64url'] as const).map((form) => all.toString(form).slice(from, to))
}

/** RFC 3986 §2.1, and as forms do it: with + for a blank. */
function urlEncoded(text: string): string[] {
  const upper = encodeURIComponent(text)
  const lower = upper.replace(/%../g, (letters) => letters.toLowerCase())
  return [upper, lower, upper.replaceAll('%20', '+'), lower.replaceAll('%20', '+')]
}

function appearances(tape: Buffer, form: Buffer): number {
  let count = 0
  for (let at = tape.indexOf(form); at !== -1; at = tape.indexOf(form, at + 1)) count++
  return count
}

const SUITES: Readonly<Record<number, string>> = {
  4865: 'TLS_AES_128_GCM_SHA256',
  4867: 'TLS_CHACHA20_POLY1305_SHA256',
}
const GROUPS: Readonly<Record<number, string>> = { 4588: 'X25519MLKEM768', 29: 'X25519' }
const KEY_SHARE = 51
const HANDSHAKE = 22
const SERVER_HELLO = 2

/** Cipher suite and group that a server chose, read from the wire (RFC 8446 §4.1.3, §4.2.8): a ServerHello is in the clear. */
export function serverHello(tape: Buffer): { readonly cipher: string; readonly group: string } | undefined {
  if (tape[0] !== HANDSHAKE || tape[5] !== SERVER_HELLO || tape.length < 44) return undefined
  let at = 44 + (tape[43] ?? 0) // record and handshake headers, version, random, session id
  const cipher = SUITES[tape.readUInt16BE(at)] ?? 'unknown'
  const end = at + 5 + tape.readUInt16BE(at + 3)
  for (at += 5; at + 6 <= end; at += 4 + tape.readUInt16BE(at + 2)) {
    if (tape.readUInt16BE(at) === KEY_SHARE) return { cipher, group: GROUPS[tape.readUInt16BE(at + 4)] ?? 'unknown' }
  }
  return { cipher, group: 'none' }
}
