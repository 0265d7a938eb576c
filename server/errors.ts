/** Errors of this program that an operator can do something about. */
const FAULTS = {
  USAGE: { what: 'the command line was not understood', cure: 'see keyline server --help' },
  DATA_MISSING: { what: 'the data folder has no server in it', cure: 'check --data, or begin with user add' },
  DATA_UNSAFE: { what: 'others may write into the data folder', cure: 'make it yours alone (chmod 700)' },
  DATA_UNUSABLE: { what: 'the data folder cannot be used', cure: 'check its path, owner and free space' },
  STORE_DAMAGED: { what: 'the database holds what it should not', cure: 'restore it from a backup' },
  STORE_VERSION: { what: 'the database is of a newer version', cure: 'run the newer version of this program' },
  CONTENT_UNUSABLE: { what: 'the content folder cannot be read', cure: 'check --content and its permissions' },
  CERTIFICATE_UNUSABLE: {
    what: 'the certificate of the open shop cannot be used',
    cure: 'check --certificate and --certificate-key: both, in PEM, of one another, the key not writable by everybody',
  },
  LINE_LISTEN_FAILED: {
    what: 'the packet port cannot be opened',
    cure: 'check --packet-listen: one address of this computer in the private network, and a port that nobody uses',
  },
  LISTEN_FAILED: { what: 'the Internet port cannot be opened', cure: 'check --listen, and who uses this port already' },
  USER_EXISTS: { what: 'there is such a user already', cure: 'use user password to change the password' },
  USER_UNKNOWN: { what: 'there is no such user', cure: 'see user list' },
  PASSWORD_UNFIT: { what: 'the password is too short or too long', cure: 'take 8 characters to 128 bytes' },
  PASSWORD_MISSING: { what: 'no password was given', cure: 'give it as the first line of standard input' },
  TICKET_UNKNOWN: { what: 'there is no unused ticket for this card', cure: 'issue one with ticket' },
  CARD_UNKNOWN: { what: 'there is no such card', cure: 'see card list' },
  GOODS_UNUSABLE: { what: 'the goods cannot be loaded', cure: 'correct the file; nothing of it was loaded' },
  GOODS_UNKNOWN: { what: 'there is no such product', cure: 'see goods list' },
  STOCK_TOO_SMALL: { what: 'there is not so much in stock', cure: 'see goods list: what tags hold is not in it' },
  ORDER_UNKNOWN: { what: 'there is no such order', cure: 'see order list' },
  ORDER_NOT_PAID: { what: 'the order is not paid', cure: 'see order show' },
  ORDER_NOT_PENDING: { what: 'the order is not waiting for shipment', cure: 'see order show' },
  ACQUIRER_KEY_UNUSABLE: {
    what: 'the acquirer’s key cannot be used',
    cure: 'give --acquirer-key a file that is yours alone (chmod 600), with KEYID:BASE64 in it',
  },
  CARD_NOT_LOCKED: { what: 'this card is not locked', cure: 'see card list' },
  UNEXPECTED: { what: 'something unforeseen happened', cure: 'please report it' },
} as const satisfies Readonly<Record<string, { readonly what: string; readonly cure: string }>>

export type ServerFaultCode = keyof typeof FAULTS

/** Its message is `CODE: what; cure`; there are no secrets in it. */
export class ServerError extends Error {
  readonly code: ServerFaultCode
  readonly what: string
  readonly cure: string

  /** @param what in place of the table's sentence where more is known */
  constructor(code: ServerFaultCode, what: string = FAULTS[code].what, cause?: unknown) {
    const { cure } = FAULTS[code]
    super(`${code}: ${what}; ${cure}`, cause === undefined ? {} : { cause })
    this.name = 'ServerError'
    this.code = code
    this.what = what
    this.cure = cure
  }
}

/** Anything as a ServerError; what was not foreseen becomes UNEXPECTED with its message. */
export function asServerError(error: unknown): ServerError {
  if (error instanceof ServerError) return error
  const message = error instanceof Error ? error.message : String(error)
  return new ServerError('UNEXPECTED', `something unforeseen happened: ${message}`, error)
}

/** The code of a system call's error, as ENOENT. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
