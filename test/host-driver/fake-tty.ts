import { rmSync } from 'node:fs'
import type { ExecutionContext } from 'ava'
import { systemClock } from '../../sim/clock.ts'
import { Pty } from '../../sim/pty.ts'
import { PtyPoller } from '../../sim/pty-poller.ts'
import { FakeCard } from './fake-card.ts'

/** A fake card on a real pseudo-terminal; `path` is the PC's end. */
export function cardOnTty(t: ExecutionContext): {
  readonly card: FakeCard
  readonly path: string
  readonly unplug: () => void
} {
  const pty: Pty = new Pty(new PtyPoller(systemClock), systemClock, {
    room: () => 4096,
    data: (bytes) => card.receive(bytes),
    dtrDropped: () => {},
  })
  const card = new FakeCard((bytes) => pty.write(bytes))
  t.teardown(() => pty.close())
  return { card, path: pty.path, unplug: () => pty.unplug() }
}

export function remove(path: string): void {
  rmSync(path, { recursive: true, force: true })
}
