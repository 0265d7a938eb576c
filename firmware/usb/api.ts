import { API_VERSION, type Result } from '../../wire/usb/methods.ts'
import type { LineJobs } from '../card/jobs.ts'
import type { LinePort } from '../card/line-call.ts'
import type { Vault } from '../card/vault.ts'
import type { CardApi } from './usb-link.ts'

/** Name and version that a driver is told. */
export const FIRMWARE = 'keyline-card 0.1.0'
const MODEM_MAX = 256

export interface CardParts {
  readonly vault: Vault
  readonly jobs: LineJobs
  readonly line: LinePort
  readonly onEnrolled: (cardId: string) => void
}

/** The card API on the card's parts. */
export function cardApi({ vault, jobs, line, onEnrolled }: CardParts): CardApi {
  const card = (): Result<'card.status'>['card'] => {
    const { enrolled } = vault.record
    const network = line.network()
    return {
      cardId: enrolled?.cardId ?? '',
      enrolled: enrolled !== undefined,
      internet: enrolled?.internet ?? '',
      state: jobs.state,
      modem: line.modem().slice(0, MODEM_MAX),
      ...(network !== undefined && { network }),
    }
  }
  return {
    'card.hello': async () => {
      // A driver begins with this: a job that still runs is of one that is gone. The line is hung up before the next call.
      jobs.cancel()
      return { ok: true, result: { version: API_VERSION, firmware: FIRMWARE, card: card() } }
    },
    'card.status': async () => ({ ok: true, result: { card: card() } }),
    'card.doctor': () => jobs.check(),
    'card.enrol': async (params) => {
      const outcome = await jobs.enrol(params)
      if (outcome.ok) onEnrolled(outcome.result.cardId)
      return outcome
    },
    'line.login': (params) => jobs.login(params),
    'line.pay': (params) => jobs.pay(params),
    'line.cancel': async () => ({ ok: true, result: { cancelled: jobs.cancel() } }),
  }
}
