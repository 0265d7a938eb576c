import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'

const ROOT = fileURLToPath(new URL('../', import.meta.url))
const MAINTAINER = 'Keyline <keyline@localhost>'

/** From package.json. */
export const VERSION = (JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }).version

/** What a package of Debian says of itself. */
export interface Deb {
  readonly name: string
  readonly architecture: 'amd64' | 'arm64'
  readonly depends: string
  readonly recommends?: string
  readonly summary: string
  readonly text: readonly string[]
  readonly conffiles?: readonly string[]
}

/**
 * Makes a .deb of a folder; the same sources make the same bytes.
 * @param root the package's files, with its scripts in DEBIAN/ @param licence of all that is in it and not this project's
 * @param to folder @returns path of the package
 */
export function packDeb(root: string, deb: Deb, licence: string, to: string): string {
  const doc = join(root, 'usr/share/doc', deb.name)
  mkdirSync(doc, { recursive: true })
  writeFileSync(join(doc, 'copyright'), `${readFileSync(join(ROOT, 'LICENSE'), 'utf8')}\n${licence}\n`)
  writeFileSync(join(doc, 'changelog.gz'), gzipSync(changelog(deb.name), { level: 9 }))
  mkdirSync(join(root, 'DEBIAN'), { recursive: true })
  writeFileSync(join(root, 'DEBIAN/control'), control(deb, sizeOf(root)))
  if (deb.conffiles !== undefined) writeFileSync(join(root, 'DEBIAN/conffiles'), `${deb.conffiles.join('\n')}\n`)
  rights(root)
  const file = join(to, `${deb.name}_${VERSION}_${deb.architecture}.deb`)
  // zstd: seconds, where xz takes half a minute for 12 MB less; dpkg reads it since Debian 12.
  execFileSync('dpkg-deb', ['--root-owner-group', '-Zzstd', '--build', root, file], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, SOURCE_DATE_EPOCH: sourceDate() },
  })
  return file
}

function control(deb: Deb, kib: number): string {
  const { recommends } = deb
  const lines = [
    `Package: ${deb.name}`,
    `Version: ${VERSION}`,
    `Architecture: ${deb.architecture}`,
    `Maintainer: ${MAINTAINER}`,
    `Installed-Size: ${kib}`,
    `Depends: ${deb.depends}`,
    ...(recommends === undefined ? [] : [`Recommends: ${recommends}`]),
    'Section: net',
    'Priority: optional',
    `Description: ${deb.summary}`,
    ...deb.text.map((line) => ` ${line}`),
  ]
  return `${lines.join('\n')}\n`
}

/** Debian wants one in its own form; what changed is told by the project's. */
function changelog(name: string): string {
  const date = new Date(Number(sourceDate()) * 1000).toUTCString().replace('GMT', '+0000')
  return `${name} (${VERSION}) stable; urgency=medium\n\n  * Release ${VERSION}.\n\n -- ${MAINTAINER}  ${date}\n`
}

/** Whatever the umask was, and whatever a package of npm came with. */
function rights(root: string): void {
  chmodSync(root, 0o755)
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    if (entry.isDirectory()) chmodSync(path, 0o755)
    if (entry.isFile()) chmodSync(path, isProgram(path) ? 0o755 : 0o644)
  }
}

function isProgram(path: string): boolean {
  return (statSync(path).mode & 0o111) !== 0 && !path.endsWith('.node')
}

function sizeOf(root: string): number {
  const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((it) => it.isFile())
  const sizes = files.map((it) => Math.ceil(statSync(join(it.parentPath, it.name)).size / 1024))
  return sizes.reduce((all, size) => all + size, 0)
}

/** Seconds since 1970 of the last commit; of the build where there is none. */
export function sourceDate(): string {
  if (process.env.SOURCE_DATE_EPOCH) return process.env.SOURCE_DATE_EPOCH
  try {
    return execFileSync('git', ['log', '-1', '--format=%ct'], {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  } catch {
    return String(Math.floor(Date.now() / 1000))
  }
}
