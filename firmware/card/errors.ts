/** What a code means to the user: what happened, and what to do. */
interface CardText {
  readonly what: string
  readonly cure: string
}

/** All codes that the card itself raises. Refusals of a login (S4) are results of the server and not errors of the card. */
export const CARD_ERRORS = {
  // The telephone network and the modem.
  LINE_BUSY: { what: "the server's number is busy", cure: 'try again in a minute' },
  LINE_NO_ANSWER: {
    what: 'the server did not answer the call',
    cure: 'try again, and tell the operator if it repeats',
  },
  LINE_NO_CARRIER: {
    what: 'the call did not come about',
    cure: 'check reception and that the SIM may make data calls',
  },
  LINE_NO_DIALTONE: { what: 'there is no telephone network', cure: 'check the antenna, the SIM and the reception' },
  LINE_CANCELLED: { what: 'the call was cancelled', cure: 'start again when you like' },
  LINE_LOST: { what: 'the call broke off', cure: 'check the reception and try again' },
  LINE_NO_RESPONSE: {
    what: 'the server does not know this card or does not answer',
    cure: 'try again, and if it repeats check with the operator that this card is enrolled',
  },
  LINE_TAMPERED: {
    what: "the response is not the enrolled server's",
    cure: 'try again, and if it repeats tell the operator: the line is not to be trusted',
  },
  LINE_FORMAT: {
    what: 'the server answered with something that this card does not know',
    cure: 'check that card and server are of one version',
  },
  LINE_OUTCOME_UNKNOWN: {
    what: "the call ended before the server's answer to the personal data came",
    cure: 'look at the order before you pay again: it may be paid already',
  },
  AMOUNT_CHANGED: {
    what: 'the server would charge another amount than the one that was agreed to',
    cure: 'nothing was sent: look at the purchase tag, then pay again',
  },
  LINE_TIMEOUT: { what: 'the call took too long and was ended', cure: 'check the reception and try again' },
  LINE_IS_INTERNET: {
    what: 'the private network of the line reaches the Internet',
    cure: 'nothing was sent; tell the operator: this access point must not be used as the line',
  },
  LINE_NO_ADDRESS: {
    what: 'the enrolment names no number that this card can call',
    cure: 'ask the operator for a ticket with a telephone number',
  },
  NUMBER_NOT_ENROLLED: {
    what: 'a number that is not an enrolled one was to be dialled',
    cure: 'nothing was dialled; please report this fault',
  },
  LINE_NOT_REGISTERED: {
    what: 'no mobile network takes this modem',
    cure: 'check the antenna and the reception, and that the SIM card may be used here',
  },
  SIM_UNUSABLE: {
    what: 'the SIM card cannot be used',
    cure: 'check the SIM card and its PIN; keyline doctor says what it needs',
  },
  MODEM_ABSENT: { what: 'there is no modem', cure: 'check its cable and power, and the path given with --modem' },
  MODEM_FAULT: { what: 'the modem does not do as it is told', cure: 'switch it off and on again' },
  LINE_CONSENT_REFUSED: {
    what: 'the button was let go before its time: that is a no',
    cure: 'nothing was sent; start again, and hold the button as long as the text says',
  },
  LINE_CONSENT_TIMEOUT: {
    what: 'nobody held the button in time',
    cure: 'nothing was sent; start again, and hold the button while its light blinks',
  },
  BUTTON_STUCK: {
    what: 'the button is down all the time',
    cure: 'free the button or check its wiring: it connects its pin with ground only while it is pressed',
  },
  // Enrolment.
  CARD_NOT_ENROLLED: { what: 'this card is not enrolled', cure: 'enrol it with a ticket of the operator' },
  TICKET_INVALID: { what: 'this is no whole enrolment ticket', cure: 'copy it again, all of it' },
  TICKET_EXPIRED: { what: 'the ticket has expired', cure: 'ask the operator for a new one' },
  TICKET_USED: { what: 'the ticket was used already', cure: 'ask the operator for a new one, and who used this one' },
  TICKET_REVOKED: { what: 'the ticket was revoked', cure: 'ask the operator for a new one' },
  // The card itself.
  CARD_BUSY: { what: 'the card is making a call', cure: 'wait for it to end, or cancel it' },
  CARD_FAULT: { what: 'the card met a fault of its own program', cure: 'try again, and please report it' },
  VAULT_DAMAGED: {
    what: "the card's memory is damaged",
    cure: 'restore nothing from a copy: empty the store and enrol the card again with a new ticket',
  },
  VAULT_UNWRITABLE: {
    what: "the card's memory cannot be used",
    cure: 'check the store: its permissions and free space',
  },
  VAULT_IN_USE: { what: 'another card program uses this store', cure: 'end it, or give this one another --store' },
  VAULT_SEALED: {
    what: "the card's memory was sealed on another board",
    cure: 'use it on the board that it belongs to, with the same --board-secret; else empty the store and enrol again',
  },
  CARD_PIN_NEEDED: { what: 'the card is locked by its PIN', cure: 'unlock it: keyline card pin unlock' },
  CARD_PIN_WRONG: { what: 'this is not the PIN of the card', cure: 'try again with the right one, after the pause' },
  CARD_PIN_WAIT: { what: 'after a wrong PIN the next one must wait', cure: 'wait, then try again' },
  CARD_PIN_ERASED: {
    what: 'too many wrong PINs: the card has erased its memory',
    cure: 'ask the operator for a new ticket, and enrol the card again',
  },
  CARD_PIN_UNSUPPORTED: {
    what: 'a PIN needs a sealed memory',
    cure: 'start the card with --board-secret',
  },
  BOARD_SECRET: { what: 'the secret of this board cannot be used', cure: 'check the path given with --board-secret' },
  CARD_UNPAIRED: { what: 'this card does not know this computer', cure: 'pair them: keyline card pair' },
  PAIRING_REFUSED: {
    what: 'this is not the code that the card shows',
    cure: 'run keyline card pair again, and type the new code within two minutes',
  },
  PAIRING_WAIT: { what: 'after three wrong codes the card shows no new one for a while', cure: 'wait, then try again' },
  PAIRINGS_FULL: {
    what: 'the card knows eight computers already',
    cure: 'remove one from a computer that it knows: keyline card unpair',
  },
  FILE_NAME_INVALID: {
    what: 'this is no name of a file on the card',
    cure: 'use 1 to 100 bytes without slashes, control characters or a dot in front',
  },
  FILE_UNKNOWN: { what: 'the card has no such file', cure: 'see what it has: keyline card files ls' },
  FILE_DAMAGED: { what: 'this file of the card is damaged', cure: 'remove it and write it again' },
  FILE_REFUSED: { what: 'what was written is not what was announced', cure: 'write the file again' },
  FILES_FULL: { what: "the card's file area is full", cure: 'remove files: keyline card files rm NAME' },
  // Updates of the firmware.
  UPDATE_UNSUPPORTED: {
    what: 'this card takes no updates',
    cure: 'start it by its launcher with --slots and --update-keys; as a package it is updated by apt',
  },
  UPDATE_DAMAGED: { what: 'the update is damaged', cure: 'get it again, and send it again; nothing was changed' },
  UPDATE_FOREIGN: {
    what: 'the update is not signed by a key that this card trusts',
    cure: 'use one of the owner of the card; nothing was changed',
  },
  UPDATE_OTHER_BOARD: {
    what: 'the update is for another kind of board',
    cure: 'use the one for this board; nothing was changed',
  },
  UPDATE_INSTALLED: { what: 'the card runs this version already', cure: 'nothing is to be done' },
  UPDATE_RUNNING: {
    what: 'another update is under way, or waits for its first start',
    cure: 'wait a minute, then see keyline card update --status',
  },
  UPDATE_OLD: {
    what: 'the card had a newer version that worked',
    cure: 'make an update with a higher version; nothing was changed',
  },
  UPDATE_TOO_LARGE: { what: 'the update is larger than 16 MiB', cure: 'make a smaller one; nothing was changed' },
  // The cable to the PC.
  USB_PORT_UNUSABLE: {
    what: 'the port to the PC cannot be used',
    cure: 'check the path given with --usb, its permissions and that no other program uses it',
  },
  REQUEST_TOO_LONG: { what: 'a line was longer than 65,536 bytes', cure: 'send what the card API describes' },
  METHOD_UNKNOWN: { what: 'the card has no such method', cure: 'check that driver and card are of one version' },
  PARAMS_INVALID: { what: 'the parameters are not valid', cure: 'send what the card API describes' },
  VERSION_UNSUPPORTED: {
    what: 'the driver speaks another version of the card API',
    cure: 'bring driver and card to the same version',
  },
  // The board.
  BOARD_PROFILE: { what: 'this is no board profile', cure: 'see keyline card --help, or correct the file' },
  GPIO_ABSENT: {
    what: 'this machine has no GPIO chip of the board',
    cure: 'give the profile of this board with --board, or --board none for one without lights',
  },
  GPIO_PERMISSION: {
    what: 'the pins may not be used',
    cure: 'add the user of this program to the group gpio',
  },
  GPIO_BUSY: {
    what: 'a pin is used by another program',
    cure: 'end it, or give the profile of this board with --board',
  },
  GPIO_LINE: { what: 'the board has no such pin', cure: 'give the profile of this board with --board' },
  GPIO_UNUSABLE: { what: 'the pins cannot be used', cure: 'correct what is named, or start with --board none' },
  // The command line.
  USAGE: { what: 'the command line was not understood', cure: 'see keyline card --help' },
} as const satisfies Readonly<Record<string, CardText>>

