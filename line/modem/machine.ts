import { type DataRules, SPEAK } from './data-mode.ts'
import { type AtFinal, parseFinal } from './response.ts'
import { classifyUrc } from './urc.ts'

/*
 * One command at a time as a pure function (state, event) → {state, effects}:
 *
 *   idle ──command──► waiting ──final──► idle      waiting ──CONNECT──► data ──lines──► idle
 *   waiting ──prompt──► waiting, its body sent
 *   waiting ──timer──► quiet ──timer──► probing ──OK──► idle    probing ──timer, 10 times──► dead
 *
 * After a time-out a late answer must not be taken for the next command's: wait for quiet, then `AT`, by turns with what makes it
 * speak, until OK (§1).
 */
export interface AtCommand {
  /** Text without CR; built by this project only, never from a PC's text. */
  readonly text: string
  /** Information lines that belong to the answer begin with one of these; '' takes every line (AT+CGMR and its like). */
  readonly prefixes: readonly string[]
  readonly timeoutMs: number
  /** Where it opens a connection of the modem's own. */
  readonly data?: DataRules
  /** Sent behind the prompt, and ended with Ctrl-Z (TS 27.005 §3.5.1): hexadecimal digits of a PDU. */
  readonly body?: string
}

export type AtResult =
  | { readonly final: AtFinal; readonly lines: readonly string[] }
  | { readonly final: { readonly type: 'timeout' | 'reset' }; readonly lines: readonly string[] }

export type AtState =
  | { readonly type: 'idle' }
  | {
      readonly type: 'waiting'
      readonly command: AtCommand
      readonly echo: boolean
      readonly lines: readonly string[]
      /** The prompt came. */
      readonly sent: boolean
    }
  | { readonly type: 'data' }
  /** Of the command that was given up; and how many lines of a late answer came. */
  | { readonly type: 'quiet'; readonly prefixes: readonly string[]; readonly heard: number }
  | { readonly type: 'probing'; readonly prefixes: readonly string[]; readonly tries: number }
  | { readonly type: 'dead' }

export type AtEvent =
  | { readonly type: 'command'; readonly command: AtCommand }
  | { readonly type: 'line'; readonly text: string }
  | { readonly type: 'prompt' }
  | { readonly type: 'timer' }
  /** Data mode was left: by escape, by DTR or by a confirmed loss of carrier. */
  | { readonly type: 'lines' }

export type AtEffect =
  | { readonly type: 'write'; readonly text: string }
  | { readonly type: 'settle'; readonly result: AtResult }
  | { readonly type: 'urc'; readonly text: string }
  /** One timer; setting it again moves it, undefined stops it. */
  | { readonly type: 'timer'; readonly ms: number | undefined }
  | { readonly type: 'enter-data' }
  | { readonly type: 'dead' }

export interface AtStep {
  readonly state: AtState
  readonly effects: readonly AtEffect[]
}

/** Silence after which a late answer is taken as not coming, milliseconds. */
export const QUIET_MS = 500
/** Wait for the OK of one probing AT, milliseconds (V.250 modems answer AT at once; 1 s covers autobauding). */
export const PROBE_MS = 1000
/** Unanswered probes until the recovery ladder takes over. */
export const PROBES = 10
/** Lines of a late answer that put off the probing: one that never ends must not put it off for ever. */
export const LATE_LINES_MAX = 32
/** Information lines kept for one command; more are dropped as if unsolicited. */
export const ANSWER_LINES_MAX = 256

const CTRL_Z = '\x1a'
const ESCAPE = '\x1b'
/** What a modem says when it has started; while it runs, it has reset then: settings and calls are gone. */
const STARTED = /^(?:RDY|\*ATREADY: ?1|[\^+]?SYSSTART(?: AIRPLANE MODE)?)$/

const IDLE: AtState = { type: 'idle' }
const STOP: AtEffect = { type: 'timer', ms: undefined }

/** @throws RangeError for a command when not idle: the engine's queue must prevent that */
export function step(state: AtState, event: AtEvent): AtStep {
  switch (event.type) {
    case 'command':
      return start(state, event.command)
    case 'line':
      return line(state, event.text)
    case 'prompt':
      return prompt(state)
    case 'timer':
      return timer(state)
    case 'lines':
      return state.type === 'data' ? { state: IDLE, effects: [] } : { state, effects: [] }
  }
}

function start(state: AtState, command: AtCommand): AtStep {
  if (state.type !== 'idle') throw new RangeError(`expected an idle modem for ${command.text}, got ${state.type}`)
  return {
    state: { type: 'waiting', command, echo: false, lines: [], sent: false },
    effects: [
      { type: 'write', text: `${command.text}\r` },
      { type: 'timer', ms: command.timeoutMs },
    ],
  }
}

