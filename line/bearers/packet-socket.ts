import type { Clock } from '../clock.ts'
import type { DataUser, ModemAccess } from '../modem/access.ts'
import { explainModemError } from '../modem/explain-error.ts'
import { CURES } from '../modem/modem-error.ts'
import type { PacketSetUp, PacketTarget } from '../modem/profiles/profile.ts'
import { abortable, cancelled, NEVER, type Refusal, refusalOf, runLine } from './at-line.ts'
import { backAtCommands } from './back-at-commands.ts'

export type SocketOpened = { readonly ok: true; readonly connect: string } | Refusal

/**
 * One transparent connection inside the modem.
 * @param user gets its bytes, and has the modem until `closeSocket`
 * @param signal gives up, on modems that can be told; CONNECT that comes in spite of it is for the caller to close
 */
export async function openSocket(
  modem: ModemAccess,
  setUp: PacketSetUp,
  target: PacketTarget,
  user: DataUser,
  signal: AbortSignal,
): Promise<SocketOpened> {
  if (signal.aborted) return cancelled(modem)
  const line = setUp.open(target)
  const { closedWord } = setUp
  // Before the command: the first bytes may come in the same read as CONNECT.
  modem.user = user
  const rules = { afterOk: setUp.connect === 'after-ok', closedWord }
  const result = await abortable(modem, signal, () =>
    modem.engine.command(line.text, line.timeoutMs, line.prefixes, rules),
  )
  if (result.final.type === 'connect') return { ok: true, connect: result.final.text }
  if (modem.user === user) modem.user = undefined
  const refused = refusalOf(modem, line, result)
  if (signal.aborted && refused.why !== 'lost') return cancelled(modem)
  return refused.why === 'refused' ? await causeOf(modem, setUp, refused) : refused
}

/** Back to commands, and the connection closed; a modem that hears no `+++` loses its port, which its keeper opens again. */
export async function closeSocket(modem: ModemAccess, clock: Clock, setUp: PacketSetUp, user: DataUser): Promise<void> {
  // It was taken away, as by a reset: then there is nothing to be closed, and perhaps somebody else.
  if (modem.user !== user) return
  // Also after the far end closed: some modems keep the number of the connection until they are told.
  if (await backAtCommands(modem)) await runLine(modem, clock, setUp.close, NEVER)
  if (modem.user === user) modem.user = undefined
}

/** Asks a modem that says no more than ERROR why that was. */
export async function causeOf(modem: ModemAccess, setUp: PacketSetUp, refused: Refusal): Promise<Refusal> {
  const known = refused.cause !== undefined && refused.cause.cure !== CURES.none
  if (setUp.cause === undefined || known) return refused
  const { text, timeoutMs, prefixes } = setUp.cause
  const { lines } = await modem.engine.command(text, timeoutMs, prefixes)
  const cause = lines.map((line) => explainModemError(line)).find((it) => it !== undefined)
  return cause === undefined
    ? refused
    : { ...refused, cause, detail: `${refused.detail}: ${cause.what} (${cause.name})` }
}
