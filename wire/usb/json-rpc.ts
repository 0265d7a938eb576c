import { z } from 'zod'
import { USB_LINE_MAX } from '../limits.ts'

/*
 * JSON-RPC 2.0, one object a line, no batches (PROTOCOL.md §6). An error's `data` is what Keyline promises: a stable code,
 * what happened and what to do; the numeric code only says whose fault it was (JSON-RPC 2.0 §5.1).
 */
const id = z.union([z.number().int().nonnegative(), z.string().min(1).max(64)])
const version = z.literal('2.0')
const failure = z.strictObject({
  code: z.number().int(),
  message: z.string().max(1000),
  data: z.strictObject({ code: z.string().regex(/^[A-Z][A-Z0-9_]{1,63}$/), what: z.string(), cure: z.string() }),
})
const message = z.union([
  z.strictObject({ jsonrpc: version, id, method: z.string().max(64), params: z.unknown() }),
  z.strictObject({ jsonrpc: version, method: z.string().max(64), params: z.unknown() }),
  z.strictObject({ jsonrpc: version, id, result: z.unknown().refine((value) => value !== undefined) }),
  z.strictObject({ jsonrpc: version, id: id.nullable(), error: failure }),
])

export type RpcId = z.infer<typeof id>
export type RpcFailure = z.infer<typeof failure>
export type RpcMessage =
  | { readonly type: 'request'; readonly id: RpcId; readonly method: string; readonly params: unknown }
  | { readonly type: 'notification'; readonly method: string; readonly params: unknown }
  | { readonly type: 'result'; readonly id: RpcId; readonly result: unknown }
  /** `id` is null where the fault left none to be read. */
  | { readonly type: 'error'; readonly id: RpcId | null; readonly error: RpcFailure }

/** Whose fault, JSON-RPC 2.0 §5.1; −32000 is ours for a request that was understood and could not be done. */
export const RPC_CODES = { parse: -32700, request: -32600, method: -32601, params: -32602, failed: -32000 } as const

/** @returns the message, or the failure that an answer with id null should carry */
export function decodeRpc(line: string): RpcMessage | { readonly type: 'malformed'; readonly error: RpcFailure } {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return malformed('parse', 'expected one JSON object a line')
  }
  const parsed = message.safeParse(value)
  if (!parsed.success) return malformed('request', 'expected a JSON-RPC 2.0 request, notification or response')
  const it = parsed.data
  if ('error' in it) return { type: 'error', id: it.id, error: it.error }
  if ('result' in it) return { type: 'result', id: it.id, result: it.result }
  if ('id' in it) return { type: 'request', id: it.id, method: it.method, params: it.params }
  return { type: 'notification', method: it.method, params: it.params }
}

/** One line with its LF. @throws RangeError above USB_LINE_MAX: our own messages are bounded by their schema */
export function encodeRpc(it: RpcMessage): string {
  const { type, ...fields } = it
  const line = `${JSON.stringify({ jsonrpc: '2.0', ...fields })}\n`
  if (Buffer.byteLength(line) > USB_LINE_MAX)
    throw new RangeError(`expected a ${type} of at most ${USB_LINE_MAX} bytes`)
  return line
}

/** @param kind whose fault @param code stable, UPPER_SNAKE @param what happened @param cure what to do */
export function rpcFailure(kind: keyof typeof RPC_CODES, code: string, what: string, cure: string): RpcFailure {
  return { code: RPC_CODES[kind], message: `${what}; ${cure}`, data: { code, what, cure } }
}

function malformed(
  kind: 'parse' | 'request',
  what: string,
): { readonly type: 'malformed'; readonly error: RpcFailure } {
  return { type: 'malformed', error: rpcFailure(kind, 'REQUEST_INVALID', what, 'send what the card API describes') }
}
