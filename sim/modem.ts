import { isRegistered, registrationOf } from './at-network.ts'
import { type Action, CommandSession } from './at-session.ts'
import { FACTORY, type Settings } from './at-settings.ts'
import type { ModemView } from './at-step.ts'
import type { Clock } from './clock.ts'
import { identityOf } from './identity.ts'
import { type Answer, type Dialler, ModemCalls } from './modem-calls.ts'
import { type Mode, ModemData } from './modem-data.ts'
import { type ModemOptions, newParts, type Parts } from './modem-options.ts'
import { ModemOutput, type ModemPort } from './modem-output.ts'
import { ModemPower } from './modem-power.ts'
import { ModemPresence } from './modem-presence.ts'
import { ModemSockets } from './modem-sockets.ts'
import type { Profile } from './profile.ts'
import type { SimCard } from './sim-card.ts'
import type { LineSpeed } from './wire.ts'

/** Bytes of commands taken at once, and those kept while one runs. */
const COMMAND_ROOM = 1024
const TYPED_MAX = 4096
/** A modem between a serial port and the network: V.250, with what TS 27.007 and TS 27.005 add for mobile ones. */
export class Modem {
  /** What its operator calls it; its number is its SIM's. */
  readonly name: string
  readonly profile: Profile
  /** The modem as the exchange sees it. */
  readonly calls: ModemCalls
  readonly parts: Parts
  readonly power: ModemPower
  readonly #clock: Clock
  readonly #options: ModemOptions
  readonly #output: ModemOutput
  readonly #session: CommandSession
  readonly #data: ModemData
  readonly #sockets: ModemSockets
  readonly #presence: ModemPresence
  #card: SimCard | undefined
  #settings: Settings = FACTORY
  #typed: Uint8Array = new Uint8Array(0)

