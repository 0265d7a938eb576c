import { spawn } from 'node:child_process'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { z } from 'zod'
import { fault, KeylineError, ORIGINS } from '../errors.ts'
import { programPath } from '../program-path.ts'
import { after } from '../timers.ts'
import { privateFolder } from './state-folder.ts'

const MAIN = programPath('host-driver/keeper/main')
const START_MS = 20_000
/** All of the environment that a keeper needs: it outlives the shell whose environment this is. */
const ENVIRONMENT = ['HOME', 'KEYLINE_STATE', 'LANG', 'PATH', 'XDG_DATA_HOME', 'XDG_RUNTIME_DIR'] as const

const failure = z.strictObject({ code: z.string(), what: z.string(), cure: z.string(), origin: z.enum(ORIGINS) })
const firstLine = z.discriminatedUnion('ready', [
  z.strictObject({ ready: z.literal(true) }),
  z.strictObject({ ready: z.literal(false), error: failure }),
])

/**
 * Starts a keeper for this folder, in a session of its own (setsid(2)), and waits until it can be asked. Where one runs
 * already, that one is left alone.
 * @throws KeylineError KEEPER_FAILED, STATE_UNSAFE
 */
export async function startKeeper(folder: string, env: Readonly<Record<string, string | undefined>>): Promise<void> {
  await privateFolder(folder)
  const log = await open(join(folder, 'keeper.log'), 'w', 0o600)
  const needed = ENVIRONMENT.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]] as const]))
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN], {
    detached: true,
    cwd: '/',
    env: { ...Object.fromEntries(needed), KEYLINE_STATE: folder },
    stdio: ['ignore', 'pipe', log.fd],
  })
  child.on('error', () => {}) // the missing first line tells
  await log.close()
  const { stdout } = child
  if (stdout === null) throw fault('KEEPER_FAILED')
  try {
    const said = firstLine.parse(JSON.parse(await lineOf(stdout)))
    if (!said.ready) throw new KeylineError(said.error)
  } catch (error) {
    child.kill()
    throw error instanceof KeylineError ? error : fault('KEEPER_FAILED', { cause: error })
  } finally {
    stdout.destroy()
    child.unref()
  }
}

/** The first line, or an empty text when there comes none in time. */
function lineOf(output: Readable): Promise<string> {
  return new Promise((resolve) => {
    const lines = createInterface({ input: output })
    const done = (line: string): void => {
      cancel() // or it would keep this process alive
      resolve(line)
      lines.close()
    }
    const cancel = after(START_MS, () => done(''))
    lines.once('line', done).once('close', () => done(''))
  })
}
