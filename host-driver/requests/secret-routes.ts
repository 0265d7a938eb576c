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
  const wanted = segments(url.pathname)
  const secret = secretRoutes.find((route) => segments(route).every((segment, n) => wanted[n] === segment))
  if (secret !== undefined) throw fault('ROUTE_NEEDS_LINE', { what: `${path} may go over the line only` })
  return url.pathname + url.search
}

/** As a server might read it: decoded twice, because one that decodes once too often must not find a secret route. */
function segments(path: string): string[] {
  const plain = path.split('/').map((part) => decoded(decoded(part) ?? part) ?? decoded(part) ?? part)
  const parts: string[] = []
  for (const part of plain
    .join('/')
    .toLowerCase()
    .split(/[/\\]+/)) {
    const bare = part.split(';')[0] ?? ''
    if (bare === '..') parts.pop()
    else if (bare !== '' && bare !== '.') parts.push(bare)
  }
  return parts
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
