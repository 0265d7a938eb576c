import type { ModemAccess } from '../modem/access.ts'

/**
 * Out of the data mode, before a call or a connection is ended. A modem that hears no `+++` loses its port: that drops DTR, and whoever
 * keeps this modem opens it again.
 * @returns whether it takes commands
 */
export async function backAtCommands({ engine, guardMs, profile }: ModemAccess): Promise<boolean> {
  // S12 may have been taken and not be kept to: then with the silence that this kind of modem needs.
  for (const guard of [guardMs, Math.max(guardMs, profile.escape.guardMs)]) {
    if (engine.inData) await engine.escape(guard)
  }
  if (!engine.inData) return true
  await engine.close()
  return false
}
