import type { Socket } from 'node:net'

/**
 * Connections that have not yet proved a session key. They cost an attacker nothing, so none of them is owed anything: beyond
 * the bounds the oldest one makes room for the newest, and who has a key gets through however many wait.
 */
export class HalfOpen {
  readonly #totalMax: number
  readonly #perAddressMax: number
  /** Oldest first, as a Map keeps its order. */
  readonly #sockets = new Map<string, Socket>()
  readonly #byAddress = new Map<string, Set<string>>()

  constructor(totalMax: number, perAddressMax: number) {
    this.#totalMax = totalMax
    this.#perAddressMax = perAddressMax
  }

  get size(): number {
    return this.#sockets.size
  }

  add(socket: Socket): void {
    const address = socket.remoteAddress
    const peer = peerOf(socket)
    if (address === undefined || peer === undefined) {
      socket.destroy() // gone already
      return
    }
    const same = this.#byAddress.get(address) ?? new Set()
    this.#byAddress.set(address, same)
    if (same.size >= this.#perAddressMax) this.#drop(same.values().next().value)
    else if (this.#sockets.size >= this.#totalMax) this.#drop(this.#sockets.keys().next().value)
    // Again: the drop may have emptied and removed it.
    this.#byAddress.set(address, same.add(peer))
    this.#sockets.set(peer, socket)
    socket.once('close', () => this.#forget(peer, socket))
  }

  /** The connection has proved its key: it is no longer counted here. */
  proved(socket: Socket): void {
    const peer = peerOf(socket)
    if (peer !== undefined) this.#forget(peer)
  }

  destroyAll(): void {
    for (const peer of [...this.#sockets.keys()]) this.#drop(peer)
  }

  #drop(peer: string | undefined): void {
    if (peer === undefined) return
    const socket = this.#sockets.get(peer)
    this.#forget(peer)
    socket?.destroy()
  }

  #forget(peer: string, only?: Socket): void {
    if (only !== undefined && this.#sockets.get(peer) !== only) return
    this.#sockets.delete(peer)
    const address = peer.slice(0, peer.lastIndexOf(' '))
    const same = this.#byAddress.get(address)
    same?.delete(peer)
    if (same?.size === 0) this.#byAddress.delete(address)
  }
}

/** The same for a TCP connection and the TLS connection on it. */
function peerOf({ remoteAddress, remotePort }: Socket): string | undefined {
  return remoteAddress === undefined ? undefined : `${remoteAddress} ${remotePort}`
}
