import { LinkClient } from '../../line/link-client.ts'
import { type LinkHandler, LinkServer } from '../../line/link-server.ts'
import type { LinePath, LinkTiming } from '../../line/path.ts'
import type { LineStream, StreamEnd } from '../../line/stream.ts'
import { streamPath } from '../../line/stream-path.ts'
import { SMS_PAYLOAD_MAX } from '../../wire/limits.ts'
import { FakeClock } from '../fake-clock.ts'
import { seeded } from '../random.ts'

/** What a line does to what passes; times in simulated milliseconds. */
export interface Badness {
  readonly seed: number
  /** Wrong bits in one, of a stream. */
  readonly bitErrors?: number
  readonly bitsPerSecond?: number
  /** Of messages: lost and doubled ones in a hundred. */
  readonly lost?: number
  readonly doubled?: number
}

const ONE_WAY_MS = 400
/** A modem sends a short message in 3 s; the network has it for 1 … 9 s, so that every third overtakes another. */
const SMS_SENDS_MS = 3000
const SMS_TAKES_MS: readonly [number, number] = [1000, 8000]
export const SMS_TIMING: LinkTiming = {
  firstRtoMs: 15_000,
  rtoMinMs: 5000,
  slowestBitsPerSecond: 0,
  sends: 24,
  idleMs: 600_000,
}

/** Two ends and what is between them, with what was on its way at once at most. */
export class Line {
  readonly clock = new FakeClock()
  readonly ends: StreamEnd[] = []
  readonly asked: Uint8Array[] = []
  readonly client: LinkClient
  readonly server: LinkServer
  /** Bytes (stream) or messages in a modem's queue and on their way, one direction. */
  mostQueued = 0
  /** Timers that both ends had at once. */
  mostTimers = 0
  onWay = 0

  constructor(paths: (line: Line) => readonly [LinePath, LinePath], handle: LinkHandler) {
    const [near, far] = paths(this)
    const ask: LinkHandler = (message) => {
      this.asked.push(message)
      return handle(message)
    }
    this.server = new LinkServer(far, this.clock, ask, (end) => this.ends.push(end))
    this.client = new LinkClient(near, this.clock)
  }

  /** Runs the clock until the request is settled. */
  async request(message: Uint8Array, stepMs = 2000): Promise<Uint8Array | undefined> {
    let over = false
    const response = this.client.request(message).finally(() => {
      over = true
    })
    while (!over) {
      await this.clock.advance(stepMs)
      this.mostTimers = Math.max(this.mostTimers, this.clock.waiting - this.onWay)
    }
    return await response
  }

  /** @param ms until it arrives */
  deliver(ms: number, run: () => void): void {
    this.onWay++
    this.clock.after(ms, () => {
      this.onWay--
      run()
    })
  }
}

/** A call with bit errors in the bytes as they are on the wire. */
export function badCall(badness: Badness, handle: LinkHandler): Line {
  const random = seeded(badness.seed)
  const rate = (badness.bitsPerSecond ?? 9600) / 10_000
  const readers: ((bytes: Uint8Array) => void)[] = []
  const end = (line: Line, side: 0 | 1): LineStream => {
    let freeAt = 0
    let good = untilWrong(random, badness.bitErrors ?? 0)
    return {
      peer: undefined,
      write: (sent) => {
        const bytes = Uint8Array.from(sent)
        for (; good < bytes.length * 8; good += 1 + untilWrong(random, badness.bitErrors ?? 0)) {
          bytes[good >> 3] = (bytes[good >> 3] ?? 0) ^ (1 << (good & 7))
        }
        good -= bytes.length * 8
        const now = line.clock.now()
        freeAt = Math.max(now, freeAt) + bytes.length / rate
        line.mostQueued = Math.max(line.mostQueued, Math.round((freeAt - now) * rate))
        line.deliver(freeAt + ONE_WAY_MS - now, () => readers[1 - side]?.(bytes))
      },
      open: (onData) => {
        readers[side] = onData
      },
      hangUp: async () => {},
    }
  }
  return new Line((line) => [streamPath(end(line, 0)), streamPath(end(line, 1))], handle)
}

/** Bits until the next wrong one. */
function untilWrong(random: (below: number) => number, bitErrors: number): number {
  if (bitErrors === 0) return Number.POSITIVE_INFINITY
  return Math.floor(Math.log((1 + random(2 ** 30)) / 2 ** 30) / Math.log(1 - bitErrors))
}

/** Short messages as a network carries them: lost, doubled, late, one before the other. */
export function badMessages(badness: Badness, handle: LinkHandler): Line {
  const random = seeded(badness.seed)
  const readers: ((packet: Uint8Array, wireBytes: number) => void)[] = []
  const end = (line: Line, side: 0 | 1): LinePath => {
    let freeAt = 0
    return {
      peer: undefined,
      packetMax: SMS_PAYLOAD_MAX,
      timing: SMS_TIMING,
      send: (sent) => {
        if (sent.length > SMS_PAYLOAD_MAX) throw new RangeError(`expected a short message, got ${sent.length} bytes`)
        const packet = Uint8Array.from(sent)
        const now = line.clock.now()
        freeAt = Math.max(now, freeAt) + SMS_SENDS_MS
        line.mostQueued = Math.max(line.mostQueued, Math.ceil((freeAt - now) / SMS_SENDS_MS))
        if (random(100) < (badness.lost ?? 0)) return packet.length
        for (let copies = random(100) < (badness.doubled ?? 0) ? 2 : 1; copies > 0; copies--) {
          const takes = SMS_TAKES_MS[0] + random(SMS_TAKES_MS[1])
          line.deliver(freeAt + takes - now, () => readers[1 - side]?.(packet, packet.length))
        }
        return packet.length
      },
      open: (onPacket) => {
        readers[side] = onPacket
      },
      hangUp: async () => {},
    }
  }
  return new Line((line) => [end(line, 0), end(line, 1)], handle)
}
