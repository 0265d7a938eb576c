import type { SerialPort } from 'serialport'

/** Between two looks whether the port still is there, milliseconds. */
const LOOK_MS = 500
/** UV_READABLE and UV_WRITABLE of libuv. */
const FLAGS = { readable: 1, writable: 2 } as const
type Direction = keyof typeof FLAGS

/** What serialport's bindings for Linux and macOS wait with. */
interface Poller {
  poll(flags?: number): void
  listenerCount(event: Direction): number
  on(event: Direction, listener: (error: Error | null) => void): unknown
}

/** What serialport leaves to do for a port that was just opened, at either end of a cable and at a modem. */
export function tend(port: SerialPort): void {
  waitBothWays(port.port)
  closeWhenGone(port)
}

/**
 * The binding has one watcher for both directions, and gets its mask wrong. To wait for one ends the wait for the other: who writes more than
 * the system takes at once, and gets something to read meanwhile, would never go on. And once both were waited for, it asks for the one after
 * the other for ever: a port that is not read, because its reader paused, would keep a processor busy. Here the mask is what is waited for.
 */
function waitBothWays(binding: unknown): void {
  const poller = pollerOf(binding)
  if (poller === undefined) return
  const start = poller.poll.bind(poller)
  // One listener of each is the one below.
  const waited = (which: Direction): number => (poller.listenerCount(which) > 1 ? FLAGS[which] : 0)
  poller.poll = (flags = 0) => start(flags | waited('readable') | waited('writable'))
  const come = (other: Direction) => (error: Error | null) => {
    if (error === null) start(waited(other))
  }
  poller.on('readable', come('writable'))
  poller.on('writable', come('readable'))
}

/** Windows has none, and needs none. */
function pollerOf(binding: unknown): Poller | undefined {
  if (typeof binding !== 'object' || binding === null || !('poller' in binding)) return undefined
  const { poller } = binding
  const isOne =
    typeof poller === 'object' && poller !== null && 'poll' in poller && 'listenerCount' in poller && 'on' in poller
  return isOne ? (poller as Poller) : undefined // as serialport's own types have it, which it does not export
}

/**
 * Closes a port that is gone. The binding sees a hang-up only while it waits for bytes; one between two of its reads gives it
 * empty reads without end.
 */
function closeWhenGone(port: SerialPort): void {
  const look = (): void => {
    if (!port.isOpen) return
    port.get((error) => {
      // ENOTTY: a pseudo-terminal that lives has no modem lines.
      if (error && !/Inappropriate ioctl/i.test(error.message) && port.isOpen && !port.closing) port.close(() => {})
    })
  }
  const timer = setInterval(look, LOOK_MS).unref()
  port.once('close', () => clearInterval(timer))
}
