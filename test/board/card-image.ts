import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { World } from '../../demo/world.ts'
import { NEEDS } from '../../deploy/image/needs.ts'

export const CONTENT = fileURLToPath(new URL('../../demo/content', import.meta.url))
export const USER = 'alice@example.org'
export const PASSWORD = 'correct-horse'
/** The machine's own view of this one (QEMU user networking). */
const HOST = '10.0.2.2'
/** Where the FAT partition begins, for mtools. */
const FAT = '@@4194304'

/** What an image is made and booted with. */
export const IMAGE_NEEDS: Readonly<Record<string, string>> = { 'qemu-system-aarch64': 'qemu-system-arm', ...NEEDS }

/** A server with one user, and what the card's owner puts on the FAT partition. Kernel and initramfs are taken from there, as a board does. */
export async function provision(folder: string, disk: string, world: World): Promise<void> {
  await world.addUser(USER, PASSWORD)
  await world.startServer()
  const [, port] = world.internet.split(':')
  const ticket = await world.ticket('card-1', ['--internet', `${HOST}:${port}`])
  writeFileSync(join(folder, 'card.env'), 'KEYLINE_MODEM=/dev/ttyS0\nKEYLINE_BOARD=none\n')
  writeFileSync(join(folder, 'ticket.txt'), `${ticket}\n`)
  for (const name of ['card.env', 'ticket.txt']) {
    execFileSync('mcopy', ['-o', '-i', `${disk}${FAT}`, join(folder, name), `::keyline/${name}`])
  }
  for (const name of ['vmlinuz', 'initrd.img']) {
    execFileSync('mcopy', ['-o', '-n', '-i', `${disk}${FAT}`, `::${name}`, join(folder, name)])
  }
}
