import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto'
import type { Disk } from '../../../firmware/card/disk.ts'
import { packUpdate, type UpdateFile, type Version } from '../../../firmware/update/format.ts'
import type { Slot } from '../../../firmware/update/machine.ts'
import { NODE_MAJOR } from '../../../firmware/update/open.ts'
import { Slots } from '../../../firmware/update/slots.ts'
import { Updates } from '../../../firmware/update/updates.ts'

export const OWNER = generateKeyPairSync('ed25519')
export const STRANGER = generateKeyPairSync('ed25519')
export const FACTORY: Version = [0, 1, 0]
export const ABOUT = { architecture: 'arm64', node: NODE_MAJOR } as const

/** Files whose content tells the version, some blocks long. */
export function filesOf(version: Version, size = 3000): readonly UpdateFile[] {
  const stream = (name: string, length: number): Uint8Array => {
    const parts: Buffer[] = []
    for (let n = 0; n * 32 < length; n++) {
      parts.push(
        createHash('sha256')
          .update(`${name} ${version.join('.')} ${n}`)
          .digest(),
      )
    }
    return Buffer.concat(parts).subarray(0, length)
  }
  return [
    { path: 'dist/card.mjs', content: stream('card', size) },
    { path: 'dist/profiles/none.json', content: Buffer.from('{}') },
    { path: 'dist/empty', content: new Uint8Array(0) },
    { path: 'prebuilds/linux-arm64/@serialport+bindings-cpp.armv8.glibc.node', content: stream('binding', size >> 1) },
  ]
}

export function updateOf(version: Version, key: KeyObject = OWNER.privateKey, about = {}): Uint8Array {
  return packUpdate({ ...ABOUT, version, ...about }, filesOf(version), key)
}

export function slotsOn(disk: Disk, factory = FACTORY): Slots {
  return new Slots({ disk, trusted: [OWNER.publicKey], factory, architecture: 'arm64', node: NODE_MAJOR })
}

/** What runs in a slot takes updates. */
export function updatesOn(disk: Disk, slot: Slot | null = null, running: Version = FACTORY): Updates {
  const trusted = [OWNER.publicKey]
  return new Updates({ slots: slotsOn(disk), trusted, slot, running, architecture: 'arm64', node: NODE_MAJOR })
}

/** As a PC sends it. */
export function send(updates: Updates, bytes: Uint8Array, part = 1000): void {
  updates.begin(bytes.subarray(0, 24_000), bytes.length)
  for (let at = 0; at < bytes.length; at += part) updates.write(at, bytes.subarray(at, at + part))
  updates.finish()
}
