import { LineFormatError } from '../../wire/line/cbor.ts'
import { type BearerName, checkLineAddress, type LineAddress, type Ticket } from '../../wire/line/ticket.ts'
import { CardError } from './errors.ts'
import type { Enrolled } from './record.ts'

declare const enrolled: unique symbol

/**
 * IDb: the server's number as enrolled (claim 7). Made only here, out of what a ticket or the vault says; no text of a PC can
 * become one. The type keeps honest code honest, `assertEnrolled` stops the rest.
 */
export type EnrolledAddress = LineAddress & {
  /** Address on the Internet that a packet network must not reach, where the operator named one. */
  readonly canary: string | undefined
  readonly [enrolled]: true
}

const made = new WeakSet<object>()

/** Numbers of the server that this card is enrolled with. @param bearers those that the card can use, best first */
export function enrolledAddresses(card: Enrolled, bearers: readonly BearerName[]): readonly EnrolledAddress[] {
  return addresses(card, bearers)
}

/** Numbers of the server that a ticket is for. */
export function ticketAddresses(ticket: Ticket, bearers: readonly BearerName[]): readonly EnrolledAddress[] {
  return addresses(ticket, bearers)
}

/** The last look before a number reaches a modem. @throws CardError NUMBER_NOT_ENROLLED for anything not made here */
export function assertEnrolled(address: EnrolledAddress): void {
  if (!made.has(address)) throw new CardError('NUMBER_NOT_ENROLLED')
}

function addresses(
  { line, canary }: { readonly line: readonly LineAddress[]; readonly canary?: string | undefined },
  bearers: readonly BearerName[],
): readonly EnrolledAddress[] {
  const usable = bearers.flatMap((bearer) => line.filter((entry) => entry.bearer === bearer))
  return usable.map(({ bearer, address }) => {
    // Checked when the ticket was read; a vault is only a file, and this text goes into a command line (V.250 §6.3.1).
    if (!isAddress({ bearer, address })) throw new CardError('NUMBER_NOT_ENROLLED')
    const it = Object.freeze({ bearer, address, canary }) as EnrolledAddress // the one place where the brand is given
    made.add(it)
    return it
  })
}

function isAddress(entry: LineAddress): boolean {
  try {
    checkLineAddress(entry)
    return true
  } catch (error) {
    if (!(error instanceof LineFormatError)) throw error
    return false
  }
}