  constructor(
    number: string,
    speed: LineSpeed,
    port: ModemPort,
    dialler: Dialler,
    clock: Clock,
    options: ModemOptions = {},
  ) {
    this.name = number
    this.profile = options.profile ?? 'generic'
    this.#clock = clock
    this.#options = options
    const settings = (): Settings => this.#settings
    const change = (changed: Settings): void => {
      this.#settings = changed
    }
    const output = new ModemOutput(port, settings, () => this.#engaged)
    this.#output = output
    const common = { clock, output, settings, change, view: () => this.#view(), changed: () => this.refresh() }
    this.power = new ModemPower({
      ...common,
      profile: this.profile,
      card: () => this.#card,
      hangUp: () => this.#hangUp(),
      down: () => this.#down(),
      told: (state) => options.told?.(state),
    })
    this.#data = new ModemData(clock, output, settings)
    this.#sockets = new ModemSockets({
      ...common,
      data: this.#data,
      profile: this.profile,
      packet: () => this.parts.packet,
    })
    this.calls = new ModemCalls(speed, {
      ...common,
      dialler,
      number: () => this.number,
      answer: () => this.power.answer,
      present: () => this.present,
      engaged: () => this.#data.path !== undefined,
      fading: () => this.parts.radio.fading,
      room: () => this.#data.room(),
      online: (leg, rate) => this.#data.online(leg, rate),
      offline: () => this.#data.release(),
    })
    this.parts = newParts(
      {
        ...common,
        name: number,
        sender: () => ({ number: this.number, shownNumber: this.calls.shownNumber || this.number }),
        change: (set) => change({ ...this.#settings, ...set }),
        card: () => this.#card,
        attached: () => this.present && !this.power.deaf,
        urc: (line) => output.urc(line),
      },
      options,
    )
    this.#card = this.parts.card
    this.#session = new CommandSession({
      ...common,
      hangUp: () => this.#hangUp(),
      perform: (action) => this.#perform(action),
      idle: () => this.#idle(),
    })
    this.#presence = new ModemPresence({
      ...common,
      here: () => this.power.here && !this.power.deaf,
      lost: () => this.#lost(),
      found: () => this.parts.sms.freed(),
    })
  }

  get number(): string {
    return this.#card?.number ?? ''
  }

  get card(): SimCard | undefined {
    return this.#card
  }

  // ---- from the serial port

  /** Bytes that the terminal may send now. */
  inputRoom(): number {
    if (this.#data.mode === 'data') return this.#data.path?.room() ?? COMMAND_ROOM
    return this.#output.room() > 0 && !this.#session.busy ? COMMAND_ROOM : 0
  }

  input(bytes: Uint8Array): void {
    if (this.power.deaf) return
    for (let at = 0; at < bytes.length; at++) {
      if (this.#data.mode === 'data') return this.#data.write(bytes.subarray(at))
      if (this.#data.mode === 'dialling') this.#duringDialling(bytes[at] ?? 0)
      else if (this.#session.busy) return this.#keep(bytes.subarray(at))
      else this.#session.push(bytes[at] ?? 0)
    }
  }

  /** DTR fell: nobody has the port open, or its speed is B0 (V.250 §6.2.9, &D). */
  dtrDropped(): void {
    this.#session.reset()
    this.#output.clear()
    this.#typed = new Uint8Array(0)
    const { dtr } = this.#settings
    if (this.#data.mode !== 'command' && dtr !== 0) {
      if (dtr >= 2 || this.#data.mode === 'dialling') this.#hangUp()
      else this.#data.hold()
    }
    // &D3 also brings the profile back.
    if (dtr === 3) this.#settings = FACTORY
  }

  // ---- from the operator

  setAnswer(answer: Answer): void {
    this.power.setAnswer(answer)
  }

  unplug(): void {
    this.power.unplug()
  }

  plug(): void {
    this.power.plug()
  }

  /** It starts anew in the place of the next command line's answer. */
  resetMidCommand(downMs?: number): void {
    this.#session.trap = () => this.power.reset(downMs)
  }

  /** @param card undefined: pulled out */
  insert(card: SimCard | undefined): void {
    if (this.#card !== undefined) this.#output.urc('+CPIN: NOT READY')
    this.#card = undefined
    this.refresh()
    this.#card = card
    card?.powerUp()
    if (card !== undefined) this.#output.urc(`+CPIN: ${card.state}`)
    this.refresh()
  }

  /** @param ms how long each command line takes before anything happens */
  slow(ms: number): void {
    this.#session.slowMs = ms
  }

  say(line: string): void {
    this.#output.urc(line)
  }

  /** The network takes all contexts away. */
  dropContexts(): void {
    this.#sockets.drop('dropped')
  }

  /** Looks again at everything that the terminal is told of by itself. */
  refresh(): void {
    this.#presence.refresh()
  }

  get mode(): Mode {
    return this.#data.mode
  }

  /** Known to the network, also while it hangs. */
  get present(): boolean {
    const { radio } = this.parts
    return this.power.here && isRegistered(registrationOf(this.#settings, { card: this.#card, radio }))
  }

  // ---- inside

  get #engaged(): boolean {
    return this.#data.mode === 'data' || this.#data.mode === 'dialling' || this.#session.typing
  }

  #view(): ModemView {
    return {
      ...this.parts,
      profile: this.profile,
      imei: identityOf(this.name).imei,
      number: this.number,
      card: this.#card,
      clock: this.#clock,
      held: this.#data.mode === 'held',
      ringing: this.calls.ringing,
      call: this.calls.call,
      cause: this.calls.cause,
      urc: (line) => this.#output.urc(line),
      attempted: (kind, result) => this.#options.attempted?.(kind, result, this.#card),
      closeSocket: () => this.#sockets.close(),
      socketUser: this.#sockets.user,
    }
  }

  #perform(action: Action): void {
    switch (action.type) {
      case 'dial':
        if (action.voice === true) this.#output.result('ok')
        else this.#data.dialling()
        return this.calls.dial(action.number, action.voice === true)
      case 'answer':
        return this.calls.answer()
      case 'online':
        return this.#data.resume()
      case 'connect':
        return this.#sockets.connect(action.rate)
      case 'reset':
      case 'off':
        this.#output.result('ok')
        return action.type === 'reset' ? this.power.reset() : this.power.turn(false)
    }
  }

  #duringDialling(byte: number): void {
    if (!this.#data.aborts(byte)) return
    this.#hangUp()
    this.#output.result('no-carrier')
    this.#output.flush()
  }

  #hangUp(): void {
    this.#sockets.close()
    this.calls.hangUp()
  }

  #lost(): void {
    this.calls.vanish('radio-lost')
    this.#sockets.drop('detached')
  }

  /** A line is over. */
  #idle(): void {
    this.refresh()
    this.#output.flush()
    const typed = this.#typed
    this.#typed = new Uint8Array(0)
    if (typed.length > 0) this.input(typed)
  }

  #keep(bytes: Uint8Array): void {
    this.#typed = Buffer.concat([this.#typed, bytes]).subarray(0, TYPED_MAX)
  }

  /** Power is gone, or as good as that. */
  #down(): void {
    this.calls.vanish()
    this.parts.packet.dropAll('modem-gone')
    this.parts.sms.reset()
    this.#session.reset()
    this.#session.trap = undefined
    this.#data.release()
    this.#typed = new Uint8Array(0)
    this.#settings = FACTORY
  }
}
