import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { CACHE } from './cache.ts'

/** Downloading, milliseconds: 53 MB at most. */
const DOWNLOAD_MS = 600_000

export interface NpmFile {
  readonly name: string
  readonly version: string
  /** `sha512-…`, as npm has it. */
  readonly integrity: string
}

/**
 * A package of the registry as it is published, from the cache or downloaded; nothing in it is run.
 * @returns path of its .tgz @throws Error when it is not what its integrity says
 */
export function npmFile({ name, version, integrity }: NpmFile): string {
  const folder = join(CACHE, 'npm')
  const file = join(folder, `${name.replace('@', '').replace('/', '-')}-${version}.tgz`)
  if (!existsSync(file)) {
    const part = join(folder, `part-${process.pid}`)
    mkdirSync(part, { recursive: true })
    const args = ['pack', '--silent', '--pack-destination', part, `${name}@${version}`]
    const printed = execFileSync('npm', args, { encoding: 'utf8', timeout: DOWNLOAD_MS })
    renameSync(join(part, printed.trim().split('\n').at(-1) ?? ''), file)
    rmSync(part, { recursive: true })
  }
  const found = `sha512-${createHash('sha512').update(readFileSync(file)).digest('base64')}`
  if (found === integrity) return file
  rmSync(file)
  throw new Error(`${name}@${version} is not what it was: expected ${integrity}, got ${found}`)
}

/** Unpacks a .tgz of npm. @param folder that gets what is under `package/` or another first folder */
export function unpack(file: string, folder: string): void {
  mkdirSync(folder, { recursive: true })
  execFileSync('tar', ['-xzf', file, '-C', folder, '--strip-components=1', '--no-same-owner'])
}
