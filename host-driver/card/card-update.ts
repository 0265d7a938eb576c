import { UPDATE_PART_MAX, type UpdateStatus } from '../../wire/usb/update.ts'
import { fault } from '../errors.ts'
import type { After } from '../timers.ts'
import type { OnBytes } from './card-files.ts'
import { type CardCalls, isPassing, LOOK_MS } from './card-link.ts'

export type { UpdateStatus } from '../../wire/usb/update.ts'

/** Without any answer, milliseconds: a board starts faster. */
const SILENT_MS = 60_000
/** Three starts of two minutes, and one of what was before. */
const ALL_MS = 480_000

/**
 * Sends an update, which the card checks before it takes it; then it starts anew. Nothing is changed by one that is refused.
 * @param bytes of a whole update @returns its version
 * @throws KeylineError UPDATE_FOREIGN, UPDATE_OLD, UPDATE_DAMAGED, UPDATE_OTHER_BOARD, UPDATE_TOO_LARGE, UPDATE_UNSUPPORTED, CARD_*
 */
export async function sendUpdate(card: CardCalls, bytes: Uint8Array, onBytes: OnBytes): Promise<string> {
  const head = base64url(bytes.subarray(0, UPDATE_PART_MAX))
  await card.call('card.update.begin', { head, size: bytes.length })
  for (let at = 0; at < bytes.length; at += UPDATE_PART_MAX) {
    await card.call('card.update.write', { offset: at, part: base64url(bytes.subarray(at, at + UPDATE_PART_MAX)) })
    onBytes(Math.min(at + UPDATE_PART_MAX, bytes.length), bytes.length)
  }
  return (await card.call('card.update.finish', {})).version
}

/** Asks until the card is back. @throws KeylineError CARD_* when it is not */
export function updateStatus(card: CardCalls): Promise<UpdateStatus> {
  return card.call('card.update.status', {})
}

/**
 * Waits for a card that starts anew with an update, until that is healthy.
 * @param look opens the card anew, asks and closes it: the port of a board stays while its program ends, so that on the old connection the
 * old program may answer, or a new one that does not know this computer yet
 * @throws KeylineError CARD_UPDATE_FAILED, CANCELLED, and what does not pass by itself
 */
export async function awaitUpdate(
  version: string,
  look: () => Promise<UpdateStatus>,
  {
    after,
    now,
    signal,
  }: { readonly after: After; readonly now: () => number; readonly signal?: AbortSignal | undefined },
): Promise<void> {
  const begun = now()
  let heard = begun
  for (;;) {
    try {
      if (isHealthy(version, await look())) return
      heard = now()
    } catch (error) {
      // It starts anew.
      if (!isPassing(error)) throw error
    }
    if (signal?.aborted) throw fault('CANCELLED', { what: 'not waited for; the card goes on by itself' })
    if (now() - heard > SILENT_MS || now() - begun > ALL_MS) {
      throw fault('CARD_UPDATE_FAILED', { what: `the card does not say that version ${version} works` })
    }
    await new Promise<void>((resolve) => after(LOOK_MS, resolve))
  }
}

/** @returns false while it is open @throws KeylineError CARD_UPDATE_FAILED */
function isHealthy(version: string, status: UpdateStatus): boolean {
  const { trial, installed, rolledBack } = status
  if (status.version === version) return !trial
  if (installed === version || trial) return false
  const why = rolledBack?.version === version ? rolledBack.why : `it runs version ${status.version}`
  throw fault('CARD_UPDATE_FAILED', { what: `the card did not stay with version ${version}: ${why}` })
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url')
}
