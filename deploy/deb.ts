import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cardTree, nodeProgram } from './card-tree.ts'
import { hostTree } from './host-tree.ts'
import { type Deb, packDeb } from './pack-deb.ts'

export { sourceDate, VERSION } from './pack-deb.ts'

/** Public keys, one a file. */
const UPDATE_KEYS = process.env.KEYLINE_UPDATE_KEYS ?? fileURLToPath(new URL('../update-keys/', import.meta.url))
const DEPLOY = fileURLToPath(new URL('./', import.meta.url))

const CARD: Deb = {
  name: 'keyline-card',
  architecture: 'arm64',
  depends: 'libc6 (>= 2.28), libstdc++6, libgcc-s1, systemd (>= 253), udev, kmod',
  summary: 'runs a board with a modem as a Keyline card',
  text: ['The card dials a server over a line that is not the Internet, for a PC that', 'is attached to it by USB.'],
  conffiles: ['/etc/keyline/card.env'],
}
const HOST: Omit<Deb, 'architecture'> = {
  name: 'keyline-host',
  depends: 'nodejs (>= 20), libc6 (>= 2.28), libstdc++6, udev',
  summary: 'command line for Keyline cards, and the rights to use them',
  text: [
    'The command keyline. Names the port of a card after its serial number, gives',
    'it to the users of this PC, and keeps ModemManager away from it.',
  ],
}

/** The card for a board with Debian 13, everything in it. @param to folder @returns path of the package */
export async function cardDeb(to: string): Promise<string> {
  return await inFolder(to, async (root) => {
    const lib = join(root, 'usr/lib/keyline')
    mkdirSync(lib, { recursive: true })
    const licence = `${await cardTree(lib, 'arm64')}\n\n## Node\n\n${nodeProgram(lib)}`
    install(root, 'gadget.sh', 'usr/lib/keyline/gadget.sh', 0o755)
    install(root, 'keyline-card.sh', 'usr/bin/keyline-card', 0o755)
    for (const name of ['keyline-gadget.service', 'keyline-card.service']) {
      install(root, name, `usr/lib/systemd/system/${name}`)
    }
    install(root, 'keyline.sysusers', 'usr/lib/sysusers.d/keyline.conf')
    install(root, '60-keyline-board.rules', 'usr/lib/udev/rules.d/60-keyline-board.rules')
    install(root, 'card.env', 'etc/keyline/card.env')
    updateKeys(join(lib, 'update-keys'))
    for (const name of ['postinst', 'prerm', 'postrm']) install(root, `card.${name}`, `DEBIAN/${name}`, 0o755)
    return packDeb(root, CARD, licence, to)
  })
}

/** Command line, names and rights of the ports for a PC. @param to folder @returns path of the package */
export async function hostDeb(to: string, architecture: 'amd64' | 'arm64'): Promise<string> {
  return await inFolder(to, async (root) => {
    const licence = await hostTree(join(root, 'usr/lib/keyline-host'), architecture === 'amd64' ? 'x64' : architecture)
    install(root, 'keyline-host.sh', 'usr/bin/keyline', 0o755)
    install(root, '60-keyline-host.rules', 'usr/lib/udev/rules.d/60-keyline-host.rules')
    for (const name of ['postinst', 'postrm']) install(root, `host.${name}`, `DEBIAN/${name}`, 0o755)
    return packDeb(root, { ...HOST, architecture }, licence, to)
  })
}

/** Beside the package: what is unpacked may be too much for a /tmp in memory. */
async function inFolder(to: string, run: (root: string) => Promise<string>): Promise<string> {
  const root = mkdtempSync(join(to, '.tree-'))
  try {
    return await run(root)
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

/** Whose updates the card takes: the owner's, from update-keys/ of this project; without one it takes none. */
function updateKeys(to: string): void {
  mkdirSync(to, { recursive: true })
  if (!existsSync(UPDATE_KEYS)) return
  for (const name of readdirSync(UPDATE_KEYS)) {
    if (name.endsWith('.pub')) copyFileSync(join(UPDATE_KEYS, name), join(to, name))
  }
}

function install(root: string, name: string, path: string, mode = 0o644): void {
  const to = join(root, path)
  mkdirSync(dirname(to), { recursive: true })
  copyFileSync(join(DEPLOY, name), to)
  chmodSync(to, mode)
}
