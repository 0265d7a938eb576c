import type { Endpoint } from '../../wire/line/packet-address.ts'
import type { Clock } from '../clock.ts'
import type { ModemAccess } from '../modem/access.ts'
import { CURES } from '../modem/modem-error.ts'
import type { PacketSetUp, PacketTarget } from '../modem/profiles/profile.ts'
import type { Refusal } from './at-line.ts'
import { closeSocket, openSocket } from './packet-socket.ts'

/** Who does not answer for so long is not reached, milliseconds: on the Internet a connection takes one or two seconds. */
export const CANARY_MS = 20_000

/** What the network itself said or did not say about the other end. All else is the modem's and proves nothing. */
const NOT_REACHED: readonly string[] = [CURES.far, CURES.again]

/** `private`: the canary is not reached; `internet`: it is. A refusal proves nothing either way. */
export type CanaryVerdict = { readonly ok: true; readonly network: 'private' | 'internet' } | Refusal

/**
 * Tries to reach, through the network that was entered, an address of the Internet that the operator named. Nothing is sent.
 * Modems that cannot be told to give up end it by their own time-out, at most the 150 s of the command.
 * @param canary an address and no name: a name that is not found would prove nothing
 */
export async function askCanary(
  modem: ModemAccess,
  clock: Clock,
  setUp: PacketSetUp,
  target: PacketTarget,
  canary: Endpoint,
  signal: AbortSignal,
): Promise<CanaryVerdict> {
  const patience = new AbortController()
  const stop = clock.after(CANARY_MS, () => patience.abort())
  const deaf = { deliver: () => {}, left: () => {} }
  const either = AbortSignal.any([signal, patience.signal])
  const end = await openSocket(modem, setUp, { ...target, ...canary }, deaf, either)
  stop()
  if (end.ok) {
    await closeSocket(modem, clock, setUp, deaf)
    return { ok: true, network: 'internet' }
  }
  if (end.why === 'cancelled' && !signal.aborted) return { ok: true, network: 'private' }
  const notReached = end.why === 'refused' && NOT_REACHED.includes(end.cause?.cure ?? '')
  return notReached ? { ok: true, network: 'private' } : end
}
