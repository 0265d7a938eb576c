import { fault } from '../errors.ts'

const PATH_MAX = 2048

/**
 * The path as it may be sent over the Internet. Whatever a server could read as a secret route is refused: other case,
 * other encodings, doubled slashes and everything below it.
 * @param path with its query, beginning with one slash
 * @param secretRoutes from the line, so that nobody on the Internet can shorten the list
 * @throws KeylineError PATH_INVALID, ROUTE_NEEDS_LINE
 */
export function internetPath(path: string, secretRoutes: readonly string[]): string {
  if (!path.startsWith('/') || path.length > PATH_MAX || /[^\x21-\x7e]|\\|#/.test(path)) throw fault('PATH_INVALID')
  const url = URL.parse(`http://server${path}`)
  if (url === null || url.host !== 'server') throw fault('PATH_INVALID')
  const readings = readingsOf(url.pathname)
  const secret = secretRoutes.map(segments).find((wanted) => readings.some((reading) => begins(reading, wanted)))
  if (secret !== undefined) throw fault('ROUTE_NEEDS_LINE', { what: `${path} may go over the line only` })
  return url.pathname + url.search
}

/** A server that decodes more often than this is none that anybody has seen. */
const DECODINGS = 4

function begins(reading: readonly string[], wanted: readonly string[]): boolean {
  return wanted.every((segment, n) => reading[n] === segment)
}

/** Of a route as it is meant: decoded, with its dots resolved. */
function segments(route: string): readonly string[] {
  return readingsOf(route).at(-1) ?? []
}

/**
 * As servers might read it: not decoded, decoded, decoded too often; other case, other forms of a letter, cut where they see an end. None of
 * them must find a secret route.
 */
function readingsOf(path: string): readonly (readonly string[])[] {
  const all = [...steps(path)]
  let now = path
  for (let n = 0; n < DECODINGS && now.includes('%'); n++) {
    now = now.split('/').map(decoded).join('/')
    all.push(...steps(now))
  }
  return all
}

/**
 * Where a path leads after each of its segments: dots that are still encoded when it is sent are resolved by one server and are a name
 * for another, so /pay/%252e%252e/x is below /pay and is not.
 */
function steps(path: string): readonly (readonly string[])[] {
  let parts: readonly string[] = []
  const all = [parts]
  for (const part of path
    .normalize('NFKC')
    .toLowerCase()
    .split(/[/\\]+/)) {
    const bare = part.trimStart().split(/[;?#\0\s]/)[0] ?? ''
    if (bare === '..') parts = parts.slice(0, -1)
    else if (bare !== '' && bare !== '.') parts = [...parts, bare]
    all.push(parts)
  }
  return all
}

/** What is no UTF-8 is taken byte by byte, and what is no encoding stays; neither keeps the rest from being decoded. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text.replace(/%([0-9a-f]{2})/gi, (_all, byte: string) => String.fromCharCode(Number.parseInt(byte, 16)))
  }
}
