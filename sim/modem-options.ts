import type { Settings } from './at-settings.ts'
import type { Clock } from './clock.ts'
import { NetworkTime } from './network-time.ts'
import { PacketNetwork } from './packet-network.ts'
import { type PacketBackbone, PacketUnit } from './packet-unit.ts'
import type { Profile } from './profile.ts'
import { Radio } from './radio.ts'
import { type Attempt, SimCard, type SimOptions } from './sim-card.ts'
import type { Sender, SmsCentre } from './sms-centre.ts'
import { SmsUnit } from './sms-unit.ts'

/** Japan, quarters of an hour. */
export const DEFAULT_ZONE = 36

/** What a modem has besides calls; without it it is a generic one that is alone in the world. */
export interface ModemOptions {
  readonly profile?: Profile
  readonly sim?: SimOptions
  /** The tray is empty. */
  readonly noSim?: boolean
  /** Messages that it holds itself. */
  readonly messages?: number
  readonly sms?: SmsCentre
  readonly packet?: PacketBackbone
  readonly time?: NetworkTime
  /** An attempt at a secret of the card. */
  readonly attempted?: (kind: 'pin' | 'puk', result: Attempt, card: SimCard | undefined) => void
  readonly told?: (state: 'reset' | 'off' | 'on') => void
}

/** What the parts need of the modem around them. */
export interface PartsHost {
  readonly name: string
  readonly clock: Clock
  sender(): Sender
  settings(): Settings
  change(set: Partial<Settings>): void
  card(): SimCard | undefined
  attached(): boolean
  changed(): void
  urc(line: string): void
}

export interface Parts {
  readonly card: SimCard | undefined
  readonly radio: Radio
  readonly time: NetworkTime
  readonly sms: SmsUnit
  readonly packet: PacketUnit
}

/** The parts of a new modem. */
export function newParts(host: PartsHost, options: ModemOptions): Parts {
  const { name, clock } = host
  const radio = new Radio(options.profile ?? 'generic')
  const backbone = options.packet ?? nowhere()
  return {
    card: options.noSim === true ? undefined : new SimCard(name, options.sim),
    radio,
    time: options.time ?? new NetworkTime(clock, Date.now(), DEFAULT_ZONE),
    sms: new SmsUnit({ ...host, centre: options.sms }, options.messages),
    packet: new PacketUnit({ number: name, clock, radio, attached: () => host.attached() }, backbone),
  }
}

/** A packet network without any access point. */
function nowhere(): PacketBackbone {
  return {
    network: new PacketNetwork(),
    seed: 0,
    nextSocketId: () => 0,
    socket: () => {},
    context: () => {},
    tap: () => {},
  }
}
