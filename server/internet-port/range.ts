import type { IncomingHttpHeaders } from 'node:http'

/** Last byte included. */
export interface ByteRange {
  readonly first: number
  readonly last: number
}

export type Selection =
  | { readonly type: 'whole' }
  | { readonly type: 'part'; readonly range: ByteRange }
  | { readonly type: 'unsatisfiable' }
  | { readonly type: 'not-modified' }

/**
 * What a GET of one representation answers (RFC 9110 §13.2.2): If-None-Match, then Range if If-Range agrees. Several ranges,
 * other units and what is not well formed count as no Range at all (§14.2).
 * @param size of the representation, bytes @param etag strong, with its quotes
 */
export function select(method: string, headers: IncomingHttpHeaders, size: number, etag: string): Selection {
  if (matches(headers['if-none-match'], etag)) return { type: 'not-modified' }
  const { range, 'if-range': ifRange } = headers
  if (method !== 'GET' || range === undefined) return { type: 'whole' }
  // §13.1.5: compared strongly; a date never agrees, as none is sent.
  if (ifRange !== undefined && ifRange !== etag) return { type: 'whole' }
  return parse(range, size)
}

function parse(range: string, size: number): Selection {
  const found = /^bytes=\s*(\d{0,15})-(\d{0,15})\s*$/i.exec(range)
  const [, from = '', to = ''] = found ?? []
  if (found === null || (from === '' && to === '')) return { type: 'whole' }
  if (from === '') {
    // The last bytes (§14.1.2).
    const length = Math.min(Number(to), size)
    return length === 0 ? { type: 'unsatisfiable' } : part(size - length, size - 1)
  }
  if (to !== '' && Number(to) < Number(from)) return { type: 'whole' }
  if (Number(from) >= size) return { type: 'unsatisfiable' }
  return part(Number(from), to === '' ? size - 1 : Math.min(Number(to), size - 1))
}

function part(first: number, last: number): Selection {
  return { type: 'part', range: { first, last } }
}

/** §13.1.2: compared weakly, so `W/` does not count. */
function matches(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false
  if (header.trim() === '*') return true
  return header.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag)
}
