import { CardPin } from '../../../firmware/card/card-pin.ts'
import { type ConsentAsker, ConsentGate, type ConsentPolicy, NEVER_ASK } from '../../../firmware/card/consent.ts'
import type { Disk } from '../../../firmware/card/disk.ts'
import type { CardProblem, Outcome } from '../../../firmware/card/errors.ts'
import { FileArea } from '../../../firmware/card/file-area.ts'
import { LineJobs } from '../../../firmware/card/jobs.ts'
import { Pairings } from '../../../firmware/card/pairings.ts'
import { PinTries } from '../../../firmware/card/pin-tries.ts'
import type { BearerBudget } from '../../../firmware/card/policy.ts'
import { Vault } from '../../../firmware/card/vault.ts'
import { cardApi } from '../../../firmware/usb/api.ts'
import { PairingGate } from '../../../firmware/usb/pairing-gate.ts'
import type { CardApi } from '../../../firmware/usb/usb-link.ts'
import type { Secret } from '../../../keys/secret.ts'
import { encodeBinaryRequest } from '../../../wire/line/bhttp.ts'
import { encodePayment, PERSONAL_DATA_TYPE } from '../../../wire/line/personal-data.ts'
import type { NotificationParams, Params, Result } from '../../../wire/usb/methods.ts'
import { FakeClock } from '../../fake-clock.ts'
import { FakeLine } from './fake-line.ts'
import { bytes } from './fixture.ts'
import { MemoryDisk } from './memory-disk.ts'
import { ServerDouble, TERMS } from './server-double.ts'

export const NOW_SECONDS = 1_900_000_000
const CALLS_ONLY: readonly BearerBudget[] = [{ bearer: 'call', budgetMs: 240_000 }]

/** A card with everything around it in the hand of the test. */
export class TestCard {
  readonly clock = new FakeClock()
  readonly notes: NotificationParams<'line.state'>[] = []
  readonly ends: (CardProblem | undefined)[] = []
  readonly vault: Vault
  readonly line: FakeLine
  readonly jobs: LineJobs
  readonly pin: CardPin
  readonly files: FileArea
  readonly gate: PairingGate
  /** Pairing codes that the card showed. */
  readonly codes: string[] = []
  nowSeconds = NOW_SECONDS
  readonly consent: ConsentGate
  asks: ConsentPolicy = NEVER_ASK
  asker: ConsentAsker['ask'] = () => new Promise(() => {})

  policy: readonly BearerBudget[] = [{ bearer: 'call', budgetMs: 240_000 }]

  constructor(
    line = new FakeLine(new ServerDouble()),
    disk: Disk = new MemoryDisk(),
    policy = CALLS_ONLY,
    board?: Secret,
  ) {
    this.line = line
    this.vault = Vault.open(disk, board)
    this.files = new FileArea(new MemoryDisk(), this.vault)
    const tries = board && new PinTries(disk, board)
    this.pin = new CardPin({ vault: this.vault, tries, clock: this.clock, onErase: () => this.files.erase() })
    this.gate = new PairingGate(new Pairings(disk, board), this.clock, (code) => this.codes.push(code))
    const asks = (): ConsentPolicy => this.asks
    this.consent = new ConsentGate({
      get policy() {
        return asks()
      },
      asker: { ask: (wish, signal) => this.asker(wish, signal) },
      clock: this.clock,
    })
    this.jobs = new LineJobs({
      consent: this.consent,
      vault: this.vault,
      line,
      clock: this.clock,
      nowSeconds: () => this.nowSeconds,
      policy,
      events: { line: (it) => this.notes.push(it), ended: (failure) => this.ends.push(failure) },
    })
  }

  /** @param pairing whether a PC must be paired */
  api(onEnrolled: (id: string) => void = () => {}, pairing = false): CardApi {
    const { vault, jobs, line, pin, files, gate } = this
    return cardApi({ vault, jobs, line, pin, files, gate, pairing, onEnrolled })
  }

  get server(): ServerDouble {
    return this.line.server
  }

  enrol(ticket: string): Promise<Outcome<Result<'card.enrol'>>> {
    return this.end(this.jobs.enrol({ ticket }))
  }

  login(label = 'a', options: Partial<Params<'line.login'>> = {}): Promise<Outcome<Result<'line.login'>>> {
    return this.end(this.jobs.login(loginParams(label, options)))
  }

  pay(label = 'a', options: Partial<Params<'line.pay'>> = {}): Promise<Outcome<Result<'line.pay'>>> {
    return this.end(this.jobs.pay(payParams(label, options)))
  }

  /** Lets time pass until it is over; half an hour is more than any job may take. */
  async end<T>(job: Promise<T>): Promise<T> {
    let over = false
    const watched = job.finally(() => {
      over = true
    })
    watched.catch(() => {})
    for (let seconds = 0; !over; seconds++) {
      if (seconds > 1800) throw new Error('the job does not end')
      await this.clock.advance(seconds === 0 ? 0 : 1000)
    }
    return watched
  }
}

/** Enrolled with ticket `label`. */
export async function enrolledCard(label = 'one', disk?: Disk): Promise<TestCard> {
  const card = new TestCard(undefined, disk)
  const outcome = await card.enrol(card.server.ticket(label))
  if (!outcome.ok) throw new Error(outcome.problem.what)
  card.notes.length = 0
  card.line.calls.length = 0
  return card
}

export function loginParams(label: string, options: Partial<Params<'line.login'>> = {}): Params<'line.login'> {
  const terminalKeys = [Buffer.from(bytes(`po ${label}`)).toString('base64url')]
  return { userId: 'alice', password: 'correct horse', terminalKeys, ...options }
}

/** A card number that stands nowhere else. */
export const CARD_NUMBER = '4539578763621486'

export function paymentRequest(): Uint8Array {
  const data = {
    cardNumber: CARD_NUMBER,
    expiryMonth: 12,
    expiryYear: 2030,
    securityCode: '987',
    name: 'Hanako Aoyama-Unlikely',
    street: '1-2-3 Nowhere Street',
    postalCode: '100-0001',
    city: 'Tokyo',
    country: 'JP',
    contact: '',
  }
  return encodeBinaryRequest({
    method: 'POST',
    scheme: 'https',
    authority: 'keyline',
    path: '/pay',
    headers: [['content-type', PERSONAL_DATA_TYPE]],
    content: encodePayment({ amount: TERMS.amount, currency: TERMS.currency, data }),
  })
}

export function payParams(label: string, options: Partial<Params<'line.pay'>> = {}): Params<'line.pay'> {
  return {
    userId: 'alice',
    tag: Buffer.from(bytes(`tag ${label}`).subarray(0, 16)).toString('base64url'),
    expected: { amount: TERMS.amount, currency: TERMS.currency },
    request: Buffer.from(paymentRequest()).toString('base64url'),
    embodiment: 2,
    ...options,
  }
}

export function codeOf(outcome: Outcome<unknown>): string {
  return outcome.ok ? 'ok' : outcome.problem.code
}

export function verdictOf(outcome: Outcome<Result<'line.login'>>): string {
  if (!outcome.ok) return outcome.problem.code
  return outcome.result.verdict === 'permitted' ? 'permitted' : outcome.result.reason
}
