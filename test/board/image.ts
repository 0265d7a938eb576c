import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { World } from '../../demo/world.ts'
import { cardDeb } from '../../deploy/deb.ts'
import { buildImage } from '../../deploy/image/build.ts'
import { CONTENT, IMAGE_NEEDS, PASSWORD, provision, USER } from './card-image.ts'
import { laptopDisk } from './laptop.ts'
import { Machine } from './machine.ts'
import type { Rung, RungContext } from './rung.ts'
import { Shell } from './shell.ts'

const FILE = 'two-tones.mp3'
const BOOT_MS = 240_000
const READY_MS = 240_000
/** Promised of the service (issue of the board): resident, MiB. */
const RESIDENT_MAX_MIB = 90
const EXPOSURE_MAX = 2.5

export const image: Rung = {
  name: 'image',
  proves:
    'the SD image boots, its card logs in by a simulated call and serves a PC by USB, and a cut of power loses nothing',
  needs: IMAGE_NEEDS,
  foreign: true,
  async run(context) {
    const { folder, log } = context
    const [disk, laptop] = [join(folder, 'card.img'), await laptopDisk(folder)]
    buildImage(await cardDeb(folder), disk, log)
    const world = await World.start({
      rate: 64_000,
      latencyMs: 5,
      content: CONTENT,
      sim: ['--ring-after', '10', '--record-at', join(folder, 'said')],
      onEvent: (from, event) => log(`${from}: ${JSON.stringify(event)}`),
    })
    try {
      await provision(folder, disk, world)
      return await onBoard(context, world, disk, laptop)
    } finally {
      await world.close()
    }
  },
}

function boot({ folder, log }: RungContext, world: World, disk: string, laptop: string): Promise<Machine> {
  const modem = world.sim.ready.modems.at(-1)?.path ?? ''
  return Machine.start({
    kernel: join(folder, 'vmlinuz'),
    initrd: join(folder, 'initrd.img'),
    append: 'ro quiet systemd.debug_shell=ttyAMA0 modules_load=dummy_hcd',
    memoryMib: 1024,
    log,
    more: [
      ...['-drive', `file=${disk},format=raw,if=none,id=card`, '-device', 'virtio-blk-pci,drive=card'],
      ...['-drive', `file=${laptop},format=raw,if=none,id=pc`, '-device', 'virtio-blk-pci,drive=pc'],
      ...['-netdev', 'user,id=internet', '-device', 'virtio-net-pci,netdev=internet'],
      ...['-chardev', `serial,id=modem,path=${modem}`, '-device', 'pci-serial,chardev=modem'],
    ],
  })
}

async function onBoard(context: RungContext, world: World, disk: string, laptop: string): Promise<readonly string[]> {
  const figures: string[] = []
  const from = performance.now()
  let machine = await boot(context, world, disk, laptop)
  try {
    let shell = await Shell.on(machine.console, BOOT_MS)
    await serving(shell)
    figures.push(`serving ${seconds(from)} s after power`)
    await plugIn(shell)
    figures.push(...(await service(shell)))
    figures.push(await pair(shell))
    figures.push(await logIn(shell))
    assert.notEqual((await shell.try('touch /etc/x /usr/x')).code, 0, 'the root file system can be written')
    figures.push(await hang(shell))
    // The PC of this machine is in memory, and goes with it: what it knows of the card is carried over.
    const known = await shell.run(`cd ${PAIRINGS} && for f in *; do echo $f; cat $f; done`)
    await machine.kill()
    machine = await boot(context, world, disk, laptop)
    shell = await Shell.on(machine.console, BOOT_MS)
    await serving(shell)
    await plugIn(shell)
    const [name = '', pairing = ''] = known.split('\n')
    await shell.run(`mkdir -p ${PAIRINGS} && echo '${pairing}' >${PAIRINGS}/${name}`)
    await shell.run(`${pc} status --json | grep -q '"enrolled":true'`)
    await shell.run(`${pc} card files get hostname --to /run/pc/copy --json`)
    figures.push(`after a cut of power: ${await logIn(shell)}`)
    if (context.keep) {
      figures.push(`console: socat -,raw,echo=0 UNIX:${machine.folder}/console`)
      await new Promise((resolve) => process.once('SIGINT', resolve))
    }
  } finally {
    await machine.kill()
  }
  return figures
}

const PAIRINGS = '/run/pc/.local/share/keyline/pairings'
/** The PC of this machine: its command line has its state in memory. */
const pc = `HOME=/run/pc KEYLINE_STATE=/run/pc/state KEYLINE_CARD=/dev/ttyACM0 /usr/lib/keyline/node /mnt/keyline/host-driver/cli/main.js`

/** The card has enrolled by itself with the ticket that was on it; its console shows the code. */
async function pair(shell: Shell): Promise<string> {
  await shell.until(`journalctl -u keyline-card -o cat | grep -q '"event":"enrolled"'`, 120_000)
  assert.notEqual((await shell.try('ls /boot/firmware/keyline/ticket.txt')).code, 0, 'the ticket is still there')
  assert.match((await shell.try(`${pc} card files ls --json`)).out, /CARD_UNPAIRED/)
  await shell.run('stty -F /dev/ttyACM1 raw -echo && (cat /dev/ttyACM1 >/run/pc/console &)')
  const code = `until grep -q 'pairing code' /run/pc/console; do sleep 0.3; done; sed -n 's/.*pairing code \\([0-9]*\\).*/\\1/p' /run/pc/console | tail -n 1`
  await shell.run(`(${code}) | ${pc} card pair --json`, 60_000)
  await shell.run(`${pc} card files put /etc/hostname --json && ${pc} card files get hostname --to /run/pc/copy --json`)
  await shell.run('cmp /etc/hostname /run/pc/copy')
  return 'enrolled by itself, paired by the code on its console'
}

