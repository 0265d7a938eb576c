/** Exit codes of the command line. */
export const EXIT = { ok: 0, failed: 1, usage: 2, refused: 3, card: 4, internet: 5 } as const

interface FaultText {
  /** What happened, where nothing more is known. */
  readonly what: string
  readonly cure: string
  /** Exit code of the command line. */
  readonly exit: keyof typeof EXIT
}

/** All codes that this driver itself raises. Those of card and server come with their own sentences. */
export const FAULTS = {
  // What the user or the calling program gave.
  USAGE: { what: 'the command line was not understood', cure: 'see keyline --help', exit: 'usage' },
  INPUT_INVALID: { what: 'an argument is not valid', cure: 'correct it and try again', exit: 'usage' },
  TICKET_INVALID: { what: 'this is no whole enrolment ticket', cure: 'copy it again, all of it', exit: 'usage' },
  CANCELLED: { what: 'cancelled', cure: 'start again when you like', exit: 'failed' },
  UNEXPECTED: { what: 'something unforeseen happened', cure: 'please report it', exit: 'failed' },
  PROGRAM_MISSING: { what: 'this program is not installed', cure: 'install all of Keyline', exit: 'failed' },
  NODE_TOO_OLD: {
    what: 'this Node cannot encrypt what goes over the Internet: its OpenSSL is older than 3.5',
    cure: 'use Node 22.20 or newer, or the one of Debian 13',
    exit: 'failed',
  },
  CONFIG_INVALID: { what: 'the configuration file is not valid', cure: 'correct or remove it', exit: 'usage' },
  // The card and its cable.
  DOCTOR_FAILED: {
    what: 'something is not well',
    cure: 'do what is said, then run keyline doctor again',
    exit: 'card',
  },
  CARD_NOT_FOUND: { what: 'no card was found', cure: 'plug it in, or name its port with --card', exit: 'card' },
  CARD_AMBIGUOUS: {
    what: 'several cards were found',
    cure: 'name one by its serial number: --card SERIAL',
    exit: 'card',
  },
  CARD_IN_USE: { what: 'another program uses the card', cure: 'wait for it to end, or end it', exit: 'card' },
  CARD_FORBIDDEN: {
    what: 'this account may not open the card',
    cure: 'sudo usermod -aG dialout $USER, then log in to this computer again; or install the package keyline-host',
    exit: 'card',
  },
  CARD_GONE: { what: 'the card was unplugged or ended', cure: 'plug it in again and repeat', exit: 'card' },
  CARD_SILENT: {
    what: 'the card did not answer in time',
    cure: 'check that this port is the card, unplug it and plug it in again',
    exit: 'card',
  },
  CARD_UNPAIRED: { what: 'this card does not know this computer', cure: 'run keyline card pair', exit: 'card' },
  CARD_FOREIGN: {
    what: 'this is not the card that this computer was paired with',
    cure: 'unplug it; if it is yours, pair it again with keyline card pair',
    exit: 'card',
  },
  CARD_TAKES_ANY: { what: 'this card works for any computer', cure: 'nothing is to be done', exit: 'card' },
  CARD_UPDATE_FAILED: {
    what: 'the card did not stay with the new version',
    cure: 'nothing is lost: it runs the one before; keyline card update --status tells why',
    exit: 'card',
  },
  CARD_FILE_DIFFERS: {
    what: 'the file that came from the card is not the one that it lists',
    cure: 'read it again',
    exit: 'card',
  },
  CARD_PROTOCOL: {
    what: 'the card answered with something that the card API does not know',
    cure: 'check that this port is the card, and that card and driver are of one version',
    exit: 'card',
  },
  LINE_OUTCOME_UNKNOWN: {
    what: 'the personal data may have reached the server, and its answer did not come',
    cure: 'look at the order before you pay again: it may be paid already',
    exit: 'card',
  },
  CARD_BUSY: { what: 'too many requests wait for the card', cure: 'wait for one to end', exit: 'card' },
  TERMINAL_CLOSED: { what: 'the terminal was closed', cure: 'open it again', exit: 'failed' },
  // Refusals of the server, as the card and the server name them (S4, S15).
  LOGIN_REFUSED: {
    what: 'the server does not know this user ID with this password',
    cure: 'check both and log in again',
    exit: 'refused',
  },
  ACCOUNT_LOCKED: { what: 'the account is locked', cure: 'wait, or ask the operator', exit: 'refused' },
  CARD_LOCKED: { what: 'the server locked this card', cure: 'ask the operator', exit: 'refused' },
  CONSENT_REQUIRED: {
    what: 'the server wants the button of the card for this, and it was not pressed',
    cure: 'start the card with --consent login:always,pay:always, and hold its button when its light blinks',
    exit: 'refused',
  },
  SERVER_BUSY: { what: 'the server is busy', cure: 'try again later', exit: 'refused' },
  // Purchases: refusals of tag, card company and shop (S32, S66), and what became of an order.
  TAG_MISSING: { what: 'there is no purchase tag', cure: 'finish a basket with keyline shop finish', exit: 'usage' },
  TAG_UNKNOWN: {
    what: 'the shop does not know this purchase tag',
    cure: 'finish a basket to get one',
    exit: 'refused',
  },
  TAG_FOREIGN: {
    what: 'this purchase tag belongs to another user or card',
    cure: 'pay with the card that it was issued to',
    exit: 'refused',
  },
  TAG_USED: { what: 'this purchase tag was paid for already', cure: 'see keyline shop orders', exit: 'refused' },
  TAG_LAPSED: {
    what: 'the time of this purchase tag is over; its goods went back',
    cure: 'finish a new basket',
    exit: 'refused',
  },
  TAG_PENDING: {
    what: 'a payment for this purchase tag is under way',
    cure: 'wait; the order tells how it ends',
    exit: 'refused',
  },
  PAYMENT_REFUSED: {
    what: 'the card company refused the card; nothing was charged',
    cure: 'use another card, or ask your card company',
    exit: 'refused',
  },
  PAYMENT_NOT_TAKEN: {
    what: 'the payment did not reach the shop; nothing was charged',
    cure: 'pay again with the same tag',
    exit: 'failed',
  },
  PAYMENT_PENDING: {
    what: 'the card company has not answered yet',
    cure: 'do not pay again; the order tells how it ends',
    exit: 'failed',
  },
  PERSONAL_DATA_INVALID: {
    what: 'something in the personal data is not right; nothing was charged',
    cure: 'correct it and try again',
    exit: 'usage',
  },
  FORWARD_PORT_IN_USE: {
    what: 'the port to be forwarded cannot be opened',
    cure: 'end the other program, or choose another port',
    exit: 'failed',
  },
  GATEWAY_PORT_IN_USE: {
    what: 'the port for the gateway cannot be opened',
    cure: 'end the other program, or choose another --port',
    exit: 'failed',
  },
  RECEIPT_DIFFERS: {
    what: 'the receipt that came by telephone is not the one that the shop shows over the Internet',
    cure: 'keep both, and ask the operator of the shop',
    exit: 'failed',
  },
  // The Internet path.
  INTERNET_VIA_ABSENT: {
    what: 'the interface that the Internet path must leave by has no address',
    cure: 'connect it, or name another one with --internet-via: nothing goes by another route',
    exit: 'internet',
  },
  INTERNET_UNREACHABLE: {
    what: 'the server cannot be reached over the Internet',
    cure: 'check the connection to the Internet and try again',
    exit: 'internet',
  },
  INTERNET_CERTIFICATE_REFUSED: {
    what: 'the shop’s certificate is not good for this address',
    cure: 'check the address; if it is right, do not trust this network',
    exit: 'internet',
  },
  INTERNET_PATH_REFUSED: {
    what: 'the server did not prove that it holds the session key',
    cure: 'log in again, and if it repeats do not trust this network',
    exit: 'internet',
  },
  INTERNET_VIA_DIFFERS: {
    what: 'the session leaves by another interface than the one that was asked for',
    cure: 'log in again with this --internet-via',
    exit: 'internet',
  },
  INTERNET_BROKEN: { what: 'the connection broke', cure: 'try again', exit: 'internet' },
  INTERNET_STALLED: { what: 'nothing came over the Internet for too long', cure: 'try again', exit: 'internet' },
  SERVER_PROTOCOL: {
    what: 'the server answered with something that the terminal does not know',
    cure: 'check that terminal and server are of one version',
    exit: 'internet',
  },
  // The session.
  ROUTE_NEEDS_LINE: {
    what: 'this path may go over the line only',
    cure: 'send it by the card, never over the Internet',
    exit: 'failed',
  },
  PATH_INVALID: { what: 'expected a path on the server that begins with /', cure: 'correct it', exit: 'usage' },
  SESSION_EXPIRED: { what: 'the session is over: its lifetime has passed', cure: 'log in again', exit: 'failed' },
  SESSION_CLOSED: { what: 'the session was closed', cure: 'log in again', exit: 'failed' },
  NO_KEYS_LEFT: { what: 'no key waits', cure: 'get some with keyline keys fetch, or log in again', exit: 'failed' },
  NOT_LOGGED_IN: { what: 'nobody is logged in', cure: 'run keyline login first', exit: 'failed' },
  // Content.
  CONTENT_UNKNOWN: { what: 'the menu has no such name', cure: 'see keyline ls', exit: 'failed' },
  UNSAFE_NAME: {
    what: 'the server delivers this under a name that is not safe for a file',
    cure: 'give a file of your own with --to',
    exit: 'failed',
  },
  FILE_EXISTS: { what: 'the file exists', cure: 'name another one, or say --overwrite', exit: 'failed' },
  FILE_FAILED: { what: 'the file cannot be written', cure: 'check the folder and its permissions', exit: 'failed' },
  DISK_FULL: {
    what: 'the disk is full',
    cure: 'free some space and repeat: what was received is kept and continued',
    exit: 'failed',
  },
  CONTENT_MISMATCH: {
    what: 'what was received is not what the menu promised, and was thrown away',
    cure: 'try again, and tell the operator if it repeats',
    exit: 'internet',
  },
  CONTENT_CHANGED: { what: 'the content keeps changing at the server', cure: 'try again later', exit: 'internet' },
  // The session keeper.
  KEEPER_FAILED: { what: 'the session keeper did not start', cure: 'see keeper.log in its folder', exit: 'failed' },
  LOGIN_RUNNING: { what: 'another login is under way', cure: 'wait for it to end', exit: 'failed' },
  KEEPER_VERSION: {
    what: 'the session keeper that runs is of another version',
    cure: 'run keyline logout, then log in again',
    exit: 'failed',
  },
  KEEPER_PROTOCOL: { what: 'the session keeper answered strangely', cure: 'run keyline logout', exit: 'failed' },
  STATE_UNSAFE: {
    what: 'the folder of the session keeper is not private',
    cure: 'make it yours alone (chmod 700), or name another with KEYLINE_STATE',
    exit: 'failed',
  },
  REQUEST_INVALID: { what: 'the request is not valid', cure: 'use the commands of keyline', exit: 'failed' },
} as const satisfies Readonly<Record<string, FaultText>>

export type FaultCode = keyof typeof FAULTS
