import { hasTlsProfile } from '../internet/tls-profile.ts'
import { type KeyPair, keyPair } from '../keys/x25519.ts'
import { LineFormatError } from '../wire/line/cbor.ts'
import { decodeTicket } from '../wire/line/ticket.ts'
import type { Check, Result } from '../wire/usb/methods.ts'
import type { PinAnswer } from '../wire/usb/pin.ts'
import type { CardClient } from './card/card-client.ts'
import { CardFiles, type OnBytes } from './card/card-files.ts'
import { CardLink } from './card/card-link.ts'
import { sendUpdate, type UpdateStatus, updateStatus } from './card/card-update.ts'
import { type CardPlace, greeted, hello, isSame, openClient, serialOf, whereNow } from './card/greeting.ts'
import { callOverLine } from './card/line-call.ts'
import { forgetSerial, keepPairing, pairingFolder } from './card/pairing.ts'
import { fault } from './errors.ts'
import type { OnProgress } from './events.ts'
import { type LoginOutcome, type LoginRequest, logIn } from './flows/first.ts'
import { type PayOutcome, type PayRequest, pay } from './flows/pay.ts'
import { type PrefetchOutcome, type PrefetchRequest, prefetch } from './flows/prefetch.ts'
import { logInWithStoredKey } from './flows/stored.ts'
import { checkVia } from './requests/keyed-agent.ts'
import { KeyPool } from './stored/key-pool.ts'
import { type After, after, afterUnheld } from './timers.ts'

export interface TerminalOptions extends CardPlace {
  /** Keys that wait for later sessions; given to several terminals, they share them. Else the terminal has its own. */
  readonly keys?: KeyPool
  /** Where the k X25519 pairs of a login come from; each is used once and its secret half wiped. */
  readonly newKeyPair?: () => KeyPair
}

export interface TerminalStatus {
  readonly firmware: string
  readonly card: Result<'card.status'>['card']
}

export type Enrolled = Result<'card.enrol'>

/**
 * A terminal: this computer with its card (SYSTEM.md, parts 10 and 50).
 *
 *     const terminal = await Terminal.open({ card: '/dev/ttyACM0' })
 *     const login = await terminal.login({ userId: 'alice', password })
 *     if (login.verdict === 'permitted') await login.session.download('two-tones.mp3')
 */
export class Terminal {
  /** Keys of earlier calls that wait for later sessions. */
  readonly keys: KeyPool
  /** Files that are kept on the card. */
  readonly files: CardFiles
  /** The card works for computers that were paired with it only, as this one. */
  readonly wantsPairing: boolean
  readonly #client: CardLink
  #firmware: string
  #card: TerminalStatus['card']
  readonly #onProgress: OnProgress
  readonly #newKeyPair: () => KeyPair
  readonly #after: After

  private constructor(client: CardLink, hello: Result<'card.hello'>, options: TerminalOptions) {
    this.#client = client
    this.files = new CardFiles(client)
    this.wantsPairing = hello.pairing !== undefined
    this.#firmware = hello.firmware
    this.#card = hello.card
    this.keys = options.keys ?? new KeyPool()
    this.#onProgress = options.onProgress ?? (() => {})
    this.#newKeyPair = options.newKeyPair ?? (() => keyPair())
    this.#after = options.after ?? after
  }

  /** The card wants its PIN before anything else, as far as this terminal knows. */
  get locked(): boolean {
    return this.#card.pin === 'locked'
  }

