import { Cable } from './cable.ts'
import { type Clock, systemClock } from './clock.ts'
import type { Command } from './control.ts'
import type { CablePaths, CallEvent, DoneEvent, ModemPath, ReadyEvent, SimEvent } from './events.ts'
import { Exchange } from './exchange.ts'
import { SimError } from './fault.ts'
import type { Answer } from './modem.ts'
import { PluggedModem } from './plugged-modem.ts'
import { PtyPoller } from './pty-poller.ts'
import { Recorder, type Tap } from './recorder.ts'
import { Relay, type RelayTarget } from './relay.ts'
import type { LineSpeed } from './wire.ts'

export interface WorldOptions {
  readonly seed: number
  /** Milliseconds; see ExchangeOptions. */
  readonly ringAfterMs: number
  readonly ringForMs: number
  readonly modems: readonly { readonly number: string; readonly speed: LineSpeed; readonly answer: Answer }[]
  readonly cables: readonly string[]
  readonly relays: readonly { readonly name: string; readonly target?: RelayTarget }[]
  /** Folder of the recordings. */
  readonly record?: string
}

export interface World {
  readonly ready: ReadyEvent
  /** Carries out all commands but `stop`, which is its owner's. @throws SimError UNKNOWN_NAME, NO_PTY */
  command(command: Command): DoneEvent
  /** Ends calls and connections, and leaves nothing behind. */
  close(): Promise<void>
}

/**
 * Starts the world around: modems at one exchange, cables, relays.
 *
 * @param onEvent calls and relays, from the first moment; also while a command runs
 * @throws SimError NO_PTY, RECORD_FOLDER_UNUSABLE
 */
export async function startWorld(
  options: WorldOptions,
  onEvent: (event: SimEvent) => void,
  clock: Clock = systemClock,
): Promise<World> {
  const start = clock.now()
  const atMs = (): number => Math.round(clock.now() - start)
  const recorder = new Recorder(options.record)
  const poller = new PtyPoller(clock)
  const exchange = newExchange(options, clock, recorder, (event) => onEvent({ event: 'call', ...event, atMs: atMs() }))
  const modems = new Map(
    options.modems.map(({ number, speed, answer }) => {
      const modem = new PluggedModem(number, speed, answer, exchange, poller, clock)
      return [number, modem]
    }),
  )
  const cables = new Map(
    options.cables.map((name) => {
      const taps = { card: recorder.tap(`cable-${name}-card`), pc: recorder.tap(`cable-${name}-pc`) }
      return [name, new Cable(name, poller, clock, taps)]
    }),
  )
  const relays = new Map(
    options.relays.map(({ name, target }) => {
      const relay = new Relay(name, target, options.seed, {
        event: (event) => onEvent({ event: 'relay', ...event, atMs: atMs() }),
        tap: (connection, direction) => recorder.tap(`relay-${name}-${connection}-${direction}`),
      })
      return [name, relay]
    }),
  )

  const close = async (): Promise<void> => {
    exchange.close()
    for (const modem of modems.values()) modem.unplug()
    for (const cable of cables.values()) cable.unplug()
    await Promise.all([...relays.values()].map((relay) => relay.close()))
    recorder.close()
  }

  const command = (wish: Command): DoneEvent => {
    switch (wish.do) {
      case 'cut':
        exchange.armCut(wish.after, wish.direction)
        break
      case 'cut-now':
        exchange.cutNow()
        break
      case 'modem':
        named(modems, 'modem', wish.number).modem.setAnswer(wish.answer)
        break
      case 'line':
        changeLine(wish, exchange, modems)
        break
      case 'plug':
        if (wish.modem !== undefined) return { ...done(wish), modem: named(modems, 'modem', wish.modem).plug() }
        return { ...done(wish), cable: named(cables, 'cable', wish.cable).plug() }
      case 'unplug':
        if (wish.modem !== undefined) named(modems, 'modem', wish.modem).unplug()
        else named(cables, 'cable', wish.cable).unplug()
        break
      case 'relay': {
        const { target, tamper, refuse } = wish
        named(relays, 'relay', wish.name).set({
          ...(target === undefined ? {} : { target }),
          ...(tamper === undefined ? {} : { tamper }),
          ...(refuse === undefined ? {} : { refuse }),
        })
        break
      }
      case 'stop':
        break
    }
    return done(wish)
  }

  try {
    const modemPaths: ModemPath[] = [...modems.values()].map((modem) => modem.plug())
    const cablePaths: CablePaths[] = [...cables.values()].map((cable) => cable.plug())
    const ports = await Promise.all(
      [...relays.values()].map(async (relay) => ({ name: relay.name, port: await relay.listen() })),
    )
    const ready = { event: 'ready', seed: options.seed, modems: modemPaths, cables: cablePaths, relays: ports } as const
    return { ready, command, close }
  } catch (error) {
    await close()
    throw error
  }
}

function newExchange(
  options: WorldOptions,
  clock: Clock,
  recorder: Recorder,
  onCall: (event: Omit<CallEvent, 'event' | 'atMs'>) => void,
): Exchange {
  const taps = new Map<string, Tap>()
  return new Exchange(clock, options, {
    event: (event) => {
      for (const direction of ['up', 'down']) {
        const name = `call-${event.id}-${direction}`
        if (event.state === 'connected') taps.set(name, recorder.tap(name))
        if (event.state === 'ended') taps.get(name)?.close()
        if (event.state === 'ended') taps.delete(name)
      }
      onCall(event)
    },
    tap: (call, direction, bytes) => taps.get(`call-${call}-${direction}`)?.write(bytes),
  })
}

function changeLine(
  wish: Extract<Command, { do: 'line' }>,
  exchange: Exchange,
  modems: ReadonlyMap<string, PluggedModem>,
): void {
  const { rate, latency, corrupt, drop, dropResponse } = wish
  for (const { modem } of modems.values()) {
    modem.speed = { rate: rate ?? modem.speed.rate, latencyMs: latency ?? modem.speed.latencyMs }
  }
  exchange.setSpeed((from) => from.speed)
  exchange.impair({
    ...(corrupt === undefined ? {} : { corrupt }),
    ...(drop === undefined ? {} : { drop }),
    ...(dropResponse === undefined ? {} : { dropResponse }),
  })
}

function done(command: Command): DoneEvent {
  return { event: 'done', do: command.do }
}

/** @throws SimError UNKNOWN_NAME */
function named<T>(all: ReadonlyMap<string, T>, kind: string, name: string | undefined): T {
  const found = all.get(name ?? '')
  if (found !== undefined) return found
  const known = [...all.keys()].join(', ') || 'none'
  throw new SimError('UNKNOWN_NAME', `Expected the name of a ${kind}, got ${name}.`, `There are: ${known}.`)
}
