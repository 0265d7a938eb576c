import { interpretCommands } from './at-interpreter.ts'
import { type Command, parseCommands } from './at-parse.ts'
import { CommandReader } from './at-reader.ts'
import { register, type Settings } from './at-settings.ts'
import type { End, ModemView, Step } from './at-step.ts'
import type { Clock } from './clock.ts'
import type { ModemOutput } from './modem-output.ts'

/** Characters of one message at the prompt; a PDU has 352. */
const MESSAGE_MAX = 2048
const LINE_FEED = 0x0a
const CTRL_Z = 0x1a
const ESCAPE = 0x1b
const PROMPT = '\r\n> '

type Prompt = Extract<End, { type: 'prompt' }> & {
  readonly rest: readonly Command[]
  readonly later: readonly (() => void)[]
}

/** Ends that are no matter of the line: the modem does them. */
export type Action = Exclude<End, { type: 'wait' | 'prompt' | 'ok' | 'error' | 'no-carrier' | 'cme' | 'cms' | 'words' }>

export interface SessionHost {
  readonly clock: Clock
  readonly output: ModemOutput
  settings(): Settings
  change(settings: Settings): void
  view(): ModemView
  hangUp(): void
  perform(action: Action): void
  /** The line is over: what waited may be said, and what was typed behind it comes. */
  idle(): void
}

/** The terminal at commands: from bytes to command lines, one at a time, each with its result. */
export class CommandSession {
  /** How long each line takes before anything happens, milliseconds. */
  slowMs = 0
  /** Once, in the place of the next line: what happens to a modem in the middle of it. */
  trap: (() => void) | undefined
  readonly #host: SessionHost
  readonly #reader = new CommandReader()
  #prompt: Prompt | undefined
  #typed = ''
  #running = false
  #cancel: (() => void) | undefined

  constructor(host: SessionHost) {
    this.#host = host
  }

  /** A command runs: what is typed now has to wait. */
  get busy(): boolean {
    return this.#running
  }

  /** A line or a message has been begun. */
  get typing(): boolean {
    return this.#reader.typing || this.#prompt !== undefined
  }

  push(byte: number): void {
    if (this.#prompt !== undefined) return this.#atPrompt(this.#prompt, byte)
    const read = this.#reader.push(byte, this.#host.settings())
    this.#echo(read.echo)
    if (read.type === 'too-long') {
      this.#host.output.result('error')
      this.#host.idle()
    }
    if (read.type === 'line') this.#line(read.body)
  }

  /** DTR fell or the modem starts anew: a line, a message and a result are forgotten. */
  reset(): void {
    this.#reader.clear()
    this.#prompt = undefined
    this.#typed = ''
    this.#running = false
    this.#cancel?.()
    this.#cancel = undefined
  }

  /** A line that was begun before data. */
  clearLine(): void {
    this.#reader.clear()
  }

  #line(body: string): void {
    const trap = this.trap
    this.trap = undefined
    if (trap !== undefined) return trap()
    if (this.slowMs === 0) return this.#run(parseCommands(body))
    this.#wait(
      (done) => this.#host.clock.after(this.slowMs, () => done(undefined)),
      () => this.#run(parseCommands(body)),
    )
  }

  #run(commands: readonly Command[], earlier: readonly (() => void)[] = []): void {
    const outcome = interpretCommands(commands, this.#host.settings(), this.#host.view())
    // Information in the form of before: `ATV0I0` is an exception not worth more.
    this.#host.output.info(outcome.info)
    this.#host.change(outcome.settings)
    if (outcome.hangUp) this.#host.hangUp()
    this.#end(outcome.end, outcome.rest ?? [], [...earlier, ...(outcome.later ?? [])])
  }

  /** @param later what follows the result */
  #end(end: End, rest: readonly Command[], later: readonly (() => void)[] = []): void {
    switch (end.type) {
      case 'wait':
        return this.#wait(end.start, (step) => this.#step(step, rest, later))
      case 'prompt':
        this.#prompt = { ...end, rest, later }
        this.#typed = ''
        return this.#host.output.text(PROMPT)
      case 'ok':
      case 'error':
      case 'no-carrier':
        this.#host.output.result(end.type)
        break
      case 'cme':
      case 'cms':
      case 'words':
        // The type's name is the key of the result's own field.
        this.#host.output.result(end)
        break
      default:
        this.#host.perform(end)
    }
    for (const run of later) run()
    this.#host.idle()
  }

  /** @param start calls back once, also at once */
  #wait<T>(start: (done: (value: T) => void) => () => void, then: (value: T) => void): void {
    let over = false
    this.#running = true
    const cancel = start((value) => {
      if (over) return
      over = true
      this.#running = false
      this.#cancel = undefined
      then(value)
    })
    if (over) return
    this.#cancel = () => {
      over = true
      cancel()
    }
  }

  #step(step: Step, rest: readonly Command[], earlier: readonly (() => void)[]): void {
    this.#host.output.info(step.info ?? [])
    if (step.set !== undefined) this.#host.change({ ...this.#host.settings(), ...step.set })
    if (step.hangUp === true) this.#host.hangUp()
    const later = step.later === undefined ? earlier : [...earlier, step.later]
    if (step.end !== undefined) this.#end(step.end, rest, later)
    else this.#run(rest, later)
  }

  #atPrompt(prompt: Prompt, byte: number): void {
    if (byte === CTRL_Z || byte === ESCAPE) {
      const typed = this.#typed
      this.#prompt = undefined
      this.#typed = ''
      if (byte === CTRL_Z) return this.#step(prompt.take(typed), prompt.rest, prompt.later)
      return this.#end({ type: 'ok' }, [], prompt.later)
    }
    // Of a CR LF behind the command.
    if (byte === LINE_FEED && this.#typed === '') return
    const settings = this.#host.settings()
    if (byte === register(settings, 5) || byte === 0x7f) return this.#rubOut(byte)
    this.#echo([byte])
    if (this.#typed.length < MESSAGE_MAX) this.#typed += String.fromCharCode(byte)
    // Each line of a message is asked for anew (TS 27.005 §3.5.1).
    if (prompt.lines && byte === register(settings, 3)) this.#host.output.text(PROMPT)
  }

  #rubOut(byte: number): void {
    if (this.#typed === '') return
    this.#typed = this.#typed.slice(0, -1)
    this.#echo([byte, 32, byte])
  }

  #echo(bytes: readonly number[]): void {
    if (this.#host.settings().echo === 1 && bytes.length > 0) this.#host.output.raw(Uint8Array.from(bytes))
  }
}
