import type { Disk, HeldFile } from './disk.ts'

/** What is about to take the place of a file, and may be found after a cut of power. */
export const next = (name: string): string => `${name}.new`

/**
 * Puts a file in the place of another: written beside it, made durable, renamed over it, and the rename made durable. Wherever the
 * power is cut, one of both is whole. The old bytes are overwritten, as far as the medium lets it.
 * @throws Error of the disk; on the disk then either may stand
 */
export function replaceFile(disk: Disk, name: string, bytes: Uint8Array): void {
  let old: HeldFile | undefined
  try {
    old = disk.hold(name)
    disk.write(next(name), bytes)
    disk.sync(next(name))
    disk.rename(next(name), name)
    disk.syncFolder()
    const held = old
    bestEffort(() => held?.overwrite())
  } finally {
    const held = old
    bestEffort(() => held?.close())
  }
}

/** Removed for certain, then overwritten as far as the medium lets it: the other way round a cut of power would leave half a file. */
export function discardFile(disk: Disk, name: string): void {
  const held = disk.hold(name)
  try {
    disk.remove(name)
    disk.syncFolder()
    bestEffort(() => held?.overwrite())
  } finally {
    bestEffort(() => held?.close())
  }
}

function bestEffort(run: () => void): void {
  try {
    run()
  } catch {
    // What is new is durable; old bytes that cannot be overwritten stay as they would on flash.
  }
}
