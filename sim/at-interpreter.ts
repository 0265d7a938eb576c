import { cardFault } from './at-card.ts'
import { runExtended } from './at-extended.ts'
import { type Command, parseCommands } from './at-parse.ts'
import { FACTORY, type Settings } from './at-settings.ts'
import type { ModemView, Outcome, Step } from './at-step.ts'
import { MAKERS } from './profile.ts'

/** Commands that only set a number, with its key and greatest value. */
const FLAGS: Readonly<Record<string, readonly [key: keyof Settings, max: number]>> = {
  E: ['echo', 1],
  V: ['verbose', 1],
  Q: ['quiet', 1],
  X: ['level', 4],
  '&C': ['carrier', 1],
  '&D': ['dtr', 3],
}

/** Speaker, pulse and tone, flow control, stored profile: accepted up to the value, without any effect here. */
const WITHOUT_EFFECT: Readonly<Record<string, number>> = {
  L: 3,
  M: 3,
  N: 1,
  P: 0,
  T: 0,
  W: 2,
  Y: 1,
  '&G': 2,
  '&K': 6,
  '&R': 1,
  '&S': 1,
  '&W': 1,
  '&Y': 1,
}

/** Greatest values that are not 255: characters have seven bits (V.250 §6.2.1 to §6.2.3). */
const REGISTER_MAX: Readonly<Record<number, number>> = { 3: 127, 4: 127, 5: 127 }

const ERROR: Step = { end: { type: 'error' } }

/**
 * What a command line does, without doing it: no ports, no calls, no time.
 *
 * @param body what stood between `AT` and the end of the line
 */
export function interpret(body: string, before: Settings, view: ModemView): Outcome {
  return interpretCommands(parseCommands(body), before, view)
}

/** The same for commands of a line; those behind one that waits are left as `rest`. */
export function interpretCommands(commands: readonly Command[], before: Settings, view: ModemView): Outcome {
  let settings = before
  let hangUp = false
  const info: string[] = []
  const later: (() => void)[] = []
  for (const [at, command] of commands.entries()) {
    // After H on the same line there is no call any more: `ATH;D…` dials.
    const step = run(command, settings, hangUp ? { ...view, held: false, ringing: false, call: undefined } : view)
    settings = { ...settings, ...step.set }
    info.push(...(step.info ?? []))
    hangUp ||= step.hangUp === true
    if (step.later !== undefined) later.push(step.later)
    if (step.end === undefined) continue
    const rest = step.end.type === 'wait' || step.end.type === 'prompt' ? { rest: commands.slice(at + 1) } : {}
    return { settings, info, hangUp, end: step.end, ...rest, ...(later.length === 0 ? {} : { later }) }
  }
  return { settings, info, hangUp, end: { type: 'ok' }, ...(later.length === 0 ? {} : { later }) }
}

function run(command: Command, settings: Settings, view: ModemView): Step {
  switch (command.type) {
    case 'basic':
      return runBasic(command.name, command.value, settings, view)
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

function runBasic(name: string, value: number, settings: Settings, view: ModemView): Step {
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
      return { info: about(value, view) }
    case 'Z':
      return value <= 1 ? { set: FACTORY, hangUp: true } : ERROR
    case '&F':
      return value === 0 ? { set: FACTORY } : ERROR
    case '&V':
      return value <= 1 ? { info: [profileOf(settings)] } : ERROR
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
  if (settings.fun !== 1) return { end: { type: 'cme', cme: 30 } }
  const fault = cardFault(view.card)
  if (fault !== undefined) return { end: { type: 'cme', cme: fault } }
  if (view.held || view.ringing || view.call !== undefined) return { end: { type: 'cme', cme: 3 } }
  // V.250 §6.3.1: T, P, W, `,`, `!` and `@` shape the dialling, and are no part of the number; nor are I and G of TS 27.007
  // §6.2, which hide the caller. Phone-book entries and redialling are not there.
  const number = text.replaceAll(/[TPW,!@().-]/g, '').replace(/I?G?$/, '')
  if (!/^\+?[0-9*#]*$/.test(number)) return ERROR
  return { end: { type: 'dial', number, ...(voice ? { voice: true } : {}) } }
}

/** ATI: 0 what it is; the others tell one thing each, as far as there is one. */
function about(value: number, { profile, imei }: ModemView): string[] {
  const { about: lines, model, revision } = MAKERS[profile]
  if (value === 0) return profile === 'simcom' ? [...lines, `IMEI: ${imei}`, '+GCAP: +CGSM,+FCLASS'] : [...lines]
  return value === 3 ? [revision] : value === 4 ? [model] : []
}

/** &V: the settings there are, for people. */
function profileOf({ echo, level, quiet, verbose, carrier, dtr, registers }: Settings): string {
  const shown = Object.entries(registers).map(
    ([number, value]) => `S${number.padStart(2, '0')}:${String(value).padStart(3, '0')}`,
  )
  return [`E${echo} Q${quiet} V${verbose} X${level} &C${carrier} &D${dtr}`, shown.join(' ')].join('\r\n')
}
