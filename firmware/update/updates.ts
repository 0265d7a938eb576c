import type { KeyObject } from 'node:crypto'
import { UPDATE_MAX } from '../../wire/usb/update.ts'
import { CardError, onDisk } from '../card/errors.ts'
import { compareVersions, readHead, readUpdate, type Version, versionText } from './format.ts'
import { phaseOf, type Slot } from './machine.ts'
import type { Slots } from './slots.ts'

export interface UpdateStatus {
  readonly version: string
  /** Whether it still has to show that it is healthy. */
  readonly trial: boolean
  /** It was installed, and is tried at the next start. */
  readonly installed?: string
  readonly rolledBack?: { readonly version: string; readonly why: string }
}

export interface UpdatesOptions {
  readonly slots: Slots
  readonly trusted: readonly KeyObject[]
  /** Where the launcher took it from. */
  readonly slot: Slot | null
  readonly running: Version
  readonly architecture: string
  readonly node: number
}

/** An update that comes over the cable: in memory until it is whole and checked, then in the slot that does not run. */
export class Updates {
  readonly #options: UpdatesOptions
  #coming: { readonly bytes: Uint8Array; readonly version: Version; filled: number } | undefined

  constructor(options: UpdatesOptions) {
    this.#options = options
  }

  status(): UpdateStatus {
    const { slots, slot, running } = this.#options
    const { trial, rolledBack } = slots.state
    return {
      version: versionText(running),
      trial: slots.isTrial(slot),
      ...(trial?.starts === 0 && { installed: trial.version }),
      ...(rolledBack !== null && { rolledBack: { version: rolledBack.version, why: rolledBack.why } }),
    }
  }

  /**
   * @param head its beginning, at least up to the end of the signature @param size of all, bytes
   * @throws CardError UPDATE_DAMAGED, UPDATE_FOREIGN, UPDATE_OTHER_BOARD, UPDATE_INSTALLED, UPDATE_OLD, UPDATE_TOO_LARGE, UPDATE_RUNNING:
   * before anything else is sent
   */
  begin(head: Uint8Array, size: number): { readonly version: string } {
    if (this.#coming !== undefined || phaseOf(this.#options.slots.state) === 'installed')
      throw new CardError('UPDATE_RUNNING')
    if (size > UPDATE_MAX) throw new CardError('UPDATE_TOO_LARGE')
    const { trusted, running, architecture, node, slots } = this.#options
    const { manifest, from } = readHead(head, trusted)
    if (size !== manifest.files.reduce((all, one) => all + one.size, from)) throw new CardError('UPDATE_DAMAGED')
    if (manifest.architecture !== architecture || manifest.node !== node) throw new CardError('UPDATE_OTHER_BOARD')
    if (compareVersions(manifest.version, running) === 0) throw new CardError('UPDATE_INSTALLED', versionText(running))
    const { highest } = slots.state
    const least = compareVersions(running, highest) > 0 ? running : highest
    if (compareVersions(manifest.version, least) <= 0) {
      throw new CardError('UPDATE_OLD', `${versionText(manifest.version)} after ${versionText(least)}`)
    }
    this.#coming = { bytes: new Uint8Array(size), version: manifest.version, filled: 0 }
    return { version: versionText(manifest.version) }
  }

  /** In order. @throws CardError UPDATE_DAMAGED: it is given up then */
  write(offset: number, part: Uint8Array): void {
    const coming = this.#coming
    if (coming === undefined || offset !== coming.filled || offset + part.length > coming.bytes.length) {
      this.cancel()
      throw new CardError('UPDATE_DAMAGED')
    }
    coming.bytes.set(part, offset)
    coming.filled += part.length
  }

  /** Durable when it returns: the next start tries it. @throws CardError UPDATE_DAMAGED, UPDATE_FOREIGN, VAULT_UNWRITABLE */
  finish(): { readonly version: string } {
    const coming = this.#coming
    this.#coming = undefined
    if (coming === undefined || coming.filled !== coming.bytes.length) throw new CardError('UPDATE_DAMAGED')
    const { trusted, slots } = this.#options
    const { manifest } = readUpdate(coming.bytes, trusted)
    // What was looked at in the beginning is what came.
    if (compareVersions(manifest.version, coming.version) !== 0) throw new CardError('UPDATE_DAMAGED')
    onDisk('the update', () => slots.install(coming.bytes, manifest.version))
    return { version: versionText(manifest.version) }
  }

  /** @returns whether one was under way */
  cancel(): boolean {
    const was = this.#coming !== undefined
    this.#coming = undefined
    return was
  }

  /** @returns its version when that ended a trial @throws CardError VAULT_UNWRITABLE: the trial then goes on */
  healthy(): string | undefined {
    const { slots, slot, running } = this.#options
    return onDisk('the update', () => slots.healthy(slot, running)) ? versionText(running) : undefined
  }

  /** An update that was rolled back, once. @throws CardError VAULT_UNWRITABLE */
  news(): { readonly version: string; readonly why: string } | undefined {
    const it = onDisk('the update', () => this.#options.slots.news())
    return it === null ? undefined : { version: it.version, why: it.why }
  }
}
