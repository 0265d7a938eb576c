import type { Clock } from './clock.ts'
import type { CallEvent, SimEvent } from './events.ts'
import { Exchange } from './exchange.ts'
import { DEFAULT_ZONE } from './modem-options.ts'
import { NetworkTime } from './network-time.ts'
import { PacketNetwork } from './packet-network.ts'
import type { PacketBackbone } from './packet-unit.ts'
import type { Recorder, Tap } from './recorder.ts'
import { SmsCentre } from './sms-centre.ts'
import type { WorldOptions } from './world-options.ts'

/** Events without the time that the world adds. */
type Untimed<T> = T extends { readonly atMs: number } ? Omit<T, 'atMs'> : never
export type Emit = (event: Untimed<SimEvent>) => void

export interface Network {
  readonly exchange: Exchange
  readonly centre: SmsCentre
  readonly time: NetworkTime
  readonly backbone: PacketBackbone
}

/** Calls, messages and packets, with a tap on each. */
export function newNetwork(options: WorldOptions, clock: Clock, recorder: Recorder, emit: Emit): Network {
  const { seed, unixMs = Date.now(), zone = DEFAULT_ZONE } = options
  const time = new NetworkTime(clock, unixMs, zone)
  const centre = new SmsCentre(clock, time, seed, {
    event: (event) => emit({ event: 'message', ...event }),
    tap: (id, tpdu) => {
      const tap = recorder.tap(`sms-${id}`)
      tap.write(tpdu)
      tap.close()
    },
  })
  if (options.sms !== undefined) centre.set(options.sms)
  const exchange = newExchange(options, clock, recorder, (event) => emit({ event: 'call', ...event }))
  return { exchange, centre, time, backbone: newBackbone(options, recorder, emit) }
}

function newExchange(
  options: WorldOptions,
  clock: Clock,
  recorder: Recorder,
  onCall: (event: Omit<CallEvent, 'event' | 'atMs'>) => void,
): Exchange {
  const taps = new Taps(recorder)
  return new Exchange(clock, options, {
    event: (event) => {
      if (event.state === 'connected' && event.voice !== true) taps.open(`call-${event.id}`)
      if (event.state === 'ended') taps.close(`call-${event.id}`)
      onCall(event)
    },
    tap: (call, direction, bytes) => taps.write(`call-${call}`, direction, bytes),
  })
}

function newBackbone(options: WorldOptions, recorder: Recorder, emit: Emit): PacketBackbone {
  const taps = new Taps(recorder)
  let lastSocket = 0
  return {
    network: new PacketNetwork(options.apns),
    seed: options.seed,
    nextSocketId: () => ++lastSocket,
    socket: (event) => {
      if (event.state === 'open') taps.open(`packet-${event.id}`)
      if (event.state === 'closed') taps.close(`packet-${event.id}`)
      emit({ event: 'socket', ...event })
    },
    context: (event) => emit({ event: 'context', ...event }),
    tap: (id, direction, bytes) => taps.write(`packet-${id}`, direction, bytes),
  }
}

/** Recordings of both directions of what is open just now. */
class Taps {
  readonly #recorder: Recorder
  readonly #open = new Map<string, Tap>()

  constructor(recorder: Recorder) {
    this.#recorder = recorder
  }

  open(name: string): void {
    for (const direction of ['up', 'down']) {
      this.#open.set(`${name}-${direction}`, this.#recorder.tap(`${name}-${direction}`))
    }
  }

  write(name: string, direction: 'up' | 'down', bytes: Uint8Array): void {
    this.#open.get(`${name}-${direction}`)?.write(bytes)
  }

  close(name: string): void {
    for (const direction of ['up', 'down']) {
      this.#open.get(`${name}-${direction}`)?.close()
      this.#open.delete(`${name}-${direction}`)
    }
  }
}
