import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { World } from '../../demo/world.ts'
import { nodeProgram } from '../../deploy/card-tree.ts'
import { cardDeb } from '../../deploy/deb.ts'
import { buildImage } from '../../deploy/image/build.ts'
import { initramfs, kernel } from '../../deploy/image/initramfs.ts'
import { rootfs } from '../../deploy/image/rootfs.ts'
import { CONTENT, IMAGE_NEEDS, PASSWORD, provision, USER } from './card-image.ts'
import { laptopDisk } from './laptop.ts'
import { Machine } from './machine.ts'
import type { Rung, RungContext } from './rung.ts'
import { Shell } from './shell.ts'

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const FILE = 'two-seconds.mpeg'
const PC_MIB = 512
const PC_MODULES = ['virtio_pci', 'virtio_blk', 'crc32c_generic', 'ext4', 'virtio_net', 'vhci_hcd', 'cdc_acm']
const BOOT_MS = 240_000
/** Until a command whose card was unplugged must have said so. */
const NOTICED_MS = 60_000
const CABLE = { host: '10.9.0.1', port: '3240' } as const

export const twoMachines: Rung = {
  name: 'two-machines',
  proves:
    'card and PC as two machines with a USB cable (USB/IP): found, paired, a login, a download, and unplugged in the middle',
  needs: IMAGE_NEEDS,
  foreign: true,
  async run(context) {
    const { folder, log } = context
    const parts = { card: join(folder, 'card.img'), programs: await laptopDisk(folder), pc: pcDisk(folder, log) }
    buildImage(await cardDeb(folder), parts.card, log)
    let told = (): void => {}
    const world = await World.start({
      rate: 64_000,
      latencyMs: 5,
      content: CONTENT,
      sim: ['--ring-after', '10'],
      onEvent: (from, event) => {
        log(`${from}: ${JSON.stringify(event)}`)
        if (event.event === 'call.taken') told()
      },
    })
    try {
      await provision(folder, parts.card, world)
      const callTaken = (): Promise<void> => new Promise((resolve) => (told = resolve))
      return await onCable(context, world, parts, callTaken)
    } finally {
      await world.close()
    }
  },
}

interface Disks {
  readonly card: string
  /** For both: the npm package for the PC, BusyBox for the card's end of the cable. */
  readonly programs: string
  readonly pc: string
}

