import { execFileSync } from 'node:child_process'
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { sourceDate } from '../deb.ts'
import { debs, unpackedDeb } from './debian.ts'
import { initramfs, type Kernel, kernel } from './initramfs.ts'
import { rootfs } from './rootfs.ts'

const HERE = fileURLToPath(new URL('./', import.meta.url))
const MIB = 1024 * 1024
/** Partitions, MiB: firmware with kernel, root, and what the card remembers. */
const SIZES = { boot: 128, root: 640, data: 64 } as const
const FIRST_MIB = 4
const DISK_ID = '4b45594c'
/** Found on memory card or virtual disk, then the root on it. */
export const BOOT_MODULES = [
  'mmc_block',
  'sdhci_iproc',
  'bcm2835',
  'virtio_pci',
  'virtio_mmio',
  'virtio_blk',
  'usb_storage',
  'uas',
  'crc32c_generic',
  'ext4',
]
/** Nothing on a card needs these, and they are most of what a kernel brings. */
const LEFT_OUT = [
  'drivers/gpu',
  'drivers/media',
  'drivers/infiniband',
  'drivers/net/wireless',
  'drivers/net/ethernet',
  'sound',
]
/** The card has no screen, no login and no network: what would wait for one. */
const MASKED = [
  'getty@.service',
  'serial-getty@.service',
  'console-getty.service',
  'getty-static.service',
  'apt-daily.timer',
  'apt-daily-upgrade.timer',
  'dpkg-db-backup.timer',
  'e2scrub_all.timer',
  'fstrim.timer',
  'systemd-networkd.service',
  'systemd-firstboot.service',
  'systemd-machine-id-commit.service',
  'remote-fs.target',
]

/**
 * An SD card for a Raspberry Pi: Debian, the card's package, a read-only root and a small partition for what changes. Needs root.
 * @param card path of keyline-card_VERSION_arm64.deb @param to path of the image
 */
