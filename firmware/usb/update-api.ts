import { CardError, type Outcome, problem, problemOf } from '../card/errors.ts'
import type { LineJobs } from '../card/jobs.ts'
import type { Updates } from '../update/updates.ts'
import type { CardApi } from './usb-link.ts'

type UpdateApi = Pick<CardApi, Extract<keyof CardApi, `card.update.${string}`>>

/** The methods of the firmware's updates. @param restart called after the answer to the last one */
export function updateApi(updates: Updates | undefined, jobs: LineJobs, restart: () => void): UpdateApi {
  const outcome = <R>(run: (it: Updates) => R): Promise<Outcome<R>> => {
    try {
      if (updates === undefined) throw new CardError('UPDATE_UNSUPPORTED')
      return Promise.resolve({ ok: true, result: run(updates) })
    } catch (error) {
      return Promise.resolve({ ok: false, problem: problemOf(error) })
    }
  }
  return {
    'card.update.begin': async ({ head, size }) => {
      // It ends with a start of the card, which a call would not outlive.
      if (jobs.state !== 'idle') return { ok: false, problem: problem('CARD_BUSY') }
      return outcome((it) => it.begin(Buffer.from(head, 'base64url'), size))
    },
    'card.update.write': ({ offset, part }) =>
      outcome((it) => {
        it.write(offset, Buffer.from(part, 'base64url'))
        return {}
      }),
    'card.update.finish': async () => {
      // A call that is cut by a start could not be told from a loss of power.
      if (jobs.state !== 'idle') return { ok: false, problem: problem('CARD_BUSY') }
      const done = await outcome((it) => it.finish())
      if (done.ok) restart()
      return done
    },
    'card.update.cancel': () => outcome((it) => ({ cancelled: it.cancel() })),
    'card.update.status': () => outcome((it) => it.status()),
  }
}
