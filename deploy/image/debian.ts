import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CACHE } from '../cache.ts'

export const SUITE = 'trixie'
export type DebArchitecture = 'arm64' | 'amd64'

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg'
const DOWNLOAD_MS = 900_000

/** Where this machine has its own packages from; KEYLINE_DEBIAN_MIRROR says otherwise. */
export function mirror(): string {
  const { KEYLINE_DEBIAN_MIRROR: given } = process.env
  if (given) return given
  const texts = ['/etc/apt/sources.list', ...inFolder('/etc/apt/sources.list.d')].map(textOf)
  const [, found] = /^\s*(?:URIs:\s*|deb\s+(?:\[[^\]]*\]\s*)?)(https?:\/\/\S+)/m.exec(texts.join('\n')) ?? []
  return found ?? 'http://deb.debian.org/debian'
}

/**
 * Packages of Debian for another machine, downloaded and checked by apt with a configuration of their own; nothing is installed.
 * @returns their paths, in the order of the names
 */
export function debs(architecture: DebArchitecture, names: readonly string[]): readonly string[] {
  const folder = join(CACHE, 'debs', `${SUITE}-${architecture}`)
  const have = (name: string): string | undefined =>
    inFolder(folder).find((path) => path.includes(`/${name}_`) && path.endsWith('.deb'))
  if (names.some((name) => have(name) === undefined)) {
    const config = aptConfig(folder, architecture)
    const apt = (...args: readonly string[]): void => {
      execFileSync('apt-get', ['-c', config, '-qq', ...args], { cwd: folder, stdio: 'inherit', timeout: DOWNLOAD_MS })
    }
    apt('update')
    apt('download', ...names.filter((name) => have(name) === undefined))
  }
  return names.map((name) => {
    const path = have(name)
    if (path === undefined) throw new Error(`expected ${name} among the downloaded packages`)
    return path
  })
}

/** The versioned package behind linux-image-ARCHITECTURE. */
export function kernelDeb(architecture: DebArchitecture): string {
  const [meta = ''] = debs(architecture, [`linux-image-${architecture}`])
  const depends = execFileSync('dpkg-deb', ['--field', meta, 'Depends'], { encoding: 'utf8' })
  const [, name = ''] = /(linux-image-[0-9][^ ,]*)/.exec(depends) ?? []
  const [path = ''] = debs(architecture, [name])
  return path
}

/** A package's files, unpacked once. @returns the folder */
export function unpackedDeb(path: string): string {
  const folder = path.replace(/\.deb$/, '')
  if (existsSync(folder)) return folder
  const part = `${folder}.part`
  rmSync(part, { recursive: true, force: true })
  execFileSync('dpkg-deb', ['--extract', path, part])
  renameSync(part, folder)
  return folder
}

function aptConfig(folder: string, architecture: DebArchitecture): string {
  for (const name of ['lists/partial', 'archives/partial']) mkdirSync(join(folder, 'apt', name), { recursive: true })
  const list = join(folder, 'apt/sources.list')
  writeFileSync(list, `deb [signed-by=${KEYRING}] ${mirror()} ${SUITE} main non-free-firmware\n`)
  const file = join(folder, 'apt/apt.conf')
  const settings = {
    'APT::Architecture': architecture,
    'APT::Architectures': architecture,
    'APT::Sandbox::User': 'root',
    'Dir::Etc::sourcelist': list,
    'Dir::Etc::sourceparts': '-',
    'Dir::State': join(folder, 'apt'),
    'Dir::State::status': '/dev/null',
    'Dir::Cache': join(folder, 'apt'),
    'Acquire::Languages': 'none',
  }
  const lines = Object.entries(settings).map(([name, value]) => `${name} "${value}";`)
  writeFileSync(file, `${lines.join('\n')}\n`)
  return file
}

function inFolder(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : []
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
