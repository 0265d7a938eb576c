import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** What an image is made with: packages by a program that they bring. */
export const NEEDS: Readonly<Record<string, string>> = {
  mmdebstrap: 'mmdebstrap',
  'arch-test': 'arch-test',
  mke2fs: 'e2fsprogs',
  'mkfs.vfat': 'dosfstools',
  mcopy: 'mtools',
  sfdisk: 'fdisk',
  depmod: 'kmod',
  cpio: 'cpio',
  xz: 'xz-utils',
}
const FOREIGN = ['qemu-user-static', 'binfmt-support']
const PATH = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin']

/** Names of Debian packages that an image cannot be made without, and that are not here. */
export function missingPackages(): readonly string[] {
  const missing = Object.entries(NEEDS).filter(([program]) => !installed(program))
  const emulated = process.arch === 'arm64' || foreignRuns()
  return [...missing.map(([, name]) => name), ...(emulated ? [] : FOREIGN)]
}

/** @returns what is missing and what to do; undefined when nothing is */
export function missingPrograms(): string | undefined {
  if (process.getuid?.() !== 0) return 'An image is made as root: its files have owners.'
  const missing = missingPackages()
  if (missing.length > 0) {
    return `Missing: apt-get install --no-install-recommends ${missing.join(' ')}${missing.includes('binfmt-support') ? ' (with binfmt_misc mounted at /proc/sys/fs/binfmt_misc before)' : ''}`
  }
  return undefined
}

export function installed(program: string): boolean {
  return PATH.some((folder) => existsSync(join(folder, program)))
}

/** Whether the kernel starts programs for arm64. */
export function foreignRuns(): boolean {
  try {
    return readdirSync('/proc/sys/fs/binfmt_misc').includes('qemu-aarch64')
  } catch {
    return false
  }
}