function prompt(state: AtState): AtStep {
  // Later than the time-out: the modem would take the probes for the body, and answer nothing any more.
  if (state.type === 'quiet' || state.type === 'probing') {
    return {
      state: { type: 'quiet', prefixes: state.prefixes, heard: 0 },
      effects: [
        { type: 'write', text: ESCAPE },
        { type: 'timer', ms: QUIET_MS },
      ],
    }
  }
  // One that nobody waits for is given up by the next command's time-out.
  if (state.type !== 'waiting' || state.sent || state.command.body === undefined) return { state, effects: [] }
  return { state: { ...state, sent: true }, effects: [{ type: 'write', text: `${state.command.body}${CTRL_Z}` }] }
}

function line(state: AtState, text: string): AtStep {
  if (STARTED.test(text)) return reset(state)
  if (state.type === 'waiting') return answer(state, text)
  if (state.type === 'quiet' || state.type === 'probing') return late(state, text)
  return { state, effects: [{ type: 'urc', text }] }
}

function answer(state: AtState & { type: 'waiting' }, text: string): AtStep {
  const { command } = state
  if (!state.echo && state.lines.length === 0 && text === command.text) {
    return { state: { ...state, echo: true }, effects: [] }
  }
  // The body comes back too where a modem echoes.
  if (state.sent && text.replace(CTRL_Z, '').trim() === command.body) return { state, effects: [] }
  const final = parseFinal(text)
  if (final?.type === 'ok' && command.data?.afterOk === true) {
    // Understood, no more; the next final result says how it went.
    return { state: { ...state, command: { ...command, data: { ...command.data, afterOk: false } } }, effects: [] }
  }
  if (final !== undefined) {
    const effects: AtEffect[] = [STOP, { type: 'settle', result: { final, lines: state.lines } }]
    if (final.type !== 'connect') return { state: IDLE, effects }
    return { state: { type: 'data' }, effects: [{ type: 'enter-data' }, ...effects] }
  }
  const ours = state.lines.length < ANSWER_LINES_MAX && command.prefixes.some((prefix) => belongs(text, prefix))
  return ours
    ? { state: { ...state, lines: [...state.lines, text] }, effects: [] }
    : { state, effects: [{ type: 'urc', text }] }
}

/** What belongs to the answer that did not come in time is dropped; what the modem says by itself is not, and puts off nothing. */
function late(state: AtState & { type: 'quiet' | 'probing' }, text: string): AtStep {
  if (state.type === 'probing' && text.trim() === 'OK') return { state: IDLE, effects: [STOP] }
  const isAnswer = parseFinal(text) !== undefined || state.prefixes.some((prefix) => belongs(text, prefix))
  if (!isAnswer) return { state, effects: [{ type: 'urc', text }] }
  if (state.type === 'probing' || state.heard >= LATE_LINES_MAX) return { state, effects: [] }
  return { state: { ...state, heard: state.heard + 1 }, effects: [{ type: 'timer', ms: QUIET_MS }] }
}

/** Without a prefix every line is the answer, but what a modem is known to say by itself: a RING must not be lost in it. */
function belongs(text: string, prefix: string): boolean {
  return prefix === '' ? classifyUrc(text).type === 'unknown' : text.startsWith(prefix)
}

function reset(state: AtState): AtStep {
  const effects: AtEffect[] = [STOP]
  if (state.type === 'waiting')
    effects.push({ type: 'settle', result: { final: { type: 'reset' }, lines: state.lines } })
  return { state: IDLE, effects: [...effects, { type: 'urc', text: 'RDY' }] }
}

function timer(state: AtState): AtStep {
  if (state.type === 'waiting') {
    // A modem that still takes the body is brought back to commands; whether it sent something nobody knows.
    const leave: readonly AtEffect[] = state.command.body === undefined ? [] : [{ type: 'write', text: ESCAPE }]
    return {
      state: { type: 'quiet', prefixes: state.command.prefixes, heard: 0 },
      effects: [
        ...leave,
        { type: 'settle', result: { final: { type: 'timeout' }, lines: state.lines } },
        { type: 'timer', ms: QUIET_MS },
      ],
    }
  }
  if (state.type === 'quiet') return probe(state.prefixes, 1)
  if (state.type !== 'probing') return { state, effects: [] }
  return state.tries < PROBES
    ? probe(state.prefixes, state.tries + 1)
    : { state: { type: 'dead' }, effects: [{ type: 'dead' }] }
}

function probe(prefixes: readonly string[], tries: number): AtStep {
  return {
    state: { type: 'probing', prefixes, tries },
    effects: [
      // Plain at first: it also lets a modem find the speed.
      { type: 'write', text: tries % 2 === 1 ? 'AT\r' : `${SPEAK}\r` },
      { type: 'timer', ms: PROBE_MS },
    ],
  }
}
