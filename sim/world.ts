import { join } from 'node:path'
import { AtRecorder } from './at-recording.ts'
import { Cable } from './cable.ts'
import { type Clock, systemClock } from './clock.ts'
import type { Command } from './control.ts'
import type { DoneEvent, ReadyEvent, SimEvent } from './events.ts'
import { SimError } from './fault.ts'
import { HttpApi } from './http-api.ts'
import type { ModemOptions } from './modem-options.ts'
import { Panel, Panels } from './panel.ts'
import { PluggedModem } from './plugged-modem.ts'
import { PtyPoller } from './pty-poller.ts'
import { Recorder } from './recorder.ts'
import { Relay } from './relay.ts'
import { ReplayPort } from './replay-port.ts'
import { Timers } from './timers.ts'
import { carryOut, type Things } from './world-commands.ts'
import { type Emit, type Network, newNetwork } from './world-network.ts'
import type { WantedModem, WorldOptions } from './world-options.ts'
import { stateOf } from './world-state.ts'

export type { WorldOptions } from './world-options.ts'

export interface World {
  readonly ready: ReadyEvent
  /** Carries out all commands but `stop`, which is its owner's. @throws SimError UNKNOWN_NAME, NO_PTY */
  command(command: Command): DoneEvent
  /** Resolves when a scenario or the HTTP API says `stop`. */
  readonly stopped: Promise<void>
  /** Ends calls and connections, and leaves nothing behind. */
  close(): Promise<void>
}

/**
 * Starts the world around: modems at one network, cables, relays.
 *
 * @param onEvent all that happens, from the first moment; also while a command runs
 * @throws SimError NO_PTY, RECORD_FOLDER_UNUSABLE, REPLAY_INVALID
 */
