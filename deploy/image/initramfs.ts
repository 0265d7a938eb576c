import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { type DebArchitecture, debs, kernelDeb, unpackedDeb } from './debian.ts'

export interface Kernel {
  readonly version: string
  readonly vmlinuz: string
  /** Holds lib/modules/VERSION, with modules.dep. */
  readonly root: string
  /** Device trees for boards. */
  readonly dtbs: string
}

/** Debian's kernel, unpacked and not installed. Needs depmod. */
export function kernel(architecture: DebArchitecture): Kernel {
  const unpacked = unpackedDeb(kernelDeb(architecture))
  const root = existsSync(join(unpacked, 'usr/lib/modules')) ? join(unpacked, 'usr') : unpacked
  const [version = ''] = readdirSync(join(root, 'lib/modules'))
  if (!existsSync(join(root, 'lib/modules', version, 'modules.dep'))) execFileSync('depmod', ['-b', root, version])
  return {
    version,
    vmlinuz: join(unpacked, 'boot', `vmlinuz-${version}`),
    root,
    dtbs: join(root, 'lib', `linux-image-${version}`),
  }
}

/** A module with what it needs, first things first; none for one that is built in. */
export function modulesOf({ root, version }: Kernel, names: readonly string[]): readonly string[] {
  const folder = join(root, 'lib/modules', version)
  const lines = readFileSync(join(folder, 'modules.dep'), 'utf8').split('\n')
  const builtin = readFileSync(join(folder, 'modules.builtin'), 'utf8')
  const paths: string[] = []
  for (const name of names) {
    const file = new RegExp(`/${name.replaceAll(/[-_]/g, '[-_]')}\\.ko(\\.xz)?$`, 'm')
    const line = lines.find((one) => file.test(one.split(':')[0] ?? ''))
    if (line === undefined) {
      if (file.test(builtin)) continue
      throw new Error(`the kernel has no module ${name}`)
    }
    const [own = '', needed = ''] = line.split(':')
    for (const one of [...needed.trim().split(' ').reverse(), own]) {
      if (one !== '' && !paths.includes(one)) paths.push(one)
    }
  }
  return paths.map((path) => join(folder, path))
}

export interface Initramfs {
  readonly architecture: DebArchitecture
  readonly kernel: Kernel
  readonly modules: readonly string[]
  /** The script that is /init. */
  readonly init: string
  /** More files, by their paths there. */
  readonly files?: Readonly<Record<string, string>>
}

/** BusyBox, modules in /modules in the order of /modules/order, and a script. @param to path of the .cpio.gz @param work an empty folder */
export function initramfs(it: Initramfs, to: string, work: string): void {
  const root = join(work, 'initramfs')
  for (const name of ['bin', 'dev', 'proc', 'sys', 'tmp', 'run', 'mnt', 'etc', 'modules']) {
    mkdirSync(join(root, name), { recursive: true })
  }
  const [busybox = ''] = debs(it.architecture, ['busybox-static'])
  copyFileSync(join(unpackedDeb(busybox), 'usr/bin/busybox'), join(root, 'bin/busybox'))
  chmodSync(join(root, 'bin/busybox'), 0o755)
  symlinkSync('busybox', join(root, 'bin/sh'))
  const order: string[] = []
  for (const path of modulesOf(it.kernel, it.modules)) {
    const name = basename(path).replace('.xz', '')
    order.push(name)
    if (path.endsWith('.xz')) {
      writeFileSync(join(root, 'modules', name), execFileSync('xz', ['-dc', path], { maxBuffer: 64 * 1024 * 1024 }))
    } else copyFileSync(path, join(root, 'modules', name))
  }
  writeFileSync(join(root, 'modules/order'), order.map((name) => `${name}\n`).join(''))
  copyFileSync(it.init, join(root, 'init'))
  chmodSync(join(root, 'init'), 0o755)
  for (const [name, from] of Object.entries(it.files ?? {})) {
    mkdirSync(join(root, name, '..'), { recursive: true })
    copyFileSync(from, join(root, name))
    chmodSync(join(root, name), 0o755)
  }
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' }).sort()
  const cpio = execFileSync('cpio', ['-o', '-H', 'newc', '--quiet', '--reproducible', '-R', '0:0'], {
    cwd: root,
    input: `.\n${names.join('\n')}\n`,
    maxBuffer: 256 * 1024 * 1024,
  })
  writeFileSync(to, execFileSync('gzip', ['-1n'], { input: cpio, maxBuffer: 256 * 1024 * 1024 }))
  rmSync(root, { recursive: true })
}
