/**
 * Whether a POST of the open shop comes from its own pages, or from a program that is no browser. A browser says so itself, in headers that no
 * page can set: Sec-Fetch-Site (`none`: typed by the user), or Origin where it is missing. The basket's cookie is SameSite=Strict besides.
 */
export function isSameSite(headers: Pick<Headers, 'get'>): boolean {
  const site = headers.get('sec-fetch-site')
  if (site !== null) return site === 'same-origin' || site === 'none'
  const origin = headers.get('origin')
  if (origin === null) return true
  return URL.parse(origin)?.host === headers.get('host')?.toLowerCase()
}
