import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { licences } from './bundle.ts'
import { cardTree, nodeProgram } from './card-tree.ts'

const ROOT = fileURLToPath(new URL('../', import.meta.url))
const DEPLOY = join(ROOT, 'deploy')
const MAINTAINER = 'Keyline <keyline@localhost>'

/** From package.json. */
export const VERSION = (JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }).version

interface Deb {
  readonly name: string
  readonly architecture: 'arm64' | 'all'
  readonly depends: string
  readonly summary: string
  readonly text: readonly string[]
  readonly conffiles?: readonly string[]
}

const CARD: Deb = {
  name: 'keyline-card',
  architecture: 'arm64',
  depends: 'libc6, libstdc++6, libgcc-s1, systemd (>= 253), udev, kmod',
  summary: 'runs a board with a modem as a Keyline card',
  text: ['The card dials a server over a line that is not the Internet, for a PC that', 'is attached to it by USB.'],
  conffiles: ['/etc/keyline/card.env'],
}
const HOST: Deb = {
  name: 'keyline-host',
  architecture: 'all',
  depends: 'udev',
  summary: 'lets a PC use Keyline cards that are plugged in',
  text: [
    'Names the port of a card after its serial number, gives it to the users of',
    'this PC, and keeps ModemManager away from it.',
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
    for (const name of ['postinst', 'prerm', 'postrm']) install(root, `card.${name}`, `DEBIAN/${name}`, 0o755)
    return build(root, CARD, licence, to)
  })
}

/** What a PC needs beside the driver: names and rights of the ports. @param to folder @returns path of the package */
export async function hostDeb(to: string): Promise<string> {
  return await inFolder(to, async (root) => {
    install(root, '60-keyline-host.rules', 'usr/lib/udev/rules.d/60-keyline-host.rules')
    for (const name of ['postinst', 'postrm']) install(root, `host.${name}`, `DEBIAN/${name}`, 0o755)
    return build(root, HOST, licences([]), to)
  })
}

async function inFolder(to: string, run: (root: string) => Promise<string>): Promise<string> {
  const root = join(to, `.tree-${process.pid}`)
  rmSync(root, { recursive: true, force: true })
  mkdirSync(root, { recursive: true, mode: 0o755 })
  try {
    return await run(root)
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

function install(root: string, name: string, path: string, mode = 0o644): void {
  const to = join(root, path)
  mkdirSync(dirname(to), { recursive: true })
  copyFileSync(join(DEPLOY, name), to)
  chmodSync(to, mode)
}

function build(root: string, deb: Deb, licence: string, to: string): string {
  const doc = join(root, 'usr/share/doc', deb.name)
  mkdirSync(doc, { recursive: true })
  writeFileSync(join(doc, 'copyright'), `${readFileSync(join(ROOT, 'LICENSE'), 'utf8')}\n${licence}\n`)
  const sizes = files(root).map((path) => Math.ceil(statSync(path).size / 1024))
  const control = [
    `Package: ${deb.name}`,
    `Version: ${VERSION}`,
    `Architecture: ${deb.architecture}`,
    `Maintainer: ${MAINTAINER}`,
    `Installed-Size: ${sizes.reduce((all, size) => all + size, 0)}`,
    `Depends: ${deb.depends}`,
    'Section: net',
    'Priority: optional',
    `Description: ${deb.summary}`,
    ...deb.text.map((line) => ` ${line}`),
    '',
  ]
  mkdirSync(join(root, 'DEBIAN'), { recursive: true })
  writeFileSync(join(root, 'DEBIAN/control'), control.join('\n'))
  if (deb.conffiles !== undefined) writeFileSync(join(root, 'DEBIAN/conffiles'), `${deb.conffiles.join('\n')}\n`)
  for (const path of files(root)) if ((statSync(path).mode & 0o111) === 0) chmodSync(path, 0o644)
  const file = join(to, `${deb.name}_${VERSION}_${deb.architecture}.deb`)
  execFileSync('dpkg-deb', ['--root-owner-group', '-Zzstd', '--build', root, file], {
    stdio: ['ignore', 'ignore', 'inherit'],
    // The same sources make the same bytes.
    env: { ...process.env, SOURCE_DATE_EPOCH: sourceDate() },
  })
  return file
}

/** Seconds since 1970 of the last commit; of the build where there is none. */
export function sourceDate(): string {
  if (process.env.SOURCE_DATE_EPOCH) return process.env.SOURCE_DATE_EPOCH
  try {
    return execFileSync('git', ['log', '-1', '--format=%ct'], { cwd: ROOT, encoding: 'utf8' }).trim()
  } catch {
    return String(Math.floor(Date.now() / 1000))
  }
}

function files(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((it) => it.isFile())
    .map((it) => join(it.parentPath, it.name))
}
