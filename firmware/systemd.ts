import { writeSync } from 'node:fs'
import type { Clock } from '../line/clock.ts'

/** First descriptor that systemd passes (sd_listen_fds(3)). */
const FIRST_FD = 3

export interface SystemdOptions {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly pid: number
  readonly clock: Clock
  /** Whether what the event loop cannot vouch for, the modem engine, goes forward too. */
  readonly progress?: () => boolean
  readonly write?: (fd: number, text: string) => void
}

export interface Systemd {
  /** From here on the watchdog is fed. */
  ready(): void
  stopping(): void
}

/**
 * Tells systemd that the service is ready and alive. Its socket is opened by the unit (`OpenFile=/run/systemd/notify:notify`), for
 * Node cannot open a datagram socket of this kind. Does nothing where there is none. The watchdog is fed at a third of its time by a
 * timer, so that an event loop that hangs is one that does not feed it.
 */
export function systemd(options: SystemdOptions): Systemd {
  const { env, pid, clock, progress = () => true, write = writeSync } = options
  const index = env.LISTEN_PID === String(pid) ? (env.LISTEN_FDNAMES ?? '').split(':').indexOf('notify') : -1
  const watchdogMs = Number(env.WATCHDOG_USEC ?? 0) / 1000
  let stop = (): void => {}
  const tell = (text: string): void => {
    if (index < 0) return
    try {
      write(FIRST_FD + index, text)
    } catch {
      // Full or gone: the watchdog judges by what does not come.
    }
  }
  const feed = (): void => {
    if (progress()) tell('WATCHDOG=1')
    stop = clock.after(watchdogMs / 3, feed)
  }
  return {
    ready: () => {
      tell('READY=1')
      if (index >= 0 && watchdogMs > 0) feed()
    },
    stopping: () => {
      stop()
      tell('STOPPING=1')
    },
  }
}
