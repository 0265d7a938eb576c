import { spawn } from 'node:child_process'
import { closeSync, constants, openSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { ExecutionContext } from 'ava'
import { systemClock } from '../../../sim/clock.ts'
import { Pty } from '../../../sim/pty.ts'
import { PtyPoller } from '../../../sim/pty-poller.ts'
import { ended, type Home } from './run.ts'

const MAIN = fileURLToPath(new URL('../../../host-driver/cli/main.ts', import.meta.url))

/** `keyline …` whose standard input is a real terminal; `echoed` is what that terminal showed of the keys. */
export function atKeyboard(t: ExecutionContext, user: Home, argv: readonly string[]) {
  const seen = { echoed: '', err: '' }
  const keyboard = new Pty(new PtyPoller(systemClock), systemClock, {
    room: () => 4096,
    data: (bytes) => {
      seen.echoed += Buffer.from(bytes).toString('utf8')
    },
    dtrDropped: () => {},
  })
  t.teardown(() => keyboard.close())
  const fd = openSync(keyboard.path, constants.O_RDWR | constants.O_NOCTTY)
  const child = spawn(process.execPath, [MAIN, ...argv], {
    env: user.env,
    cwd: user.folder,
    stdio: [fd, 'pipe', 'pipe'],
  })
  closeSync(fd)
  child.stderr?.on('data', (bytes) => {
    seen.err += bytes
  })
  const end = ended(child)
  let answered = 0
  /** Waits for a question after the one before, then types. */
  const answer = async (question: string, keys: string): Promise<void> => {
    while (!seen.err.includes(question, answered)) {
      if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}: ${seen.err}`)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    answered = seen.err.indexOf(question, answered) + question.length
    keyboard.write(Buffer.from(keys))
  }
  return { end, answer, seen }
}
