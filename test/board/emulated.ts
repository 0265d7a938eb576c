import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { World } from '../../demo/world.ts'
import { cardTree, nodeProgram } from '../../deploy/card-tree.ts'
import { rootfs } from '../../deploy/image/rootfs.ts'
import { Terminal } from '../../host-driver/index.ts'
import type { Rung } from './rung.ts'

const CONTENT = fileURLToPath(new URL('../../demo/content', import.meta.url))
const QEMU = 'qemu-aarch64-static'
const USER = 'alice@example.org'
const PASSWORD = 'correct-horse'
const READY_MS = 120_000

export const emulated: Rung = {
  name: 'emulated',
  proves: 'the packed program and its bindings on an arm64 processor: ports open, and a login by a simulated call',
  needs: { [QEMU]: 'qemu-user-static', mmdebstrap: 'mmdebstrap', 'arch-test': 'arch-test' },
  foreign: true,
  async run({ folder, log }) {
    const app = join(folder, 'app')
    await cardTree(app, 'arm64')
    nodeProgram(app)
    const system = join(folder, 'system')
    execFileSync('mkdir', [system])
    execFileSync('tar', ['-xf', rootfs(log), '-C', system, './usr/lib', './lib'])
    const run = (args: readonly string[]): readonly string[] => ['-L', system, join(app, 'node'), ...args]
    const alone = performance.now()
    execFileSync(QEMU, [...run(['-e', '0'])], { timeout: READY_MS })
    const nodeMs = performance.now() - alone
    const world = await World.start({ rate: 64_000, latencyMs: 5, content: CONTENT, sim: ['--ring-after', '10'] })
    const from = performance.now()
    const modem = world.sim.ready.modems.at(-1)?.path ?? ''
    const usb = world.sim.ready.cables[0]?.card ?? ''
    const args = ['--usb', usb, '--modem', modem, '--store', world.cardStore, '--json']
    const card = spawn(QEMU, [...run([join(app, 'dist/card.mjs'), ...args])], { stdio: ['ignore', 'pipe', 'inherit'] })
    const gone = once(card, 'close')
    try {
      await ready(card.stdout, log)
      const readyMs = performance.now() - from
      await world.addUser(USER, PASSWORD)
      await world.startServer()
      const terminal = await Terminal.open({ card: world.cardPort })
      try {
        await terminal.enrol(await world.ticket())
        const login = await terminal.login({ userId: USER, password: PASSWORD })
        if (login.verdict === 'refused') throw new Error(`refused: ${login.reason}`)
        await login.session.menu()
        await login.session.close()
      } finally {
        await terminal.close()
      }
      const status = readFileSync(`/proc/${card.pid}/status`, 'utf8')
      const resident = Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024)
      const beyond = ((readyMs - nodeMs) / 1000).toFixed(1)
      return [`ready ${beyond} s beyond Node's ${(nodeMs / 1000).toFixed(1)} s`, `${resident} MiB with the emulator`]
    } finally {
      card.kill('SIGTERM')
      await gone
      await world.close()
    }
  },
}

function ready(output: NodeJS.ReadableStream, log: (text: string) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`the card was not ready in ${READY_MS / 1000} s`)), READY_MS)
    createInterface({ input: output })
      .on('line', (line) => {
        log(line)
        if (!line.includes('"event":"ready"')) return
        clearTimeout(timer)
        resolve()
      })
      .on('close', () => reject(new Error('the card ended before it was ready')))
  })
}
