import { basename } from 'node:path'
import { readRecording } from './at-recording.ts'
import type { Clock } from './clock.ts'
import type { ReplayEvent } from './events.ts'
import { Pty } from './pty.ts'
import type { PtyPoller } from './pty-poller.ts'
import { Replay } from './replay.ts'

/** A serial port behind which a recorded session is played back, once. */
export class ReplayPort {
  readonly name: string
  readonly path: string
  readonly #pty: Pty
  readonly #replay: Replay

  /** @throws SimError REPLAY_INVALID, NO_PTY */
  constructor(
    file: string,
    poller: PtyPoller,
    clock: Clock,
    told: (event: Omit<ReplayEvent, 'event' | 'atMs'>) => void,
  ) {
    this.name = basename(file)
    const pieces = readRecording(file)
    const port = { write: (bytes: Uint8Array) => this.#pty.write(bytes), room: () => this.#pty.room() }
    this.#replay = new Replay(pieces, port, clock, (state, steps) => told({ name: this.name, state, steps }))
    this.#pty = new Pty(poller, clock, {
      room: () => this.#replay.inputRoom(),
      data: (bytes) => this.#replay.input(bytes),
      dtrDropped: () => {},
    })
    this.path = this.#pty.path
  }

  close(): void {
    this.#replay.close()
    this.#pty.close()
  }
}