export type CardErrorCode = keyof typeof CARD_ERRORS

/** An expected failure, as a value. */
export interface CardProblem {
  readonly code: CardErrorCode
  readonly what: string
  readonly cure: string
}

/** What a request to the card ends with. */
export type Outcome<R> =
  | { readonly ok: true; readonly result: R }
  | { readonly ok: false; readonly problem: CardProblem }

/** Longest sentence that leaves the card, characters: a detail may quote a modem. */
const WHAT_MAX = 400

/** @param detail added to the sentence; never a secret, never text of a PC */
export function problem(code: CardErrorCode, detail?: string): CardProblem {
  const { what, cure } = CARD_ERRORS[code]
  return { code, what: (detail === undefined ? what : `${what}: ${detail}`).slice(0, WHAT_MAX), cure }
}

/** A failure that ends what was going on: the program at its start, or a job through `problemOf`. */
export class CardError extends Error {
  readonly code: CardErrorCode
  readonly problem: CardProblem

  constructor(code: CardErrorCode, detail?: string, options?: ErrorOptions) {
    const it = problem(code, detail)
    super(`${code}: ${it.what}; ${it.cure}`, options)
    this.name = 'CardError'
    this.code = code
    this.problem = it
  }
}

/** What is not a CardError is a fault of the program: its text may hold anything and is not shown. */
export function problemOf(error: unknown): CardProblem {
  return error instanceof CardError ? error.problem : problem('CARD_FAULT')
}

/** Code of a failure of the operating system, as node:fs has it. */
export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason'
}

/** Something that the disk must do. @param doing what it was for @throws CardError VAULT_UNWRITABLE, and the CardErrors of `run` */
export function onDisk<T>(doing: string, run: () => T): T {
  try {
    return run()
  } catch (cause) {
    if (cause instanceof CardError) throw cause
    throw new CardError('VAULT_UNWRITABLE', `${doing} (${errorCode(cause)})`, { cause })
  }
}
