import { UPDATE_PART_MAX, type UpdateStatus } from '../../wire/usb/update.ts'
import type { OnBytes } from './card-files.ts'
import type { CardCalls } from './card-link.ts'

export type { UpdateStatus } from '../../wire/usb/update.ts'

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

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url')
}