export async function startWorld(
  options: WorldOptions,
  onEvent: (event: SimEvent) => void,
  clock: Clock = systemClock,
): Promise<World> {
  const start = clock.now()
  const recorder = new Recorder(options.record)
  const poller = new PtyPoller(clock)
  const timers = new Timers(clock)
  let api: HttpApi | undefined
  const publish = (event: SimEvent): void => {
    onEvent(event)
    api?.publish(event)
  }
  // Each kind of event with the one field that they all lack.
  const emit: Emit = (event) => publish({ ...event, atMs: Math.round(clock.now() - start) } as SimEvent)
  const network = newNetwork(options, clock, recorder, emit)
  const closers: (() => void)[] = []
  const modems = newModems(options, network, poller, clock, emit, closers)
  const things: Things = {
    exchange: network.exchange,
    centre: network.centre,
    packets: network.backbone.network,
    timers,
    modems,
    firstCards: new Map([...modems].map(([name, { modem }]) => [name, modem.card])),
    cables: newCables(options, poller, clock, recorder),
    relays: newRelays(options, recorder, emit),
  }

  const close = async (): Promise<void> => {
    timers.close()
    network.exchange.close()
    for (const modem of modems.values()) modem.close()
    network.centre.close()
    for (const cable of things.cables.values()) cable.close()
    for (const closer of closers.splice(0)) closer()
    await Promise.all([...things.relays.values()].map((relay) => relay.close()))
    await api?.close()
    recorder.close()
  }

  let stop = (): void => {}
  const stopped = new Promise<void>((resolve) => {
    stop = resolve
  })
  const command = (wish: Command): DoneEvent => carryOut(wish, things)
  const run = (by: 'scenario' | 'http', wish: Command): DoneEvent => {
    try {
      const done = command(wish)
      emit({ event: 'ran', by, do: wish.do })
      if (wish.do === 'stop') stop()
      return done
    } catch (error) {
      if (error instanceof SimError) emit({ event: 'ran', by, do: wish.do, code: error.code })
      throw error
    }
  }

  try {
    const ready = await prepare(options, things)
    const panels = Array.from({ length: options.panels ?? 0 }, (_, at) => new Panel(at + 1, poller, clock))
    closers.push(...panels.map((panel) => () => panel.close()))
    const replays = (options.replays ?? []).map((file) => {
      const port = new ReplayPort(file, poller, clock, (event) => emit({ event: 'replay', ...event }))
      closers.push(() => port.close())
      return { name: port.name, path: port.path }
    })
    if (options.http !== undefined) {
      api = new HttpApi({
        run: (wish) => run('http', wish),
        state: () => stateOf(options.seed, things),
        panels: new Panels(panels),
      })
      await api.listen(options.http)
    }
    for (const [at, { atMs, command: wish }] of (options.scenario ?? []).entries()) {
      timers.after(`scenario-${at}`, atMs, () => ignoring(() => run('scenario', wish)))
    }
    const ports = panels.map(({ number, path }) => ({ panel: number, path }))
    const more = {
      ...(ports.length === 0 ? {} : { panels: ports }),
      ...(replays.length === 0 ? {} : { replays }),
      ...(api === undefined ? {} : { http: api.port }),
    }
    return { ready: { ...ready, ...more }, command, stopped, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** A step that is refused is told as an event, and the others go on. */
function ignoring(step: () => void): void {
  try {
    step()
  } catch (error) {
    if (!(error instanceof SimError)) throw error
  }
}

/** Plugs everything in. */
async function prepare({ seed }: WorldOptions, { modems, cables, relays }: Things): Promise<ReadyEvent> {
  const modemPaths = [...modems.values()].map((modem) => modem.plug())
  const cablePaths = [...cables.values()].map((cable) => cable.plug())
  const ports = await Promise.all(
    [...relays.values()].map(async (relay) => ({ name: relay.name, port: await relay.listen() })),
  )
  return { event: 'ready', seed, modems: modemPaths, cables: cablePaths, relays: ports }
}

function newModems(
  options: WorldOptions,
  network: Network,
  poller: PtyPoller,
  clock: Clock,
  emit: Emit,
  closers: (() => void)[],
): Map<string, PluggedModem> {
  const { recordAt } = options
  const made = options.modems.map((wanted) => {
    const recorder =
      recordAt === undefined
        ? undefined
        : new AtRecorder(join(recordAt, `at-${wanted.number.replace('+', '')}.jsonl`), clock)
    if (recorder !== undefined) closers.push(() => recorder.close())
    const modem = new PluggedModem(
      { ...wanted, options: modemOptions(wanted, network, emit), ...(recorder === undefined ? {} : { recorder }) },
      network.exchange,
      poller,
      clock,
    )
    return [wanted.number, modem] as const
  })
  return new Map(made)
}

function modemOptions({ number, options = {} }: WantedModem, network: Network, emit: Emit) {
  return {
    ...options,
    sms: network.centre,
    packet: network.backbone,
    time: network.time,
    told: (state: 'reset' | 'off' | 'on') => emit({ event: 'modem', number, state }),
    attempted: (...[attempt, result, card]: Parameters<NonNullable<ModemOptions['attempted']>>) => {
      const { pin = 0, puk = 0 } = card?.tries ?? {}
      emit({ event: 'sim', number, attempt, result, pinTries: pin, pukTries: puk })
    },
  }
}

function newCables(options: WorldOptions, poller: PtyPoller, clock: Clock, recorder: Recorder): Map<string, Cable> {
  return new Map(
    options.cables.map((name) => {
      const taps = { card: recorder.tap(`cable-${name}-card`), pc: recorder.tap(`cable-${name}-pc`) }
      return [name, new Cable(name, poller, clock, taps)]
    }),
  )
}

function newRelays({ relays, seed }: WorldOptions, recorder: Recorder, emit: Emit): Map<string, Relay> {
  return new Map(
    relays.map(({ name, target }) => {
      const relay = new Relay(name, target, seed, {
        event: (event) => emit({ event: 'relay', ...event }),
        tap: (connection, direction) => recorder.tap(`relay-${name}-${connection}-${direction}`),
      })
      return [name, relay]
    }),
  )
}
