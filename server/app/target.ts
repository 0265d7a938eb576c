/*
 * What a request asks for, read before anything else does. A path has one spelling here: what a router, a proxy or a URL parser could read
 * in two ways (encodings, doubled slashes, dots, parameters, the absolute form) is no path of this server.
 */
const TARGET_MAX = 2048
/** Letters, digits, hyphens; an ending as in style.css; no slash at the end. */
const PLAIN = /^(?:\/|(?:\/[A-Za-z0-9_-]+)*\/[A-Za-z0-9_-]+(?:\.[a-z]{1,8})?)$/
/** Names of content are the only ones that may need an encoding; what they mean is checked where they are opened. */
const CONTENT = /^\/content\/[\x21-\x2e\x30-\x5b\x5d-\x7e]+$/
/** `scheme://authority` of the absolute form (RFC 9112 §3.2.2). */
const ABSOLUTE = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i

export interface Target {
  readonly path: string
  /** Without its question mark. */
  readonly query: string
}

/** @param raw as it stood in the request @returns undefined when it is no plain path */
export function readTarget(raw: string): Target | undefined {
  if (raw.length > TARGET_MAX || /[^\x21-\x7e]|#/.test(raw)) return undefined
  const mark = raw.indexOf('?')
  const path = mark === -1 ? raw : raw.slice(0, mark)
  if (!PLAIN.test(path) && !(CONTENT.test(path) && !isDots(path))) return undefined
  return { path, query: mark === -1 ? '' : raw.slice(mark + 1) }
}

/** Whether somebody could read it as one of these routes, or as something below one. */
export function couldMean(raw: string, routes: readonly string[]): boolean {
  const wanted = segments((raw.split(/[?#]/)[0] ?? '').replace(ABSOLUTE, ''))
  return routes.some((route) => segments(route).every((segment, n) => wanted[n] === segment))
}

/** `.` and `..`, encoded or not: a URL parser would take them away. */
function isDots(path: string): boolean {
  return /\/(?:\.|%2e){1,2}$/i.test(path)
}

/** Decoded twice, because one that decodes once too often must not find a secret route. */
function segments(path: string): string[] {
  const parts: string[] = []
  for (const part of decoded(decoded(path))
    .toLowerCase()
    .split(/[/\\]+/)) {
    const bare = (part.split(/[;?#\0]/)[0] ?? '').trim()
    if (bare === '..') parts.pop()
    else if (bare !== '' && bare !== '.') parts.push(bare)
  }
  return parts
}

/** What is no valid encoding stays as it is, and does not keep the rest from being decoded. */
function decoded(text: string): string {
  return text.replace(/%([0-9a-fA-F]{2})/g, (_all, byte: string) => String.fromCharCode(Number.parseInt(byte, 16)))
}
