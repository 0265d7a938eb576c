import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { Secret } from '../../keys/secret.ts'
import { LineFormatError } from '../../wire/line/cbor.ts'
import { type BearerName, decodeTicket, encodeTicket, type LineAddress, type Ticket } from '../../wire/line/ticket.ts'
import { COMMON, cardId, TICKET } from '../arguments.ts'
import { ServerError } from '../errors.ts'
import { type Command, command } from './command.ts'

const HOUR_MS = 3_600_000
const SECRET_BYTES = 32
const TICKET_ID_BYTES = 16

export const TICKET_COMMANDS: Readonly<Record<string, Command>> = {
  ticket: command({
    schema: TICKET,
    options: {
      number: { type: 'string', multiple: true },
      packet: { type: 'string', multiple: true },
      sms: { type: 'string', multiple: true },
      canary: { type: 'string' },
      internet: { type: 'string' },
      'valid-hours': { type: 'string' },
    },
    words: ['CARD-ID'],
    begins: true,
    run: async ({ store, now }, [word = ''], { internet, canary, 'valid-hours': hours, ...to }) => {
      const id = cardId(word)
      const line = lineOf(to)
      const issuedAt = now()
      const expiresAtSeconds = Math.floor((issuedAt + hours * HOUR_MS) / 1000)
      const secret = new Secret(Uint8Array.from(randomBytes(SECRET_BYTES)))
      const text = encode({
        cardId: id,
        line,
        internet,
        serverPublic: (await store.identity()).publicKey,
        secret: secret.reveal(),
        expiresAtSeconds,
        ...(canary === undefined ? {} : { canary }),
      })
      const ticketId = randomBytes(TICKET_ID_BYTES)
      const expiresAt = expiresAtSeconds * 1000
      const addresses = line.map(({ address }) => address)
      await store.issueTicket({ cardId: id, ticketId, secret, issuedAt, expiresAt, addresses })
      secret.wipe()
      return { text, fields: { ticket: text, cardId: id, expiresAt: new Date(expiresAt).toISOString() } }
    },
  }),
  'ticket revoke': command({
    schema: z.object(COMMON),
    words: ['CARD-ID'],
    run: async ({ store, now }, [word = '']) => {
      const id = cardId(word)
      if (!(await store.revokeTicket(id, now()))) {
        throw new ServerError('TICKET_UNKNOWN', `there is no unused ticket for ${id}`)
      }
      return { text: `the ticket for ${id} was revoked`, fields: { cardId: id } }
    },
  }),
}

/** In the order of the bearers that a card has. */
function lineOf(to: Readonly<Record<'number' | 'packet' | 'sms', readonly string[]>>): LineAddress[] {
  const of = (bearer: BearerName, addresses: readonly string[]) => addresses.map((address) => ({ bearer, address }))
  return [...of('call', to.number), ...of('packet', to.packet), ...of('sms', to.sms)]
}

/** Only what a card will read again is given away. @throws ServerError USAGE */
function encode(ticket: Ticket): string {
  const text = encodeTicket(ticket)
  try {
    decodeTicket(text).secret.fill(0)
    return text
  } catch (cause) {
    if (!(cause instanceof LineFormatError)) throw cause
    throw new ServerError('USAGE', '--internet expected HOST:PORT', cause)
  }
}
