import { runExtended } from './at-extended.ts'
import { type Command, parseCommands } from './at-parse.ts'
import { FACTORY, type Settings } from './at-settings.ts'
import type { ModemView, Outcome, Step } from './at-step.ts'

/** Commands that only set a number, with its key and greatest value. */
const FLAGS: Readonly<Record<string, readonly [key: keyof Settings, max: number]>> = {
  E: ['echo', 1],
  V: ['verbose', 1],
  Q: ['quiet', 1],
  X: ['level', 4],
  '&C': ['carrier', 1],
  '&D': ['dtr', 2],
}

/** Speaker, pulse and tone, flow control, stored profile: accepted up to the value, without any effect here. */
const WITHOUT_EFFECT: Readonly<Record<string, number>> = { L: 3, M: 3, P: 0, T: 0, '&K': 6, '&S': 1, '&R': 1, '&W': 1 }

/** Greatest values that are not 255: characters have seven bits (V.250 §6.2.1 to §6.2.3). */
const REGISTER_MAX: Readonly<Record<number, number>> = { 3: 127, 4: 127, 5: 127 }

const ERROR: Step = { end: { type: 'error' } }

/**
 * What a command line does, without doing it: no ports, no calls, no time.
 *
 * @param body what stood between `AT` and the end of the line
 */
export function interpret(body: string, before: Settings, view: ModemView): Outcome {
  let settings = before
  let hangUp = false
  const info: string[] = []
  for (const command of parseCommands(body)) {
    // After H on the same line there is no call any more: `ATH;D…` dials.
    const step = run(command, settings, hangUp ? { ...view, held: false, ringing: false, call: undefined } : view)
    settings = { ...settings, ...step.set }
    info.push(...(step.info ?? []))
    hangUp ||= step.hangUp === true
    if (step.end !== undefined) return { settings, info, hangUp, end: step.end }
  }
  return { settings, info, hangUp, end: { type: 'ok' } }
}

function run(command: Command, settings: Settings, view: ModemView): Step {
  switch (command.type) {
    case 'basic':
      return runBasic(command.name, command.value, view)
    case 'register':
      return runRegister(command, settings)
    case 'dial':
      return dial(command.text, command.voice, settings, view)
    case 'extended':
      return runExtended(command, settings, view)
    case 'unknown':
      return ERROR
  }
}

function runBasic(name: string, value: number, view: ModemView): Step {
  const flag = FLAGS[name]
  if (flag !== undefined) return value <= flag[1] ? { set: { [flag[0]]: value } } : ERROR
  const max = WITHOUT_EFFECT[name]
  if (max !== undefined) return value <= max ? {} : ERROR
  switch (name) {
    case 'A':
      return { end: { type: view.ringing ? 'answer' : 'no-carrier' } }
    case 'O':
      return { end: { type: view.held ? 'online' : 'no-carrier' } }
    case 'H':
      return value <= 1 ? { hangUp: true } : ERROR
    case 'I':
      return { info: ['Keyline simulated modem'] }
    case 'Z':
      return value <= 1 ? { set: FACTORY, hangUp: true } : ERROR
    case '&F':
      return value === 0 ? { set: FACTORY } : ERROR
    default:
      return ERROR
  }
}

function runRegister(command: Extract<Command, { type: 'register' }>, settings: Settings): Step {
  const { number, form, value } = command
  const now = settings.registers[number]
  if (now === undefined) return ERROR
  const max = REGISTER_MAX[number] ?? 255
  // V.250 §5.3.2 shows registers as three digits.
  if (form === 'read') return { info: [String(now).padStart(3, '0')] }
  if (form === 'test') return { info: [`(0-${max})`] }
  // S1 counts the rings and can only be read.
  return number !== 1 && value <= max ? { set: { registers: { ...settings.registers, [number]: value } } } : ERROR
}

function dial(text: string, voice: boolean, settings: Settings, view: ModemView): Step {
  // Only data calls: voice, phone-book entries and redialling are not there.
  if (voice) return { end: { type: 'cme', cme: 4 } }
  if (view.held || view.ringing) return { end: { type: 'cme', cme: 3 } }
  if (settings.fun !== 1) return { end: { type: 'cme', cme: 30 } }
  // V.250 §6.3.1: T, P, W, `,`, `!` and `@` shape the dialling, and are no part of the number.
  const number = text.replaceAll(/[TPW,!@().-]/g, '')
  return /^\+?[0-9*#]*$/.test(number) ? { end: { type: 'dial', number } } : ERROR
}
