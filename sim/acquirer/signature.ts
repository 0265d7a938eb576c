import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

/*
 * The acquirer's side of HTTP Message Signatures (RFC 9421, hmac-sha256) and Content-Digest (RFC 9530). Written apart from the server's, so
 * that a mistake there is not repeated here: this one takes the request's Signature-Input as it came and rebuilds the base from it.
 */
const INPUT = /^([a-z]{1,16})=(\(([^()]*)\);created=([0-9]{1,12});keyid="([^"\\]{1,64})";nonce="([^"\\]{16,64})")$/
const COVERED = '"@method" "@path" "content-digest" "idempotency-key"'
/** How far the clocks may differ, seconds. */
export const SKEW_S = 300

export interface SharedKey {
  readonly keyId: string
  readonly key: Uint8Array
}

export interface SignedRequest {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly content: Uint8Array
}

export type Checked =
  | { readonly ok: true; readonly nonce: string; readonly label: string; readonly signature: string }
  | { readonly ok: false; readonly why: 'digest' | 'signature' | 'key' | 'time' }

/** @param now Unix seconds */
export function checkRequest({ keyId, key }: SharedKey, request: SignedRequest, now: number): Checked {
  const header = (name: string): string => String(request.headers[name] ?? '')
  if (header('content-digest') !== digestOf(request.content)) return { ok: false, why: 'digest' }
  const [, label = '', params = '', covered, created, named, nonce = ''] = INPUT.exec(header('signature-input')) ?? []
  const signature = new RegExp(`^${label}=:([A-Za-z0-9+/]{43}=):$`).exec(header('signature'))?.[1]
  if (covered !== COVERED || signature === undefined) return { ok: false, why: 'signature' }
  if (named !== keyId) return { ok: false, why: 'key' }
  const base = [
    `"@method": ${request.method}`,
    `"@path": ${request.path}`,
    `"content-digest": ${header('content-digest')}`,
    `"idempotency-key": ${header('idempotency-key')}`,
    `"@signature-params": ${params}`,
  ].join('\n')
  if (!timingSafeEqual(mac(key, base), Buffer.from(signature, 'base64'))) return { ok: false, why: 'signature' }
  if (Math.abs(Number(created) - now) > SKEW_S) return { ok: false, why: 'time' }
  return { ok: true, nonce, label, signature }
}

/** Headers of an answer that belongs to this request and to no other (RFC 9421 §2.4). @param now Unix seconds */
export function signAnswer(
  { keyId, key }: SharedKey,
  answer: { readonly status: number; readonly content: Uint8Array; readonly label: string; readonly signature: string },
  now: number,
): Readonly<Record<string, string>> {
  const { status, content, label, signature } = answer
  const digest = digestOf(content)
  const params = `("@status" "content-digest" "signature";req;key="${label}");created=${now};keyid="${keyId}"`
  const base = `"@status": ${status}\n"content-digest": ${digest}\n"signature";req;key="${label}": :${signature}:\n"@signature-params": ${params}`
  return {
    'content-digest': digest,
    'signature-input': `${label}=${params}`,
    signature: `${label}=:${mac(key, base).toString('base64')}:`,
  }
}

function digestOf(content: Uint8Array): string {
  return `sha-256=:${createHash('sha256').update(content).digest('base64')}:`
}

function mac(key: Uint8Array, base: string): Buffer {
  return createHmac('sha256', key).update(base).digest()
}
