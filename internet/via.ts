import { isIP, isIPv4 } from 'node:net'
import { networkInterfaces } from 'node:os'

/** The interface or address that the Internet path was bound to is not there. */
export class InternetViaError extends Error {
  readonly code = 'INTERNET_VIA_ABSENT'
  constructor(via: string, kind: string) {
    super(
      `INTERNET_VIA_ABSENT: ${via} has no ${kind}address here; connect it, or name another one: nothing goes by another route`,
    )
    this.name = 'InternetViaError'
  }
}

/** What binds a connection, for the options of node:net and node:tls. */
export type Binding = { readonly localAddress?: string; readonly family?: 4 | 6 }

/** As node:os gives them; a test gives its own. */
export type Interfaces = Readonly<
  Record<string, readonly { readonly address: string; readonly family: string }[] | undefined>
>

/** An address of its interface alone: nobody on the Internet can answer to it (RFC 4291 §2.5.6). */
const LINK_LOCAL = /^fe[89ab]/i

/** All of it is this computer (RFC 1122 §3.2.1.3), though the system lists one address of it only. */
const isLoopback = (address: string): boolean => isIPv4(address) && address.startsWith('127.')

/**
 * What binds a connection to `host` (SYSTEM.md §5: the Internet path by the network that is meant for it). Looked up for each connection: a
 * network that went away must not be replaced by another one.
 * @param via name of an interface, or an address of one @param host of the other end: an address of it decides the family; to a name an
 * interface leaves by IPv4 where it has it, and only such an address of the name is then used
 * @throws InternetViaError
 */
export function boundTo(via: string | undefined, host: string, interfaces: Interfaces = networkInterfaces()): Binding {
  if (via === undefined) return {}
  const all = Object.entries(interfaces).flatMap(([name, addresses = []]) =>
    addresses.flatMap(({ address }) => (name === via || address === via ? [address] : [])),
  )
  const own = (isLoopback(via) ? [via] : all).filter((address) => !LINK_LOCAL.test(address))
  const wanted = isIP(host)
  for (const family of [4, 6] as const) {
    const localAddress = own.find((address) => isIP(address) === family)
    if (localAddress !== undefined && (wanted === 0 || wanted === family)) return { localAddress, family }
  }
  throw new InternetViaError(via, wanted === 0 ? '' : `IPv${wanted} `)
}
