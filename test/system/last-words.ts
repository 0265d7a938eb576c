import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import type { WorldOptions } from '../../demo/world.ts'

/** Events and pieces of modem text that are shown of each. */
const SHOWN = 60

/** What the programs and their modems said last, shown when the test fails: a failure of one run in many is not seen again by asking for it. */
export function lastWords(t: ExecutionContext): Pick<WorldOptions, 'onEvent' | 'sim'> {
  const folder = mkdtempSync(join(tmpdir(), 'keyline-said-'))
  const events: string[] = []
  t.teardown(() => {
    if (!t.passed) {
      for (const event of events) t.log(event)
      for (const name of readdirSync(folder)) {
        t.log(name)
        for (const line of readFileSync(join(folder, name), 'utf8').trim().split('\n').slice(-SHOWN)) t.log(line)
      }
    }
    rmSync(folder, { recursive: true, force: true })
  })
  return {
    onEvent: (from, event) => {
      events.push(`${Math.round(performance.now())} ${from} ${JSON.stringify(event)}`)
      if (events.length > SHOWN) events.shift()
    },
    sim: ['--record-at', folder],
  }
}
