import type { Clock } from '../../line/clock.ts'
import { problemOf } from '../card/errors.ts'
import type { ProgramEvent } from '../events.ts'
import { Health } from './health.ts'
import type { Updates } from './updates.ts'

export interface Judged {
  /** A PC reached this card. */
  hello(): void
  /** The program stands. @param tell the PC @returns whether it could be told: one that is not paired is not */
  started(tell: (text: string) => boolean): void
  close(): void
}

/** After its hello a PC has proved that it is paired, milliseconds. */
const PROVED_MS = 1000

/** Judges an update that is tried, and tells the user what became of one that was rolled back. Does nothing without updates. */
export function judged(
  updates: Updates | undefined,
  parts: { readonly clock: Clock; readonly modemKnown: () => boolean; readonly print: (event: ProgramEvent) => void },
): Judged {
  const { clock, modemKnown, print } = parts
  let health: Health | undefined
  let greeted = false
  let news: (() => boolean) | undefined
  let cancelNews = (): void => {}
  // What cannot be written leaves the trial as it is: the launcher's time runs out, and what was before comes back.
  const tried = <T>(run: () => T): T | undefined => {
    try {
      return run()
    } catch (error) {
      print({ event: 'job.failed', ...problemOf(error) })
      return undefined
    }
  }
  const onHealthy = (): void => {
    const version = tried(() => updates?.healthy())
    if (version !== undefined) print({ event: 'update.healthy', version })
  }
  const greet = (): void => {
    health?.hello()
    if (news === undefined) return
    cancelNews()
    cancelNews = clock.after(PROVED_MS, () => {
      if (news?.()) news = undefined
    })
  }
  return {
    hello: () => {
      greeted = true
      greet()
    },
    started: (tell) => {
      if (updates === undefined) return
      health = new Health({ clock, modemKnown, onHealthy })
      const it = tried(() => updates.news())
      if (it !== undefined) {
        print({ event: 'update.rolled-back', ...it })
        news = () => tell(`the update to ${it.version} was rolled back: ${it.why}`)
      }
      // A PC that was faster than this program's start.
      if (greeted) greet()
    },
    close: () => {
      cancelNews()
      health?.close()
    },
  }
}
