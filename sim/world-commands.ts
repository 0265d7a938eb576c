import type { Cable } from './cable.ts'
import type { Command } from './control.ts'
import type { DoneEvent } from './events.ts'
import type { Exchange, Impairments } from './exchange.ts'
import { SimError } from './fault.ts'
import { faultsOf, sendMessage } from './message-commands.ts'
import { commandModem, type FirstCards } from './modem-commands.ts'
import type { ApnOptions, PacketNetwork } from './packet-network.ts'
import type { PluggedModem } from './plugged-modem.ts'
import type { Relay } from './relay.ts'
import type { SmsCentre } from './sms-centre.ts'
import type { Timers } from './timers.ts'

/** What there is in a world. */
export interface Things {
  readonly exchange: Exchange
  readonly modems: ReadonlyMap<string, PluggedModem>
  readonly firstCards: FirstCards
  readonly cables: ReadonlyMap<string, Cable>
  readonly relays: ReadonlyMap<string, Relay>
  readonly centre: SmsCentre
  readonly packets: PacketNetwork
  readonly timers: Timers
}

type Without<T> = { [K in keyof T]?: Exclude<T[K], undefined> }

/** Carries out one command; `stop` is its owner's. @throws SimError UNKNOWN_NAME, NO_PTY */
export function carryOut(wish: Command, things: Things): DoneEvent {
  const { exchange, modems, cables, relays, centre, packets, firstCards, timers } = things
  switch (wish.do) {
    case 'cut':
      exchange.armCut(wish.after, wish.direction)
      break
    case 'cut-now':
      exchange.cutNow()
      break
    case 'line':
      changeLine(wish, exchange, modems)
      break
    case 'divert':
      exchange.divert(wish.number, wish.to)
      break
    case 'fade':
    case 'cell':
      disturb(wish, things)
      break
    case 'sms':
      centre.set(faultsOf(wish))
      break
    case 'message':
      if (!sendMessage(wish, centre)) named(modems, 'modem', wish.to)
      break
    case 'apn':
      changeApn(wish, packets)
      break
    case 'plug':
      if (wish.modem !== undefined) return { ...done(wish), modem: named(modems, 'modem', wish.modem).plug() }
      return { ...done(wish), cable: named(cables, 'cable', wish.cable).plug() }
    case 'unplug':
      if (wish.modem !== undefined) named(modems, 'modem', wish.modem).unplug()
      else named(cables, 'cable', wish.cable).unplug()
      break
    case 'relay': {
      const { do: _, name, ...change } = wish
      named(relays, 'relay', name).set(given(change))
      break
    }
    case 'stop':
      break
    default:
      commandModem(wish, named(modems, 'modem', wish.number).modem, firstCards, timers)
  }
  return done(wish)
}

function changeLine(
  wish: Extract<Command, { do: 'line' }>,
  exchange: Exchange,
  modems: ReadonlyMap<string, PluggedModem>,
): void {
  const { do: _, rate, latency, jitter, ...impairments } = wish
  for (const { modem } of modems.values()) {
    const { speed } = modem.calls
    modem.calls.speed = {
      rate: rate ?? speed.rate,
      latencyMs: latency ?? speed.latencyMs,
      jitterMs: jitter ?? speed.jitterMs ?? 0,
    }
  }
  exchange.setSpeed((from) => from.speed)
  exchange.impair(given<Impairments>(impairments))
}

/** For a while nothing passes the radio, or its cell is gone; of one modem or of all. */
function disturb(wish: Extract<Command, { do: 'fade' | 'cell' }>, { modems, timers }: Things): void {
  const chosen = wish.number === undefined ? [...modems.values()] : [named(modems, 'modem', wish.number)]
  for (const { modem } of chosen) {
    const set = (on: boolean): void => {
      if (wish.do === 'fade') modem.parts.radio.fade(on)
      else modem.parts.radio.closeCell(on)
      modem.refresh()
    }
    set(true)
    timers.after(`${wish.do}-${modem.name}`, wish.ms, () => set(false))
  }
}

function changeApn(wish: Extract<Command, { do: 'apn' }>, packets: PacketNetwork): void {
  const { do: _, name, latency, jitter, ...others } = wish
  packets.set(name, given<Omit<ApnOptions, 'name'>>({ ...others, latencyMs: latency, jitterMs: jitter }))
}

/** Without what was not said. */
function given<T>(change: { [K in keyof T]?: T[K] | undefined }): Without<T> {
  // Entries of an object with the same keys, less those without a value.
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined)) as Without<T>
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
