import { API_VERSION, type Check, type Result } from '../../wire/usb/methods.ts'
import type { CardPin } from '../card/card-pin.ts'
import type { FileArea } from '../card/file-area.ts'
import type { LineJobs } from '../card/jobs.ts'
import type { LinePort } from '../card/line-call.ts'
import type { Vault } from '../card/vault.ts'
import type { Updates } from '../update/updates.ts'
import { VERSION } from '../version.ts'
import { filesApi } from './files-api.ts'
import type { PairingGate } from './pairing-gate.ts'
import { pinApi } from './pin-api.ts'
import { updateApi } from './update-api.ts'
import type { CardApi } from './usb-link.ts'

/** Name and version that a driver is told. */
export const FIRMWARE = `keyline-card ${VERSION}`
const MODEM_MAX = 256
/** What a PC that is not paired hears of a card. */
const STRANGER = { cardId: '', enrolled: false, internet: '', state: 'idle', modem: '' } as const

export interface CardParts {
  readonly vault: Vault
  readonly jobs: LineJobs
  readonly line: LinePort
  readonly pin: CardPin
  readonly files: FileArea
  readonly gate: PairingGate
  /** Whether a PC must be paired. */
  readonly pairing: boolean
  /** Where the launcher knows slots. */
  readonly updates?: Updates | undefined
  /** What the board may have wrong. */
  readonly boardChecks?: (() => readonly Check[]) | undefined
  /** Ends the program, which is started again. */
  readonly restart?: () => void
  readonly onEnrolled: (cardId: string) => void
  /** Another program is at the PC: what was agreed with the one before holds no more. */
  readonly onHello?: () => void
}

/** The card API on the card's parts. */
export function cardApi({
  vault,
  jobs,
  line,
  pin,
  files,
  gate,
  pairing,
  updates,
  boardChecks,
  restart,
  onHello,
  onEnrolled,
}: CardParts): CardApi {
  const card = (): Result<'card.status'>['card'] => {
    const locked = pin.state === 'locked'
    const enrolled = locked ? undefined : vault.record.enrolled
    const network = line.network()
    return {
      cardId: enrolled?.cardId ?? '',
      enrolled: enrolled !== undefined,
      internet: enrolled?.internet ?? '',
      state: jobs.state,
      modem: line.modem().slice(0, MODEM_MAX),
      ...(network !== undefined && { network }),
      ...(pin.state !== 'none' && { pin: pin.state }),
    }
  }
  const api: CardApi = {
    'card.hello': async () => {
      // A driver begins with this: a job that still runs is of one that is gone. The line is hung up before the next call.
      jobs.cancel()
      onHello?.()
      files.cancel()
      updates?.cancel()
      const hello = { version: API_VERSION, firmware: FIRMWARE } as const
      if (pairing) return { ok: true, result: { ...hello, card: STRANGER, pairing: gate.hello() } }
      return { ok: true, result: { ...hello, card: card() } }
    },
    'card.status': async () => ({ ok: true, result: { card: card() } }),
    'card.doctor': async () => {
      const outcome = await jobs.check()
      if (!outcome.ok || boardChecks === undefined) return outcome
      return { ok: true, result: { checks: [...boardChecks(), ...outcome.result.checks] } }
    },
    'card.enrol': async (params) => {
      const outcome = await jobs.enrol(params)
      if (outcome.ok) onEnrolled(outcome.result.cardId)
      return outcome
    },
    'line.login': (params) => jobs.login(params),
    'line.pay': (params) => jobs.pay(params),
    'line.cancel': async () => ({ ok: true, result: { cancelled: jobs.cancel() } }),
    ...gate.api(),
    ...pinApi(pin),
    ...filesApi(files),
    ...updateApi(updates, jobs, restart ?? (() => {})),
  }
  return pairing ? gate.guard(api) : api
}