/** Debian with udev and Node, and how it starts. */
function pcDisk(folder: string, log: (text: string) => void): string {
  const root = join(folder, 'pc')
  mkdirSync(root)
  execFileSync('tar', ['-xpf', rootfs(log), '-C', root, '--numeric-owner', '--exclude=./dev/*'])
  mkdirSync(join(root, 'usr/lib/keyline'), { recursive: true })
  nodeProgram(join(root, 'usr/lib/keyline'))
  execFileSync('cp', [at('../../deploy/60-keyline-host.rules'), join(root, 'etc/udev/rules.d/')])
  const disk = join(folder, 'pc.img')
  execFileSync('/sbin/mke2fs', ['-q', '-t', 'ext4', '-d', root, disk, `${PC_MIB}M`], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  rmSync(root, { recursive: true })
  const it = { architecture: 'arm64', kernel: kernel('arm64'), modules: PC_MODULES, init: at('./pc.sh') } as const
  initramfs(it, join(folder, 'pc.cpio.gz'), folder)
  return disk
}

const disk = (file: string, id: string, more = ''): readonly string[] => [
  ...['-drive', `file=${file},format=raw,if=none,id=${id}${more}`, '-device', `virtio-blk-pci,drive=${id}`],
]
/** A network of these two machines alone, over a socket: this machine's own network is not touched. */
const cable = (folder: string, server: boolean): readonly string[] => [
  ...['-netdev', `stream,id=cable,server=${server ? 'on' : 'off'},addr.type=unix,addr.path=${folder}/cable`],
  ...['-device', `virtio-net-pci,netdev=cable,mac=52:54:00:00:00:0${server ? 1 : 2}`],
]

function cardMachine({ folder, log }: RungContext, world: World, disks: Disks): Promise<Machine> {
  return Machine.start({
    kernel: join(folder, 'vmlinuz'),
    initrd: join(folder, 'initrd.img'),
    append: 'ro quiet net.ifnames=0 systemd.debug_shell=ttyAMA0 modules_load=usbip-vudc',
    memoryMib: 1024,
    log: (line) => log(`card| ${line}`),
    more: [
      ...disk(disks.card, 'card'),
      ...disk(disks.programs, 'programs', ',readonly=on'),
      ...cable(folder, true),
      ...['-chardev', `serial,id=modem,path=${world.sim.ready.modems.at(-1)?.path}`],
      ...['-device', 'pci-serial,chardev=modem'],
    ],
  })
}

function pcMachine({ folder, log }: RungContext, disks: Disks): Promise<Machine> {
  return Machine.start({
    kernel: join(folder, 'vmlinuz'),
    initrd: join(folder, 'pc.cpio.gz'),
    append: 'quiet net.ifnames=0',
    memoryMib: 1024,
    log: (line) => log(`pc| ${line}`),
    more: [
      ...disk(disks.pc, 'pc'),
      ...disk(disks.programs, 'programs', ',readonly=on'),
      ...cable(folder, false),
      ...['-netdev', 'user,id=internet', '-device', 'virtio-net-pci,netdev=internet'],
    ],
  })
}

async function onCable(
  context: RungContext,
  world: World,
  disks: Disks,
  callTaken: () => Promise<void>,
): Promise<readonly string[]> {
  const from = performance.now()
  const machines = [await cardMachine(context, world, disks), await pcMachine(context, disks)] as const
  try {
    const card = await Shell.on(machines[0].console, BOOT_MS)
    const pc = await Shell.on(machines[1].console, BOOT_MS)
    await serve(card)
    await prepare(pc)
    assert.match((await pc.try(`${keyline} status --json`)).out, /CARD_NOT_FOUND/)
    await plug(pc)
    const figures = [`both up and joined after ${seconds(from)} s`]
    await card.until(`journalctl -u keyline-card -o cat | grep -q '"event":"enrolled"'`, 120_000)
    await pair(pc)
    figures.push(await logIn(pc))
    figures.push(await unpluggedInLogin(pc, callTaken))
    figures.push(`plugged in again: ${await logIn(pc)}`)
    await sameCard(card)
    if (context.keep) {
      figures.push(...machines.map(({ folder }) => `console: socat -,raw,echo=0 UNIX:${folder}/console`))
      await new Promise((resolve) => process.once('SIGINT', resolve))
    }
    return figures
  } finally {
    await Promise.all(machines.map((machine) => machine.kill()))
  }
}

/** No path and no number of the card: it must be found. */
const keyline = '/usr/lib/keyline/node /mnt/keyline/host-driver/cli/main.js'
const NODE = '/usr/lib/keyline/node --disable-warning=ExperimentalWarning'

/** The card's end of the cable; nothing in the image is for this. */
async function serve(card: Shell): Promise<void> {
  await card.until('systemctl is-active keyline-card.service', BOOT_MS)
  const ip = '/mnt/bin/busybox ip'
  await card.run('mount -o ro /dev/vdb /mnt')
  await card.run(`${ip} addr add ${CABLE.host}/24 dev eth0 && ${ip} link set eth0 up`)
  await bringCable(card)
  await card.run(`(${NODE} /run/usbip-cable.ts card ${CABLE.port} >/run/cable.log 2>&1 &)`)
}

async function prepare(pc: Shell): Promise<void> {
  await pc.run('mount -o ro /dev/vdb /mnt && mkdir -p /run/udev')
  await pc.run('/usr/lib/systemd/systemd-udevd --daemon && udevadm trigger --settle', 120_000)
  await bringCable(pc)
}

async function bringCable(shell: Shell): Promise<void> {
  const text = readFileSync(at('./usbip-cable.ts')).toString('base64')
  // In lines that a terminal takes.
  for (const line of text.match(/.{1,1000}/g) ?? []) await shell.run(`echo ${line} >>/run/cable.64`)
  await shell.run('base64 -d /run/cable.64 >/run/usbip-cable.ts')
}

async function plug(pc: Shell): Promise<void> {
  await pc.run(`${NODE} /run/usbip-cable.ts pc ${CABLE.host} ${CABLE.port}`)
  await pc.until('ls /dev/keyline-*-log', 60_000)
}

async function pair(pc: Shell): Promise<void> {
  assert.match((await pc.try(`${keyline} status --json`)).out, /CARD_UNPAIRED/)
  await pc.run('stty -F /dev/keyline-*-log raw -echo && (cat /dev/keyline-*-log >/run/console &)')
  const there = `until grep -q 'pairing code' /run/console; do sleep 0.3; done`
  const code = `${there}; sed -n 's/.*pairing code \\([0-9]*\\).*/\\1/p' /run/console | tail -n 1`
  await pc.run(`(${code}) | ${keyline} card pair --json`)
}

/** Login by the simulated call, encrypted download, logout. */
async function logIn(pc: Shell): Promise<string> {
  const from = performance.now()
  assert.match(await pc.run(`echo ${PASSWORD} | ${keyline} login --user ${USER} --json`, 120_000), /"ok":true/)
  await pc.run(`cd /run && ${keyline} get ${FILE} --overwrite --json`, 120_000)
  const sum = createHash('sha256').update(readFileSync(join(CONTENT, FILE)))
  assert.equal((await pc.run(`sha256sum /run/${FILE}`)).slice(0, 64), sum.digest('hex'))
  await pc.run(`${keyline} logout --json`)
  return `login, download and logout in ${seconds(from)} s`
}

/** The cable is pulled while the card is in its call: who asked is told, and the call does not stay. */
async function unpluggedInLogin(pc: Shell, callTaken: () => Promise<void>): Promise<string> {
  const called = callTaken()
  const login = `echo ${PASSWORD} | ${keyline} login --user ${USER} --json >/run/login 2>&1; echo "ended $?" >>/run/login`
  await pc.run(`((${login}) &)`)
  await inTime(called)
  const from = performance.now()
  await pc.run('echo 0 >/sys/devices/platform/vhci_hcd.0/detach')
  await pc.until('grep -q ^ended /run/login', NOTICED_MS)
  const noticed = seconds(from)
  const said = await pc.run('cat /run/login')
  assert.doesNotMatch(said, /ended 0$/, 'the login went on without its card')
  const [, code = ''] = /"code":"([A-Z_]+)"/.exec(said) ?? []
  assert.match(code, /^CARD_/, said)
  assert.notEqual((await pc.try('ls /dev/keyline-*')).code, 0, 'the port is still there')
  await plug(pc)
  return `unplugged in a login: ${code} after ${noticed} s`
}

/** Nothing of this may have started the card anew. */
async function sameCard(card: Shell): Promise<void> {
  assert.equal(await card.run('systemctl show keyline-card.service -p NRestarts --value'), '0')
  assert.equal((await card.try("journalctl -b -u 'keyline-*' -p err --no-pager -o cat -q")).out, '')
}

/** A login that never calls fails here, and does not hang. */
async function inTime(called: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no call came to the server in ${NOTICED_MS / 1000} s`)), NOTICED_MS)
  })
  await Promise.race([called, late]).finally(() => clearTimeout(timer))
}

function seconds(from: number): string {
  return ((performance.now() - from) / 1000).toFixed(1)
}
