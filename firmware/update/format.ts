import { createHash, type KeyObject, sign, verify } from 'node:crypto'
import { z } from 'zod'
import { UPDATE_MAX } from '../../wire/usb/update.ts'
import { CardError } from '../card/errors.ts'

/*
 * A firmware update, in one file:
 *
 *   0       8   "KEYLUPD1"
 *   8       4   length M of the manifest, bytes, big-endian, 1 … 24,576
 *   12      M   manifest, JSON in UTF-8
 *   12+M    64  Ed25519 signature (RFC 8032) of all before it
 *   76+M    …   the files in the order of the manifest, nothing between or behind them
 *
 * The manifest names each file with its size and SHA-256, so that the signature covers all.
 */
const MAGIC = Buffer.from('KEYLUPD1')
const SIGNATURE_BYTES = 64
const HEAD_AT = MAGIC.length + 4
/** Of a manifest, bytes. */
export const MANIFEST_MAX = 24 * 1024
const FILES_MAX = 256
/** What is started of an update. */
export const PROGRAM = 'dist/card.mjs'

const number = z.int().min(0).max(65_535)
const version = z.tuple([number, number, number])
const path = z
  .string()
  .max(200)
  .regex(
    /^(?:dist|prebuilds|node_modules)(?:\/[A-Za-z0-9@+_-][A-Za-z0-9@+._-]*)+$/,
    'expected a path below dist, prebuilds or node_modules',
  )
const manifest = z.strictObject({
  version,
  architecture: z.enum(['arm64', 'x64']),
  /** Major version of the Node that it is for. */
  node: number,
  files: z
    .array(z.strictObject({ path, size: z.int().min(0).max(UPDATE_MAX), sha256: z.string().regex(/^[0-9a-f]{64}$/) }))
    .min(1)
    .max(FILES_MAX)
    .refine((all) => new Set(all.map((one) => one.path)).size === all.length, 'one path stands twice')
    .refine(
      (all) => all.every(({ path: one }) => !all.some((other) => other.path.startsWith(`${one}/`))),
      'a file is a folder',
    )
    .refine((all) => all.some((one) => one.path === PROGRAM), `expected ${PROGRAM}`),
})

export type Version = z.infer<typeof version>
export type Manifest = z.infer<typeof manifest>
export interface UpdateFile {
  readonly path: string
  readonly content: Uint8Array
}
export interface Update {
  readonly manifest: Manifest
  readonly files: readonly UpdateFile[]
}

export function versionText(of: Version): string {
  return of.join('.')
}

/** @returns undefined unless it is three numbers with dots */
export function versionOf(text: string): Version | undefined {
  const checked = version.safeParse(text.split('.').map(Number))
  return checked.success ? checked.data : undefined
}

/** @returns below zero where `a` is older than `b` */
export function compareVersions(a: Version, b: Version): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2]
}

/** @param key Ed25519, private */
export function packUpdate(about: Omit<Manifest, 'files'>, files: readonly UpdateFile[], key: KeyObject): Uint8Array {
  const listed = files.map(({ path: at, content }) => ({ path: at, size: content.length, sha256: hash(content) }))
  const json = Buffer.from(JSON.stringify(manifest.parse({ ...about, files: listed })))
  const head = Buffer.alloc(HEAD_AT)
  head.set(MAGIC)
  head.writeUInt32BE(json.length, MAGIC.length)
  const signed = Buffer.concat([head, json])
  return Buffer.concat([signed, sign(null, signed, key), ...files.map(({ content }) => content)])
}

/**
 * The signed beginning of an update.
 * @param trusted public keys; any of them may have signed
 * @returns `from`: where the files begin @throws CardError UPDATE_DAMAGED, UPDATE_FOREIGN
 */
export function readHead(bytes: Uint8Array, trusted: readonly KeyObject[]): { manifest: Manifest; from: number } {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const length =
    buffer.length < HEAD_AT || !buffer.subarray(0, MAGIC.length).equals(MAGIC) ? 0 : buffer.readUInt32BE(MAGIC.length)
  const signedEnd = HEAD_AT + length
  const from = signedEnd + SIGNATURE_BYTES
  if (length === 0 || length > MANIFEST_MAX || buffer.length < from) throw new CardError('UPDATE_DAMAGED')
  const signed = buffer.subarray(0, signedEnd)
  const signature = buffer.subarray(signedEnd, from)
  if (!trusted.some((key) => verify(null, signed, key, signature))) throw new CardError('UPDATE_FOREIGN')
  try {
    return { manifest: manifest.parse(JSON.parse(signed.toString('utf8', HEAD_AT))), from }
  } catch (cause) {
    throw new CardError('UPDATE_DAMAGED', undefined, { cause })
  }
}

/** A whole update, every byte of it checked. @throws CardError UPDATE_DAMAGED, UPDATE_FOREIGN */
export function readUpdate(bytes: Uint8Array, trusted: readonly KeyObject[]): Update {
  const { manifest: about, from } = readHead(bytes, trusted)
  let at = from
  const files = about.files.map(({ path: name, size, sha256 }) => {
    const content = bytes.subarray(at, at + size)
    at += size
    if (content.length !== size || hash(content) !== sha256) throw new CardError('UPDATE_DAMAGED')
    return { path: name, content }
  })
  if (at !== bytes.length) throw new CardError('UPDATE_DAMAGED')
  return { manifest: about, files }
}

function hash(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
