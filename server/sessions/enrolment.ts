import { timingSafeEqual } from 'node:crypto'
import { sha256 } from '../../keys/kdf.ts'
import { NoiseError } from '../../keys/noise.ts'
import { cardHint } from '../../keys/ratchet.ts'
import { ServerEnrolment } from '../../line/enrolment.ts'
import type { EnrolmentRefusal } from '../../wire/line/enrolment.ts'
import type { StoredTicket } from '../store/store.ts'
import type { LineServiceOptions } from './line-options.ts'

/** Times that another node may be faster with the same ticket before this one gives up. */
const RACES_MAX = 3

/**
 * Enrolment (once per card): Noise IKpsk2 message 1.
 * @returns message 2, which only who holds the ticket can read; undefined for what is no request or has no ticket here
 * @throws LineFormatError; ServerError from the store
 */
export async function handleEnrolment(
  options: LineServiceOptions,
  addresses: readonly string[],
  request: Uint8Array,
): Promise<Uint8Array | undefined> {
  const enrolment = open(options, addresses, request)
  if (enrolment === undefined) return undefined
  const requestHash = sha256(request)
  for (let tries = 0; tries < RACES_MAX; tries++) {
    const ticket = await options.store.ticket(enrolment.cardId)
    if (ticket === undefined) return undefined
    try {
      const ended = await answer(options, enrolment, requestHash, ticket)
      if (ended !== 'raced') return ended
    } finally {
      ticket.secret?.wipe()
    }
  }
  return undefined
}

async function answer(
  { store, now, log, onSessionsEnded }: LineServiceOptions,
  enrolment: ServerEnrolment,
  requestHash: Uint8Array,
  ticket: StoredTicket,
): Promise<Uint8Array | undefined | 'raced'> {
  const { cardId, cardPublic } = enrolment
  const { secret, ticketId } = ticket
  // Who only knows the server's key and a card id must not use up that card's ticket.
  if (secret === undefined || !enrolment.holds(secret)) return undefined
  const at = now()
  if (ticket.response && ticket.requestHash && timingSafeEqual(ticket.requestHash, requestHash)) {
    log({ event: 'answer.repeated', path: 'line', card: cardId })
    return ticket.response
  }
  const reason = refusal(ticket, at)
  if (reason !== undefined) {
    const { response, ratchet } = enrolment.respond(secret, { verdict: 'refused', reason })
    ratchet.wipe()
    log({ event: 'enrolment.refused', path: 'line', card: cardId, reason })
    return response
  }
  const { response, ratchet } = enrolment.respond(secret, { verdict: 'enrolled' })
  const hint = cardHint(ratchet)
  const commit = { requestHash, cardId, ticketId, at, cardPublic, ratchet, hint, response }
  const done = await store.commitEnrolment(commit).finally(() => ratchet.wipe())
  if (!done) return 'raced'
  log({ event: 'card.enrolled', path: 'line', card: cardId })
  onSessionsEnded() // of the card's former keys, if it had any
  return response
}

function refusal({ state, expiresAt }: StoredTicket, now: number): EnrolmentRefusal | undefined {
  if (state === 'revoked') return 'TICKET_REVOKED'
  if (state === 'used') return 'TICKET_USED'
  return expiresAt <= now ? 'TICKET_EXPIRED' : undefined
}

/** @returns the request under the called address that it was made for, or undefined when it is good under none */
function open(
  { own }: LineServiceOptions,
  addresses: readonly string[],
  request: Uint8Array,
): ServerEnrolment | undefined {
  for (const calledAddress of addresses) {
    try {
      return new ServerEnrolment(own, calledAddress, request)
    } catch (error) {
      if (!(error instanceof NoiseError)) throw error
    }
  }
  return undefined
}
