import { createHash } from 'node:crypto'
import type { CardRecord, Enrolled, Enrolling, PendingCall } from '../../../firmware/card/record.ts'
import { Secret } from '../../../keys/secret.ts'
import { keyPair } from '../../../keys/x25519.ts'

export const NUMBER = '+815551000'

export function bytes(label: string): Uint8Array {
  return new Uint8Array(createHash('sha256').update(label).digest())
}

export function secret(label: string): Secret {
  return new Secret(bytes(label))
}

export function pendingCall(label = 'p'): PendingCall {
  return {
    calledAddress: NUMBER,
    request: Buffer.concat([bytes(`${label} request`), bytes(`${label} rest`), bytes(`${label} more`)]),
    ephemeral: secret(`${label} ephemeral`),
    mark: bytes(`${label} mark`),
  }
}

export function enrolled(label = 'e', pending?: PendingCall): Enrolled {
  return {
    cardId: `card-${label}`,
    ownNumber: '',
    internet: 'server.example:443',
    line: [{ bearer: 'call', address: NUMBER }],
    serverPublic: keyPair(bytes('server')).publicKey,
    ownSecret: secret(`${label} own`),
    ratchet: secret(`${label} ratchet`),
    ticketMark: bytes(`${label} ticket`),
    pending,
  }
}

export function enrolling(label = 'n'): Enrolling {
  return {
    ticketMark: bytes(`${label} ticket`),
    calledAddress: NUMBER,
    ownSecret: secret(`${label} own`),
    request: bytes(`${label} request`),
    ephemeral: secret(`${label} ephemeral`),
  }
}

export function record(e?: Enrolled, n?: Enrolling): CardRecord {
  return { enrolled: e, enrolling: n }
}