export function buildImage(card: string, to: string, log: (text: string) => void): void {
  const base = rootfs(log)
  const core = kernel('arm64')
  mkdirSync(dirname(to), { recursive: true })
  // Beside the image: a root file system may be too much for a /tmp in memory.
  const work = mkdtempSync(join(dirname(to), '.image-'))
  try {
    const root = join(work, 'root')
    mkdirSync(root)
    log('root file system')
    execFileSync('tar', ['-xpf', base, '-C', root, '--numeric-owner', '--exclude=./dev/*'])
    installCard(root, card)
    settings(root)
    modules(root, core)
    log('partitions')
    const boot = bootPartition(core, work)
    const rootPartition = ext4(join(work, 'root.ext4'), root, SIZES.root, 'keyline-root', 2)
    const empty = join(work, 'data')
    mkdirSync(empty)
    const data = ext4(join(work, 'data.ext4'), empty, SIZES.data, 'keyline-data', 3)
    joinParts(to, [boot, rootPartition, data])
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

function installCard(root: string, card: string): void {
  copyFileSync(card, join(root, 'card.deb'))
  // Its own dpkg, of the board's architecture: by qemu-user where that is not this machine's.
  execFileSync('chroot', [root, 'dpkg', '--install', '/card.deb'], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', DEBIAN_FRONTEND: 'noninteractive' },
  })
  rmSync(join(root, 'card.deb'))
}

function settings(root: string): void {
  const put = (from: string, path: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    copyFileSync(join(HERE, from), join(root, path))
  }
  put('root/fstab', 'etc/fstab')
  put('root/journald.conf', 'etc/systemd/journald.conf.d/keyline.conf')
  put('root/image.conf', 'etc/systemd/system/keyline-card.service.d/image.conf')
  put('root/keyline-provision.service', 'usr/lib/systemd/system/keyline-provision.service')
  put('provision.sh', 'usr/lib/keyline/provision.sh')
  execFileSync('chmod', ['755', join(root, 'usr/lib/keyline/provision.sh')])
  for (const name of ['data', 'boot/firmware', 'var/lib/keyline']) mkdirSync(join(root, name), { recursive: true })
  writeFileSync(join(root, 'etc/hostname'), 'keyline-card\n')
  // Made anew at each start: the root cannot keep one, and nothing on the card is named after it.
  writeFileSync(join(root, 'etc/machine-id'), '')
  for (const name of MASKED) {
    const path = join(root, 'etc/systemd/system', name)
    rmSync(path, { force: true })
    symlinkSync('/dev/null', path)
  }
  for (const name of ['var/cache/apt', 'var/lib/apt/lists', 'var/log']) {
    for (const one of readdirSync(join(root, name))) rmSync(join(root, name, one), { recursive: true, force: true })
  }
}

function modules(root: string, { root: from, version }: Kernel): void {
  const left = LEFT_OUT.map((name) => join(from, 'lib/modules', version, 'kernel', name))
  cpSync(join(from, 'lib/modules', version), join(root, 'usr/lib/modules', version), {
    recursive: true,
    filter: (path) => !left.includes(path),
  })
  execFileSync('depmod', ['-b', join(root, 'usr'), version])
}

/** What the board's first programs read; the kernel is there and nowhere else. */
function bootPartition(core: Kernel, work: string): string {
  const folder = join(work, 'boot')
  cpSync(join(HERE, 'boot'), folder, { recursive: true })
  const [firmware = ''] = debs('arm64', ['raspi-firmware'])
  const from = join(unpackedDeb(firmware), 'usr/lib/raspi-firmware')
  for (const name of readdirSync(from)) {
    if (/^(start|fixup|bootcode|LICENCE)/.test(name)) copyFileSync(join(from, name), join(folder, name))
  }
  const trees = join(core.dtbs, 'broadcom')
  for (const name of readdirSync(trees)) {
    if (/^bcm\d+-rpi-.*\.dtb$/.test(name)) copyFileSync(join(trees, name), join(folder, name))
  }
  copyFileSync(core.vmlinuz, join(folder, 'vmlinuz'))
  const init = join(HERE, 'init.sh')
  initramfs({ architecture: 'arm64', kernel: core, modules: BOOT_MODULES, init }, join(folder, 'initrd.img'), work)
  const file = join(work, 'boot.fat')
  execFileSync(
    'mkfs.vfat',
    ['-F', '32', '-n', 'KEYLINE', '-i', DISK_ID, '-C', file, String(SIZES.boot * 1024)],
    quiet(),
  )
  execFileSync('mcopy', ['-s', '-i', file, ...readdirSync(folder).map((name) => join(folder, name)), '::'], quiet())
  return file
}

function ext4(file: string, folder: string, mib: number, label: string, n: number): string {
  const id = `4b45594c-0000-4000-8000-00000000000${n}`
  const more = ['-U', id, '-E', `hash_seed=${id},root_owner=0:0`]
  execFileSync('mke2fs', ['-q', '-t', 'ext4', '-L', label, ...more, '-d', folder, file, `${mib}M`], quiet())
  return file
}

function joinParts(to: string, parts: readonly string[]): void {
  const sizes = [SIZES.boot, SIZES.root, SIZES.data]
  const types = ['c, bootable', '83', '83']
  rmSync(to, { force: true })
  writeFileSync(to, '')
  truncateSync(to, (FIRST_MIB + sizes.reduce((all, size) => all + size, 0)) * MIB)
  let at = FIRST_MIB
  const table = ['label: dos', `label-id: 0x${DISK_ID}`, 'unit: sectors']
  const starts = sizes.map((size, n) => {
    const start = at
    table.push(`start=${(start * MIB) / 512}, size=${(size * MIB) / 512}, type=${types[n]}`)
    at += size
    return start
  })
  execFileSync('sfdisk', ['--quiet', to], { input: `${table.join('\n')}\n`, stdio: ['pipe', 'ignore', 'inherit'] })
  for (const [n, part] of parts.entries()) {
    execFileSync('dd', [`if=${part}`, `of=${to}`, 'bs=1M', `seek=${starts[n]}`, 'conv=notrunc,sparse', 'status=none'])
  }
}

function quiet(): { readonly stdio: ['ignore', 'ignore', 'inherit']; readonly env: NodeJS.ProcessEnv } {
  const PATH = `${process.env.PATH}:/usr/sbin:/sbin`
  return {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, PATH, SOURCE_DATE_EPOCH: sourceDate(), E2FSPROGS_FAKE_TIME: sourceDate() },
  }
}
