import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundle } from '../../deploy/bundle.ts'
import { cardTree, nodeProgram } from '../../deploy/card-tree.ts'
import { initramfs, kernel } from '../../deploy/image/initramfs.ts'
import { rootfs } from '../../deploy/image/rootfs.ts'
import { Machine, type Talk } from './machine.ts'
import { checksOf, type Rung } from './rung.ts'

const INIT = fileURLToPath(new URL('./gpio.sh', import.meta.url))
/** What Node needs of a system. */
const LIBRARIES = [
  'libc.so.6',
  'libm.so.6',
  'libdl.so.2',
  'libpthread.so.0',
  'libstdc++.so.6',
  'libgcc_s.so.1',
  'libatomic.so.1',
]
const LIB = 'usr/lib/aarch64-linux-gnu'
const LIMIT_MS = 240_000

export const gpio: Rung = {
  name: 'gpio',
  proves: 'the pins: contract, light and button on a real /dev/gpiochip0',
  needs: {
    'qemu-system-aarch64': 'qemu-system-arm',
    mmdebstrap: 'mmdebstrap',
    'arch-test': 'arch-test',
    cpio: 'cpio',
    depmod: 'kmod',
  },
  foreign: true,
  async run({ folder, log }) {
    const core = kernel('arm64')
    const initrd = join(folder, 'gpio.cpio.gz')
    const files = await inside(folder, log)
    initramfs({ architecture: 'arm64', kernel: core, modules: [], init: INIT, files }, initrd, folder)
    let text = ''
    const machine = await Machine.start({
      kernel: core.vmlinuz,
      initrd,
      append: 'quiet',
      memoryMib: 1536,
      more: [
        ...[
          '-chardev',
          'socket,id=world,path=@FOLDER@/world,server=on,wait=off',
          '-device',
          'pci-serial,chardev=world',
        ],
        ...['-qtest', 'unix:@FOLDER@/qtest,server=on,wait=off', '-qtest-log', '/dev/null'],
        ...['-qmp', 'unix:@FOLDER@/qmp,server=on,wait=off'],
      ],
      log: (line) => {
        text += `${line}\n`
        log(line)
      },
    })
    try {
      await world(machine)
      await machine.console.until(/CHECKS-END/, LIMIT_MS)
      await machine.off(20_000)
    } finally {
      await machine.kill()
    }
    return checksOf(text, 2)
  },
}

/** The board's own Node, koffi and this project's code, by their paths there. */
async function inside(folder: string, log: (text: string) => void): Promise<Record<string, string>> {
  const app = join(folder, 'app')
  mkdirSync(app)
  await cardTree(app, 'arm64')
  nodeProgram(app)
  await bundle('test/board/gpio-inside.ts', join(app, 'dist/inside.mjs'), ['koffi'])
  const system = join(folder, 'system')
  mkdirSync(system)
  execFileSync('tar', ['-xf', rootfs(log), '-C', system, `./${LIB}`, './usr/lib/ld-linux-aarch64.so.1'])
  const found = readdirSync(join(system, LIB))
  const files: Record<string, string> = { 'lib/ld-linux-aarch64.so.1': join(system, 'usr/lib/ld-linux-aarch64.so.1') }
  for (const name of LIBRARIES) if (found.includes(name)) files[`lib/${name}`] = join(system, LIB, name)
  const flat = join(folder, 'flat')
  cpSync(app, flat, { recursive: true })
  for (const it of readdirSync(flat, { recursive: true, withFileTypes: true })) {
    if (!it.isFile()) continue
    const path = join(it.parentPath, it.name)
    files[path.replace(`${flat}/`, 'app/')] = path
  }
  return files
}

/** Drives and sees the chip's lines through QEMU, for whoever asks over the second serial port. */
async function world(machine: Machine): Promise<void> {
  const qmp = await machine.talk('qmp')
  await qmp.until(/"QMP"/, 20_000)
  const ask = async (command: string, args: object = {}): Promise<string> => {
    qmp.write(`${JSON.stringify({ execute: command, arguments: args })}\n`)
    return (await qmp.until(/\{"return": .*\}\r?\n/, 20_000))[0]
  }
  await ask('qmp_capabilities')
  const list = await ask('qom-list', { path: '/machine/unattached' })
  const [, name] =
    /"name": "([^"]+)", "type": "child<pl061>"/.exec(list) ??
    /"type": "child<pl061>", "name": "([^"]+)"/.exec(list) ??
    []
  if (name === undefined) throw new Error(`QEMU has no PL061: ${list.slice(0, 400)}`)
  const chip = `/machine/unattached/${name}`
  const pins = new Pins(await machine.talk('qtest'))
  await pins.watch(chip)
  const serial = await machine.talk('world')
  serve(serial, pins, chip).catch(() => {}) // it ends with the machine
}

async function serve(serial: Talk, pins: Pins, chip: string): Promise<void> {
  for (;;) {
    const [, what, pin, level] = await serial.until(/^(drive|see|count|counted) (\d+)(?: ([01]))?\r?\n/m, LIMIT_MS)
    if (what === 'drive') await pins.drive(chip, Number(pin), Number(level))
    const { level: now = 0, changes = 0 } = pins.seen.get(Number(pin)) ?? {}
    if (what === 'count') pins.seen.set(Number(pin), { level: now, changes: 0 })
    serial.write(`${what === 'see' ? now : what === 'counted' ? changes : 'ok'}\n`)
  }
}

/** QEMU's qtest protocol, beside the running machine: inputs are driven and outputs are told by it. */
class Pins {
  readonly seen = new Map<number, { readonly level: number; readonly changes: number }>()
  readonly #talk: Talk

  constructor(talk: Talk) {
    this.#talk = talk
    talk.onLine = (line) => {
      const [, way, pin] = /^IRQ (raise|lower) (\d+)/.exec(line) ?? []
      if (pin === undefined) return
      const changes = (this.seen.get(Number(pin))?.changes ?? 0) + 1
      this.seen.set(Number(pin), { level: way === 'raise' ? 1 : 0, changes })
    }
  }

  async watch(chip: string): Promise<void> {
    this.#talk.write(`irq_intercept_out ${chip}\n`)
    await this.#talk.until(/^OK/m, 10_000)
  }

  async drive(chip: string, pin: number, level: number): Promise<void> {
    this.#talk.write(`set_irq_in ${chip} unnamed-gpio-in ${pin} ${level}\n`)
    await this.#talk.until(/^OK/m, 10_000)
  }
}
