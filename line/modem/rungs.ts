import { type Clock, pause } from '../clock.ts'
import type { AtEngine } from './engine.ts'
import type { ModemPort } from './port.ts'

/** Silence around `+++` that is enough for every modem, milliseconds (V.250 S12: one second by default). */
const GUARD_MS = 1100
/** What it says to that is over, milliseconds. */
const SETTLE_MS = 300
/** +CFUN: registration ends and begins (TS 27.007 §8.2), milliseconds. */
const FUNCTION_MS = 15_000
/** Leaves the prompt of a message (TS 27.005 §3.5.1); where there is none it is part of no command. */
const ESCAPE = '\x1b'

/** Off the air and on again. */
export async function restartRadio(engine: AtEngine): Promise<void> {
  await engine.command('AT+CFUN=4', FUNCTION_MS)
  await engine.command('AT+CFUN=1', FUNCTION_MS)
}

/**
 * Back to commands, for a modem that was left in data mode or at a prompt by somebody who is gone, where no DTR tells it. Before
 * anything else is written on the port: the silence is what counts.
 */
export async function leaveData(port: ModemPort, clock: Clock): Promise<void> {
  await pause(clock, GUARD_MS)
  port.write(Buffer.from('+++'))
  await pause(clock, GUARD_MS)
  // Ends the line that `+++` begins where the modem was waiting for a command.
  port.write(Buffer.from(`${ESCAPE}\r`))
  await pause(clock, SETTLE_MS)
}

/** Waits for it, at most so long, milliseconds. */
export async function atMost(clock: Clock, ms: number, it: Promise<void>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const cancel = clock.after(ms, resolve)
  await Promise.race([it, promise])
  cancel()
}
