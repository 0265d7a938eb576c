import { execFileSync } from 'node:child_process'
import { copyFileSync, cpSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { unpack } from '../../deploy/download.ts'
import { debs, unpackedDeb } from '../../deploy/image/debian.ts'
import { npmPackage } from '../../deploy/npm.ts'

const MODULES = fileURLToPath(new URL('../../node_modules/', import.meta.url))
const HOST_RULES = fileURLToPath(new URL('../../deploy/60-keyline-host.rules', import.meta.url))
/** What the npm package depends on, with bindings for the other architecture in it. */
const PACKAGES = [
  'cborg',
  'zod',
  'tweetnacl',
  'serialport',
  '@serialport',
  'debug',
  'ms',
  'node-gyp-build',
  'node-addon-api',
]
const DISK_MIB = 160

/** A disk with what a PC has: the npm package, udev rules, and BusyBox for its network. @returns its path */
export async function laptopDisk(folder: string): Promise<string> {
  const root = join(folder, 'laptop')
  mkdirSync(join(root, 'bin'), { recursive: true })
  unpack(await npmPackage(folder), join(root, 'keyline'))
  const modules = join(root, 'keyline/node_modules')
  for (const name of PACKAGES) cpSync(join(MODULES, name), join(modules, name), { recursive: true })
  const [busybox = ''] = debs('arm64', ['busybox-static'])
  copyFileSync(join(unpackedDeb(busybox), 'usr/bin/busybox'), join(root, 'bin/busybox'))
  copyFileSync(HOST_RULES, join(root, '60-keyline-host.rules'))
  const disk = join(folder, 'laptop.img')
  execFileSync('/sbin/mke2fs', ['-q', '-t', 'ext4', '-d', root, disk, `${DISK_MIB}M`], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  rmSync(root, { recursive: true })
  return disk
}