async function serving(shell: Shell): Promise<void> {
  try {
    await shell.until('systemctl is-active keyline-card.service', READY_MS)
  } catch (cause) {
    const said = await shell.try('systemctl --failed --no-legend; journalctl -b --no-pager -n 60 -o cat')
    throw new Error(`the card's service does not run: ${said.out}`, { cause })
  }
}

async function plugIn(shell: Shell): Promise<void> {
  await shell.run('mkdir -p /run/pc /run/udev/rules.d && mount -o ro /dev/vdb /mnt')
  await shell.run(
    'cp /mnt/60-keyline-host.rules /run/udev/rules.d/ && udevadm control --reload && udevadm trigger --settle',
  )
  const ip = '/mnt/bin/busybox ip'
  await shell.run(
    `${ip} link set lo up; ${ip} link set eth0 up || ${ip} link set enp0s3 up; for d in $(ls /sys/class/net); do [ $d = lo ] || { ${ip} link set $d up; ${ip} addr add 10.0.2.15/24 dev $d; }; done; ${ip} route add default via 10.0.2.2`,
  )
  await shell.until('ls /dev/ttyACM0', 30_000)
}

/** How the service that runs was started; `ready` is seconds from its start until it said so. */
async function started(
  shell: Shell,
): Promise<{ readonly pid: number; readonly restarts: number; readonly ready: number }> {
  const properties = 'ExecMainPID,NRestarts,ExecMainStartTimestampMonotonic,ActiveEnterTimestampMonotonic'
  const text = await shell.run(`systemctl show keyline-card.service -p ${properties}`)
  const value = (name: string): number => Number(new RegExp(`^${name}=(\\d+)`, 'm').exec(text)?.[1])
  const ready = (value('ActiveEnterTimestampMonotonic') - value('ExecMainStartTimestampMonotonic')) / 1e6
  return { pid: value('ExecMainPID'), restarts: value('NRestarts'), ready }
}

async function service(shell: Shell): Promise<readonly string[]> {
  const { pid, restarts, ready } = await started(shell)
  assert.equal(restarts, 0, 'it had to be started more than once')
  const node = await shell.run(
    `S=$(cut -d' ' -f1 /proc/uptime); /usr/lib/keyline/node -e 0; E=$(cut -d' ' -f1 /proc/uptime); echo $S $E`,
  )
  const [start = 0, end = 0] = node.split(' ').map(Number)
  const status = await shell.run(`grep VmRSS /proc/${pid}/status`)
  const resident = Math.round(Number(/(\d+) kB/.exec(status)?.[1]) / 1024)
  const exposure = Number(
    /level for keyline-card\.service: ([\d.]+)/.exec(
      (await shell.try('systemd-analyze security keyline-card.service --no-pager')).out,
    )?.[1],
  )
  assert.ok(exposure <= EXPOSURE_MAX, `exposure ${exposure}`)
  const errors = await shell.try("journalctl -b -u 'keyline-*' -p err --no-pager -o cat -q")
  assert.equal(errors.out, '', 'the journal has errors')
  const own = await shell.run('ls /dev/keyline-*')
  assert.match(own, /\/dev\/keyline-[0-9a-f]+/)
  const heavy = resident > RESIDENT_MAX_MIB ? ` (more than the ${RESIDENT_MAX_MIB} that were promised)` : ''
  return [
    `ready in ${ready.toFixed(1)} s while the rest starts (Node alone ${(end - start).toFixed(1)} s later)`,
    `${resident} MiB resident${heavy}`,
    `exposure ${exposure}`,
  ]
}

/** Login by the simulated call, encrypted download, logout. */
async function logIn(shell: Shell): Promise<string> {
  const from = performance.now()
  const login = await shell.run(`echo ${PASSWORD} | ${pc} login --user ${USER} --json`, 120_000)
  assert.match(login, /"ok":true/)
  await shell.run(`cd /run/pc && ${pc} get ${FILE} --overwrite --json`, 120_000)
  const sum = (await shell.run(`sha256sum /run/pc/${FILE}`)).slice(0, 64)
  assert.equal(
    sum,
    createHash('sha256')
      .update(readFileSync(join(CONTENT, FILE)))
      .digest('hex'),
  )
  await shell.run(`${pc} logout --json`)
  return `login, download and logout in ${seconds(from)} s`
}

/** A program that hangs is started anew by its watchdog. */
async function hang(shell: Shell): Promise<string> {
  const { pid } = await started(shell)
  const from = performance.now()
  await shell.run(`kill -STOP ${pid}`)
  await shell.until(
    `p=$(systemctl show keyline-card.service -p ExecMainPID --value); [ $p != ${pid} ] && [ $p != 0 ] && systemctl is-active keyline-card.service`,
    120_000,
  )
  const anew = seconds(from)
  return `hung, started anew by its watchdog after ${anew} s, ready in ${(await started(shell)).ready.toFixed(1)} s then`
}

function seconds(from: number): string {
  return ((performance.now() - from) / 1000).toFixed(1)
}
