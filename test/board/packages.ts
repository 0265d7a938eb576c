import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { World } from '../../demo/world.ts'
import { cardDeb, hostDeb } from '../../deploy/deb.ts'
import { rootfs, type System } from '../../deploy/image/rootfs.ts'
import type { Rung, RungContext } from './rung.ts'

const run = promisify(execFile)
const CONTENT = fileURLToPath(new URL('../../demo/content', import.meta.url))
const USER = 'alice@example.org'
const PASSWORD = 'correct-horse'
const ENVIRONMENT = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', DEBIAN_FRONTEND: 'noninteractive', LANG: 'C.UTF-8' }
const STEP_MS = 120_000
/** A PC with Debian 13 and its Node. */
const PC: System = {
  architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
  packages: ['nodejs', 'udev', 'libstdc++6'],
}
const WANTS = 'etc/systemd/system/multi-user.target.wants'
const UNITS = ['keyline-card.service', 'keyline-gadget.service']

export const packages: Rung = {
  name: 'packages',
  proves: 'Debian 13 installs, upgrades and purges the card’s package; the PC’s package logs in on its Node',
  needs: { mmdebstrap: 'mmdebstrap', 'arch-test': 'arch-test', 'dpkg-deb': 'dpkg', unshare: 'util-linux' },
  foreign: true,
  async run(context) {
    await card(context)
    return [`card installed, upgraded, purged`, await pc(context)]
  },
}

async function card({ folder, log }: RungContext): Promise<void> {
  const root = unpacked(join(folder, 'board'), rootfs(log))
  const dpkg = installer(root, await cardDeb(folder))
  const linked = (): readonly string[] => readdirSync(join(root, WANTS)).filter((name) => UNITS.includes(name))
  dpkg.install()
  assert.deepEqual(linked(), UNITS)
  assert.match(readFileSync(join(root, 'etc/passwd'), 'utf8'), /^keyline:.*nologin$/m)
  assert.match((await inside(root, ['keyline-card', '--help'])).stdout, /^Runs the card/)
  // Secrets are made on the board, never in an image.
  assert.deepEqual(readdirSync(join(root, 'etc/keyline')), ['card.env'])
  // What its owner chose outlives a new version.
  const settings = join(root, 'etc/keyline/card.env')
  writeFileSync(settings, 'KEYLINE_MODEM=/dev/ttyS0\n')
  rmSync(join(root, WANTS, 'keyline-gadget.service'))
  dpkg.install()
  assert.equal(readFileSync(settings, 'utf8'), 'KEYLINE_MODEM=/dev/ttyS0\n')
  assert.deepEqual(linked(), ['keyline-card.service'])
  // Removed, it keeps its keys; purged, it does not.
  const keys = join(root, 'var/lib/keyline/store')
  mkdirSync(keys, { recursive: true })
  writeFileSync(join(root, 'etc/keyline/board-secret'), 'x')
  dpkg.run('--remove', 'keyline-card')
  assert.ok(existsSync(keys) && existsSync(settings))
  const said = dpkg.run('--purge', 'keyline-card')
  assert.match(said, /are erased; its operator must give a new ticket/)
  const left = ['var/lib/keyline', 'etc/keyline', 'usr/lib/keyline', 'usr/bin/keyline-card', `${WANTS}/${UNITS[0]}`]
  assert.deepEqual(
    left.filter((path) => existsSync(join(root, path))),
    [],
  )
}

async function pc({ folder, log }: RungContext): Promise<string> {
  const root = unpacked(join(folder, 'pc'), rootfs(log, PC))
  const dpkg = installer(root, await hostDeb(folder, PC.architecture))
  dpkg.install()
  const { stdout: node } = await inside(root, ['node', '--version'])
  const keyline = async (args: readonly string[], input = ''): Promise<string> =>
    (await inside(root, ['keyline', ...args, '--json'], input)).stdout
  const sim = ['--ring-after', '10']
  const world = await World.start({ rate: 64_000, latencyMs: 5, content: CONTENT, sim })
  try {
    await world.addUser(USER, PASSWORD)
    await Promise.all([world.startServer(), world.startCard()])
    const card = ['--card', world.cardPort]
    await keyline(['enrol', '-', ...card], `${await world.ticket()}\n`)
    await keyline(['login', '--user', USER, ...card], `${PASSWORD}\n`)
    try {
      assert.match(await keyline(['ls']), /two-tones\.mp3/)
      await keyline(['get', 'two-tones.mp3'])
    } finally {
      await keyline(['logout'])
    }
  } finally {
    await world.close()
  }
  dpkg.run('--purge', 'keyline-host')
  assert.ok(!existsSync(join(root, 'usr/lib/keyline-host')))
  return `the PC logged in on Node ${node.trim()}`
}

function unpacked(root: string, tar: string): string {
  mkdirSync(root)
  execFileSync('tar', ['-xpf', tar, '-C', root, '--numeric-owner', '--exclude=./dev/*'])
  return root
}

/** @param deb a package for that system */
function installer(root: string, deb: string) {
  const name = basename(deb)
  copyFileSync(deb, join(root, name))
  const call = (...args: readonly string[]): string =>
    execFileSync('chroot', [root, 'dpkg', ...args], {
      encoding: 'utf8',
      env: ENVIRONMENT,
      timeout: STEP_MS,
      stdio: 'pipe',
    })
  return { run: call, install: () => call('--install', '--force-confdef', `/${name}`) }
}

/** Runs a program of that system, with this machine's devices and processes; what is mounted for it goes with it. */
async function inside(root: string, [program = '', ...args]: readonly string[], input = '') {
  const script = 'mount --rbind /dev "$0/dev" && mount -t proc proc "$0/proc" && cd "$0" && exec chroot "$0" "$@"'
  const all = ['--mount', 'sh', '-c', script, root, program, ...args]
  const child = run('unshare', all, { env: { ...ENVIRONMENT, HOME: '/root' }, timeout: STEP_MS })
  child.child.stdin?.end(input)
  return await child
}
