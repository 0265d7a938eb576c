import { CALLS } from './at-call.ts'
import { CARD, cardFault, QUECTEL_CARD, SIMCOM_CARD } from './at-card.ts'
import { type Commands, cme, cms, NOT_SUPPORTED, UNKNOWN } from './at-command.ts'
import { GENERAL } from './at-general.ts'
import { IDENTITY, QUECTEL_IDENTITY, SIMCOM_IDENTITY } from './at-identity.ts'
import { MESSAGE_SETTINGS } from './at-message-settings.ts'
import { MESSAGES } from './at-messages.ts'
import { MODULATION } from './at-modulation.ts'
import { NETWORK } from './at-network.ts'
import { PACKET } from './at-packet.ts'
import type { Command } from './at-parse.ts'
import { PHONEBOOK } from './at-phonebook.ts'
import { QUECTEL } from './at-quectel.ts'
import type { Settings } from './at-settings.ts'
import { SIMCOM } from './at-simcom.ts'
import type { ModemView, Step } from './at-step.ts'
import type { Profile } from './profile.ts'

type ExtendedCommand = Extract<Command, { type: 'extended' }>

const OF_MESSAGES: Commands = { ...MESSAGE_SETTINGS, ...MESSAGES }
const STANDARD: Commands = {
  ...IDENTITY,
  ...GENERAL,
  ...CALLS,
  ...MODULATION,
  ...NETWORK,
  ...CARD,
  ...PHONEBOOK,
  ...OF_MESSAGES,
  ...PACKET,
}

const COMMANDS: Readonly<Record<Profile, Commands>> = {
  generic: STANDARD,
  simcom: { ...STANDARD, ...SIMCOM_IDENTITY, ...SIMCOM_CARD, ...SIMCOM },
  quectel: { ...STANDARD, ...QUECTEL_IDENTITY, ...QUECTEL_CARD, ...QUECTEL },
}

/** +CMS ERROR for the faults of a card that +CME ERROR calls 10 to 13 (TS 27.005 §3.2.5). */
const CARD_FAULTS: Readonly<Record<number, number>> = { 10: 310, 11: 311, 12: 316, 13: 313 }

/** Runs one extended command (V.250 §5.4). What is not in the table is +CME ERROR: 100, never silence. */
export function runExtended({ name, form, args }: ExtendedCommand, settings: Settings, view: ModemView): Step {
  const commands = COMMANDS[view.profile]
  if (name === '+CLAC' && form === 'run') return { info: Object.keys(commands) }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (command === undefined) return UNKNOWN
  if (form === 'test')
    return tested(name, typeof command.test === 'function' ? command.test(view, settings) : command.test)
  const fault = command.always === true ? undefined : cardFault(view.card)
  if (fault !== undefined) return Object.hasOwn(OF_MESSAGES, name) ? cms(CARD_FAULTS[fault] ?? 500) : cme(fault)
  switch (form) {
    case 'read': {
      const read = command.read?.(settings, view) ?? NOT_SUPPORTED
      return typeof read === 'string' ? { info: [`${name}: ${read}`] } : read
    }
    case 'run':
      return command.run?.(settings, view) ?? NOT_SUPPORTED
    case 'set':
      return command.set?.(args, settings, view) ?? NOT_SUPPORTED
  }
}

function tested(name: string, shown: string | undefined): Step {
  return shown === undefined || shown === '' ? {} : { info: [`${name}: ${shown}`] }
}
