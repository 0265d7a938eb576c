import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** A secret and what it is, for the count of its appearances. */
export interface Searched {
  readonly name: string
  readonly bytes: Uint8Array
}

/** Bytes shorter than this would be found by chance. */
const SEARCHED_MIN = 4

/** Every recording of one wire: `call-` for the line, `relay-` for the Internet. */
export async function recordings(folder: string, wire: 'call-' | 'relay-'): Promise<Buffer[]> {
  const names = (await readdir(folder)).filter((name) => name.startsWith(wire)).sort()
  return Promise.all(names.map((name) => readFile(join(folder, name))))
}

/** How often secrets appear: as they are, in hexadecimal, in base64 and in base64url. */
export function hits(tapes: readonly Buffer[], searched: readonly Searched[]): number {
  let found = 0
  for (const { bytes } of searched) {
    if (bytes.length < SEARCHED_MIN) continue
    const plain = Buffer.from(bytes)
    const forms = [plain, ...(['hex', 'base64', 'base64url'] as const).map((form) => Buffer.from(plain.toString(form)))]
    for (const tape of tapes) for (const form of forms) found += appearances(tape, form)
  }
  return found
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
