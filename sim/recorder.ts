import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { SimError } from './fault.ts'

/** Takes the bytes of one direction of one wire. */
export interface Tap {
  write(bytes: Uint8Array): void
  close(): void
}

const NO_TAP: Tap = { write: () => {}, close: () => {} }

/** Writes every byte of every wire into files: what somebody who listens there would have. */
export class Recorder {
  readonly #folder: string | undefined
  readonly #open = new Set<Tap>()

  /** @param folder made if it is missing; undefined records nothing @throws SimError RECORD_FOLDER_UNUSABLE */
  constructor(folder: string | undefined) {
    this.#folder = folder
    if (folder === undefined) return
    try {
      mkdirSync(folder, { recursive: true })
    } catch (cause) {
      throw unusable(folder, cause)
    }
  }

  /**
   * A new file for each name. Written without delay: who hears that a call has ended finds all of it.
   *
   * @param name e.g. `call-1-up`
   */
  tap(name: string): Tap {
    if (this.#folder === undefined) return NO_TAP
    const path = join(this.#folder, `${name}.bin`)
    let file: number
    try {
      file = openSync(path, 'w')
    } catch (cause) {
      throw unusable(path, cause)
    }
    const tap: Tap = {
      write: (bytes) => {
        if (!this.#open.has(tap)) return
        for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at)
      },
      close: () => {
        if (this.#open.delete(tap)) closeSync(file)
      },
    }
    this.#open.add(tap)
    return tap
  }

  close(): void {
    for (const tap of [...this.#open]) tap.close()
  }
}

function unusable(path: string, cause: unknown): SimError {
  const why = cause instanceof Error ? cause.message : String(cause)
  return new SimError(
    'RECORD_FOLDER_UNUSABLE',
    `Cannot record into ${path}: ${why}.`,
    'Give another folder with --record.',
    {
      cause,
    },
  )
}
