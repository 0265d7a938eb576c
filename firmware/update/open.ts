import { createPublicKey, type KeyObject } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { folderDisk } from '../card/disk.ts'
import { CardError } from '../card/errors.ts'
import { type Version, versionOf } from './format.ts'
import { Slots } from './slots.ts'

/** Major version of the Node that runs this. */
export const NODE_MAJOR = Number(process.versions.node.split('.')[0])

/** @param folder of the public keys, Ed25519 in PEM, one a file that ends in .pub @throws CardError UPDATE_UNSUPPORTED */
export function trustedKeys(folder: string): readonly KeyObject[] {
  try {
    const names = readdirSync(folder).filter((name) => name.endsWith('.pub'))
    return names.map((name) => {
      const key = createPublicKey(readFileSync(join(folder, name)))
      if (key.asymmetricKeyType !== 'ed25519') throw new Error(`${name} is no Ed25519 key`)
      return key
    })
  } catch (cause) {
    throw new CardError('UPDATE_UNSUPPORTED', `the keys in ${folder} cannot be used`, { cause })
  }
}

/** @param factory version of what came with the board, as text */
export function openSlots(folder: string, trusted: readonly KeyObject[], factory: string): Slots {
  const version: Version = versionOf(factory) ?? [0, 0, 0]
  return new Slots({
    disk: folderDisk(folder),
    trusted,
    factory: version,
    architecture: process.arch,
    node: NODE_MAJOR,
  })
}
