import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { CACHE } from '../cache.ts'
import { type DebArchitecture, mirror, SUITE } from './debian.ts'

export interface System {
  readonly architecture: DebArchitecture
  /** Beside what every Debian has. */
  readonly packages: readonly string[]
}
/** No network, no shell to log in to: what runs the card, and nothing else. */
const BOARD: System = {
  architecture: 'arm64',
  packages: ['systemd', 'systemd-sysv', 'udev', 'kmod', 'libnss-systemd', 'e2fsprogs', 'libstdc++6', 'apt'],
}
const OPTIONS = [
  '--variant=essential',
  '--mode=root',
  '--components=main',
  '--aptopt=Acquire::Languages "none"',
  '--aptopt=APT::Install-Recommends "false"',
  '--dpkgopt=path-exclude=/usr/share/man/*',
  '--dpkgopt=path-exclude=/usr/share/locale/*',
  '--dpkgopt=path-exclude=/usr/share/doc/*',
  '--dpkgopt=path-include=/usr/share/doc/*/copyright',
  '--dpkgopt=force-unsafe-io',
]
const BUILD_MS = 1_800_000

/**
 * Debian without a kernel, for the board unless something else is said: minutes the first time, then from the cache. Needs root,
 * mmdebstrap, and qemu-user in binfmt_misc on a machine of another architecture.
 * @returns path of a tar
 */
export function rootfs(log: (text: string) => void, { architecture, packages }: System = BOARD): string {
  const args = [`--architectures=${architecture}`, ...OPTIONS, `--include=${packages.join(',')}`]
  const key = createHash('sha256')
    .update(JSON.stringify([SUITE, args]))
    .digest('hex')
    .slice(0, 12)
  const folder = join(CACHE, 'rootfs')
  const file = join(folder, `${SUITE}-${key}.tar`)
  if (existsSync(file)) return file
  log(`Debian for ${architecture} is put together: some minutes, once`)
  mkdirSync(folder, { recursive: true })
  const part = `${file}.part.tar`
  rmSync(part, { force: true })
  execFileSync('mmdebstrap', ['--quiet', ...args, SUITE, part, mirror()], {
    stdio: ['ignore', 'ignore', 'inherit'],
    timeout: BUILD_MS,
  })
  renameSync(part, file)
  return file
}
