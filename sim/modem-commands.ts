import type { Command } from './control.ts'
import type { Modem } from './modem.ts'
import { SimCard } from './sim-card.ts'
import type { Timers } from './timers.ts'

type ModemCommand = Extract<
  Command,
  { do: 'modem' | 'radio' | 'sim' | 'reset' | 'power' | 'slow' | 'storm' | 'caller-id' | 'packet' }
>

/** What a storm says if nothing else is wished for. */
const STORM_LINE = '+CREG: 1'

/** The cards that modems came with, for `present`. */
export type FirstCards = ReadonlyMap<string, SimCard | undefined>

/** Commands to one modem. */
export function commandModem(wish: ModemCommand, modem: Modem, first: FirstCards, timers: Timers): void {
  switch (wish.do) {
    case 'modem':
      return modem.setAnswer(wish.answer)
    case 'radio': {
      const { registration, signal } = wish
      modem.parts.radio.set({
        ...(registration === undefined ? {} : { registration }),
        ...(signal === undefined ? {} : { signal }),
      })
      return modem.refresh()
    }
    case 'sim':
      return changeCard(wish, modem, first.get(modem.name))
    case 'reset':
      if (wish.midCommand === true) return modem.resetMidCommand(wish.downMs)
      return modem.power.reset(wish.downMs)
    case 'power':
      return modem.power.turn(wish.on)
    case 'slow':
      return modem.slow(wish.ms)
    case 'storm':
      return storm(wish, modem, timers, wish.count)
    case 'caller-id':
      modem.calls.shown = wish.shown
      return
    case 'packet':
      return drop(wish.drop, modem)
  }
}

function changeCard(wish: Extract<Command, { do: 'sim' }>, modem: Modem, first: SimCard | undefined): void {
  const { pin, puk, tries, messages } = wish
  const options = {
    ...(pin === undefined ? {} : { pin }),
    ...(puk === undefined ? {} : { puk }),
    ...(tries === undefined ? {} : { tries }),
    ...(messages === undefined ? {} : { messages }),
  }
  switch (wish.state) {
    case 'absent':
      return modem.insert(undefined)
    case 'present':
      return modem.insert(first ?? new SimCard(modem.name, options))
    case 'locked':
      modem.card?.lock(pin, tries)
      return modem.insert(modem.card)
    case 'swapped':
      return modem.insert(new SimCard(wish.as ?? otherNumber(modem.name), options))
  }
}

/** A number that differs in its last digit. */
function otherNumber(number: string): string {
  return `${number.slice(0, -1)}${(Number(number.at(-1)) + 5) % 10}`
}

/** Lines by themselves, one after the other. */
function storm(wish: Extract<Command, { do: 'storm' }>, modem: Modem, timers: Timers, left: number): void {
  modem.say(wish.line ?? STORM_LINE)
  if (left > 1) timers.after(`storm-${modem.name}`, wish.everyMs, () => storm(wish, modem, timers, left - 1))
}

function drop(what: 'socket' | 'context' | 'registration', modem: Modem): void {
  if (what === 'socket') return modem.parts.packet.dropSocket('dropped')
  if (what === 'context') return modem.dropContexts()
  modem.parts.radio.set({ registration: 'searching' })
  modem.refresh()
}
