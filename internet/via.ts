import { isIP } from 'node:net'
import { networkInterfaces } from 'node:os'

/** The interface or address that the Internet path was bound to is not there. */
export class InternetViaError extends Error {
  readonly code = 'INTERNET_VIA_ABSENT'
  constructor(via: string) {
    super(
      `INTERNET_VIA_ABSENT: ${via} has no address here; connect it, or name another one: nothing goes by another route`,
    )
    this.name = 'InternetViaError'
  }
}

/**
 * This computer's address that a connection must leave by (SYSTEM.md §5: the Internet path by the network that is meant for it). Looked up
 * for each connection: a network that went away must not be replaced by another one.
 * @param via name of an interface, or an address of one @param host of the other end; an address of it decides the family
 * @throws InternetViaError
 */
function localAddressOf(via: string, host: string): string {
  const family = isIP(host) === 6 ? 'IPv6' : 'IPv4'
  const all = Object.entries(networkInterfaces())
  const own = all.flatMap(([name, addresses = []]) => addresses.filter((it) => name === via || it.address === via))
  const fits = own.find((it) => it.family === family) ?? own[0]
  if (fits === undefined) throw new InternetViaError(via)
  return fits.address
}

/** What binds a connection to `host`, for the options of node:net and node:tls. @throws InternetViaError */
export function boundTo(via: string | undefined, host: string): { readonly localAddress?: string } {
  return via === undefined ? {} : { localAddress: localAddressOf(via, host) }
}