  /**
   * Opens the card, proves that this computer is paired where the card wants it, and asks who it is.
   * @throws KeylineError CARD_*, NODE_TOO_OLD
   */
  static async open(options: TerminalOptions): Promise<Terminal> {
    // Before a call is made whose key could not be used.
    if (!hasTlsProfile()) throw fault('NODE_TOO_OLD')
    const { card } = options
    const serial = await serialOf(options)
    const first = await greeted(options, serial)
    const connect = async (): Promise<CardClient> => {
      const { client, hello } = await greeted(await whereNow(options, serial), serial)
      if (!isSame({ ...first.hello, card: terminal.#card }, hello)) {
        await client.close()
        throw fault('CARD_GONE', { what: 'the card was unplugged, and another one is in its place' })
      }
      terminal.#firmware = hello.firmware
      terminal.#card = hello.card
      return client
    }
    const isStream = typeof card !== 'string' && !('modem' in card)
    const after = options.after ?? afterUnheld
    const link = new CardLink({ client: first.client, connect: isStream ? undefined : connect, after })
    const terminal = new Terminal(link, first.hello, options)
    return terminal
  }

  /**
   * Makes this computer known to a card.
   * @param name of this computer, for the card's list, 1 … 64 characters
   * @param code asked for the eight digits that the card shows; told how many seconds they are good for
   * @returns names of card and computer to each other @throws KeylineError PAIRING_REFUSED, PAIRING_WAIT, PAIRINGS_FULL, CARD_*
   */
  static async pair(
    options: Pick<TerminalOptions, 'card' | 'pairings' | 'listPorts' | 'after'>,
    name: string,
    code: (seconds: number) => Promise<string>,
  ): Promise<{ readonly card: string; readonly pc: string }> {
    const folder = options.pairings ?? pairingFolder(process.env)
    const serial = await serialOf(options)
    const client = await openClient(options)
    try {
      const { pairing } = await hello(client)
      if (pairing === undefined) {
        // The user says that this is his card, and it is to be paired no more.
        if (serial !== undefined) await forgetSerial(folder, serial)
        throw fault('CARD_TAKES_ANY')
      }
      const { seconds } = await client.call('card.pair.begin', {})
      const typed = (await code(seconds)).replaceAll(/\s/g, '')
      const { pc, key } = await client.call('card.pair.finish', { code: typed, name })
      if (serial !== undefined) await forgetSerial(folder, serial)
      await keepPairing(folder, pairing.card, { pc, key, ...(serial !== undefined && { serial }) })
      return { card: pairing.card, pc }
    } finally {
      await client.close()
    }
  }

  /** The computers that the card knows. @throws KeylineError CARD_* */
  async paired(): Promise<readonly { readonly pc: string; readonly name: string }[]> {
    return (await this.#client.call('card.paired', {})).pcs
  }

  /** @param pc undefined for all @returns how many the card forgot @throws KeylineError CARD_* */
  async unpair(pc?: string): Promise<number> {
    return (await this.#client.call('card.unpair', pc === undefined ? {} : { pc })).removed
  }

  /** After each start of a card with a PIN. @throws KeylineError CARD_PIN_WRONG, CARD_PIN_WAIT, CARD_PIN_ERASED, CARD_* */
  async unlock(pin: string): Promise<PinAnswer> {
    const answer = await this.#client.call('card.pin.unlock', { pin })
    await this.status() // a locked card did not say who it is
    return answer
  }

  /** @param current empty where there is none @param wanted empty for none from here on @throws KeylineError as unlock, CARD_PIN_UNSUPPORTED */
  setPin(current: string, wanted: string): Promise<PinAnswer> {
    return this.#client.call('card.pin.set', { current, wanted })
  }

  /**
   * Gives the card newer firmware, after which it starts anew: the next request waits for it.
   * @param bytes of a whole update @returns its version @throws KeylineError UPDATE_*, CARD_*
   */
  update(bytes: Uint8Array, onBytes: OnBytes = () => {}): Promise<string> {
    return sendUpdate(this.#client, bytes, onBytes)
  }

  /** Which version runs, and what became of the last update. @throws KeylineError UPDATE_UNSUPPORTED, CARD_* */
  updateStatus(): Promise<UpdateStatus> {
    return updateStatus(this.#client)
  }

  /** What the card says of itself. @throws KeylineError CARD_* */
  async status(): Promise<TerminalStatus> {
    const { card } = await this.#client.call('card.status', {})
    this.#card = card
    return { firmware: this.#firmware, card }
  }

  /** Lets the card look at modem, SIM card, network and each bearer; up to two minutes, and nobody is called. @throws KeylineError CARD_*, CARD_BUSY */
  async doctor(): Promise<readonly Check[]> {
    return (await this.#client.call('card.doctor', {})).checks
  }

  /**
   * Once per card: one call with the operator's ticket. After a lost answer the same ticket may be given again.
   * @param signal ends the call
   * @throws KeylineError TICKET_INVALID before anything is sent, CANCELLED, CARD_*, and the card's codes
   */
  async enrol(ticketText: string, signal?: AbortSignal): Promise<Enrolled> {
    const ticket = ticketText.trim()
    try {
      decodeTicket(ticket).secret.fill(0)
    } catch (error) {
      if (!(error instanceof LineFormatError)) throw error
      throw fault('TICKET_INVALID', { what: error.message, cause: error })
    }
    const enrolled = await callOverLine(this.#client, 'card.enrol', { ticket }, signal)
    this.#card = { ...this.#card, cardId: enrolled.cardId, internet: enrolled.internet }
    return enrolled
  }

  /**
   * The first embodiment up to S16: over the line, then over the Internet. The call has ended when this returns, and the
   * session then needs the card no longer. Where a key of an earlier call waits for this user at the card's server, no call is made.
   * @returns permitted with a session, or refused with its reason (S4, S15)
   * @throws KeylineError INPUT_INVALID, CANCELLED, CARD_*, INTERNET_*, SERVER_PROTOCOL, and the card's codes
   */
  async login(request: LoginRequest): Promise<LoginOutcome> {
    const parts = this.#parts()
    checkVia(request.internetVia, this.#card.internet)
    const stored = request.fresh ? undefined : await logInWithStoredKey(parts, request, this.#card.internet)
    return stored ?? logIn(parts, request)
  }

  /**
   * A call for later sessions, made when it is quiet: keys are exchanged and wait, and no session is opened (D-2).
   * @throws KeylineError INPUT_INVALID, CANCELLED, CARD_*, and the card's codes
   */
  async prefetch(request: PrefetchRequest): Promise<PrefetchOutcome> {
    checkVia(request.internetVia, this.#card.internet)
    return prefetch(this.#parts(), request)
  }

  /**
   * The second and third embodiment from the personal data on (S29–S36, S63–S70): tag and personal data over the line, in one call
   * that has ended when this returns. It works with and without a session.
   * @returns paid with its receipt, or why not; only `paid` and `pending` have an order at the server
   * @throws KeylineError INPUT_INVALID, CANCELLED, AMOUNT_CHANGED, LINE_OUTCOME_UNKNOWN, CARD_*, SERVER_PROTOCOL, and the card's codes
   */
  pay(request: PayRequest): Promise<PayOutcome> {
    return pay({ card: this.#client, onProgress: this.#onProgress }, request)
  }

  /** Frees the card's port. Sessions go on until they are closed or their lifetime is over, and keys wait until they lapse. */
  close(): Promise<void> {
    return this.#client.close()
  }

  #parts() {
    const { cardId } = this.#card
    const own = { newKeyPair: this.#newKeyPair, onProgress: this.#onProgress, after: this.#after, keys: this.keys }
    return { card: this.#client, cardId, ...own }
  }
}
