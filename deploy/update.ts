import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { packUpdate, type Version, versionOf, versionText } from '../firmware/update/format.ts'
import { type Architecture, cardTree, NODE } from './card-tree.ts'
import { VERSION } from './pack-deb.ts'

const USAGE = `Makes firmware updates for cards, and the key that signs them.

  npm run update -- keygen [--out DIR]
  npm run update -- pack --key FILE [--version X.Y.Z] [--arch arm64|x64] [--out DIR]

  keygen         update.key, which signs, for nobody else; and update.pub: put that one into update-keys/ here before you make
                 package or image, so that your cards trust it
  pack           keyline-card-VERSION.update, for: keyline card update FILE
  --version X    higher than what the card has (${VERSION}, as package.json)
  --out DIR      where they go (out)
`
/** What a slot needs beside the program: all that lies beside it, but the launcher, which stays the board's own. */
const LEFT_OUT = ['dist/launch.mjs']

async function main(argv: readonly string[]): Promise<number> {
  const text = { type: 'string' } as const
  const { values, positionals } = parseArgs({
    args: [...argv],
    options: { key: text, version: text, arch: text, out: { ...text, default: 'out' }, help: { type: 'boolean' } },
    allowPositionals: true,
  })
  const [action] = positionals
  if (values.help || (action !== 'keygen' && action !== 'pack')) {
    process.stdout.write(USAGE)
    return values.help ? 0 : 2
  }
  const out = resolve(values.out)
  mkdirSync(out, { recursive: true })
  if (action === 'keygen') return keygen(out)
  const version = versionOf(values.version ?? VERSION)
  const { key, arch = 'arm64' } = values
  if (key === undefined || version === undefined || (arch !== 'arm64' && arch !== 'x64')) {
    process.stderr.write('expected --key FILE, --version as in 1.2.3, --arch arm64 or x64\n')
    return 2
  }
  process.stdout.write(`${await pack(resolve(key), version, arch, out)}\n`)
  return 0
}

function keygen(out: string): number {
  const [secret, open] = [join(out, 'update.key'), join(out, 'update.pub')]
  if (existsSync(secret)) {
    process.stderr.write(`${secret} exists: a new key would be trusted by no card that you have\n`)
    return 1
  }
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  writeFileSync(secret, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
  chmodSync(secret, 0o600)
  writeFileSync(open, publicKey.export({ type: 'spki', format: 'pem' }))
  process.stdout.write(`${secret}\n${open}\n`)
  return 0
}

/** @returns path of the update */
export async function pack(key: string, version: Version, architecture: Architecture, out: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'keyline-update-'))
  try {
    await cardTree(folder, architecture)
    writeFileSync(join(folder, 'dist/version.json'), `${JSON.stringify({ version: versionText(version) })}\n`)
    const files = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((it) => it.isFile())
      .map((it) => relative(folder, join(it.parentPath, it.name)))
      .filter((path) => !LEFT_OUT.includes(path))
      .sort()
      .map((path) => ({ path, content: new Uint8Array(readFileSync(join(folder, path))) }))
    const [major = '0'] = NODE.version.split('.')
    const about = { version, architecture, node: Number(major) }
    const bytes = packUpdate(about, files, createPrivateKey(readFileSync(key)))
    const file = join(out, `keyline-card-${versionText(version)}.update`)
    writeFileSync(file, bytes)
    return file
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2))
