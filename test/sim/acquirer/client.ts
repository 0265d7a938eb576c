import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import {
  type Component,
  contentDigest,
  signatureBase,
  signatureParams,
  signHmac,
} from '../../../server/settlement/signature.ts'
import { type AcquirerProcess, makeKeyFile, startAcquirer } from '../../../sim/acquirer/process.ts'
import { folder } from '../fixture.ts'

export const PAYMENT_KEY = 'AAAAAAAAAAAAAAAAAAAAAA'
export const CARD = {
  cardNumber: '4242424242424242',
  expiryMonth: 12,
  expiryYear: 2040,
  securityCode: '123',
  name: 'Alice Example',
}
export const BODY = { amount: 1999, currency: 'JPY', card: CARD }

let nonces = 0

/** What a request says, each part of it for a test to spoil. */
export interface Spoiled {
  readonly method?: string
  readonly path?: string
  readonly body?: string
  readonly digest?: string
  readonly idempotencyKey?: string
  readonly created?: number
  readonly keyId?: string
  readonly nonce?: string
  readonly secret?: Uint8Array
  /** In place of the headers that were made. */
  readonly headers?: Readonly<Record<string, string>>
  readonly components?: (all: readonly Component[]) => readonly Component[]
}

export interface Answer {
  readonly status: number
  readonly json: Record<string, unknown>
}

export interface Client {
  readonly acquirer: AcquirerProcess
  readonly data: string
  readonly keyFile: string
  readonly secret: Uint8Array
  ask(verb: 'authorise' | 'capture' | 'void' | 'look', spoiled?: Spoiled): Promise<Answer>
}

/** The simulated card company as a process, and a client that can also do it wrong. */
export async function client(t: ExecutionContext, ...args: readonly string[]): Promise<Client> {
  const own = folder(t)
  const [keyFile, data] = [join(own, 'key'), join(own, 'data')]
  makeKeyFile(keyFile)
  const acquirer = await startAcquirer(['--data', data, '--key-file', keyFile, '--seed', '7', ...args])
  t.teardown(() => acquirer.stop())
  return clientOf(acquirer, data, keyFile)
}

export function clientOf(acquirer: AcquirerProcess, data: string, keyFile: string): Client {
  const secret = Buffer.from(readFileSync(keyFile, 'latin1').trim().slice('shop-1:'.length), 'base64')
  const ask: Client['ask'] = async (verb, spoiled = {}) => {
    const key = PAYMENT_KEY
    const method = spoiled.method ?? (verb === 'look' ? 'GET' : 'POST')
    const path = spoiled.path ?? `/payments/${key}${verb === 'look' ? '' : `/${verb}`}`
    const body = spoiled.body ?? (verb === 'authorise' ? JSON.stringify(BODY) : verb === 'look' ? '' : '{}')
    const digest = spoiled.digest ?? contentDigest(Buffer.from(body))
    const idempotencyKey = spoiled.idempotencyKey ?? `"${key}"`
    const all: readonly Component[] = [
      ['"@method"', method],
      ['"@path"', path],
      ['"content-digest"', digest],
      ['"idempotency-key"', idempotencyKey],
    ]
    const components = spoiled.components?.(all) ?? all
    const params = signatureParams(components, {
      created: spoiled.created ?? Math.floor(Date.now() / 1000),
      keyId: spoiled.keyId ?? 'shop-1',
      nonce: spoiled.nonce ?? `nonce-of-the-test-${nonces++}`,
    })
    const response = await fetch(new URL(path, acquirer.url), {
      method,
      headers: {
        'content-digest': digest,
        'idempotency-key': idempotencyKey,
        'signature-input': `keyline=${params}`,
        signature: `keyline=:${signHmac(spoiled.secret ?? secret, signatureBase(components, params))}:`,
        ...spoiled.headers,
      },
      ...(method === 'GET' ? {} : { body }),
    })
    return { status: response.status, json: (await response.json()) as Record<string, unknown> } // compared by the test
  }
  return { acquirer, data, keyFile, secret, ask }
}
