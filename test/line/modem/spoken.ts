import type { ModemKeeper } from '../../../line/modem/keeper.ts'
import { Modem, type ModemOptions } from '../../../line/modem/modem.ts'
import { FakeClock } from '../../fake-clock.ts'
import { FakePort } from '../fake-port.ts'

/** What a modem answers, by command; `undefined` for one that it does not answer. All else is OK. */
export type Answers = Record<string, string | undefined>

/** Information lines and OK, as a modem says them. */
export function lines(...said: readonly string[]): string {
  return `${said.map((line) => `\r\n${line}\r\n`).join('')}\r\nOK\r\n`
}

/** A modem that speaks from a table which the test may change while it runs. */
export class SpokenModem {
  readonly port = new FakePort()
  readonly clock: FakeClock
  readonly answers: Answers
  readonly commands: string[] = []
  /** Before each answer, milliseconds. */
  slowMs = 0
  /** Told before each answer; true: there is none. */
  before: (command: string) => boolean = () => false
  /** Told what is no command line, as `+++`. */
  raw: (text: string) => void = () => {}

  constructor(answers: Answers, clock = new FakeClock()) {
    this.answers = answers
    this.clock = clock
    this.port.onWrite = (text) => {
      if (text.endsWith('\r')) this.#command(text.slice(0, -1))
      else this.raw(text)
    }
  }

  open(options: ModemOptions = {}, lost: string[] = []): Modem {
    return new Modem(this.port, this.clock, options, (reason) => lost.push(reason))
  }

  count(command: string): number {
    return this.commands.filter((it) => it === command).length
  }

  #command(command: string): void {
    this.commands.push(command)
    if (this.before(command)) return
    const answer = command in this.answers ? this.answers[command] : lines()
    if (answer === undefined) return
    if (this.slowMs === 0) this.port.say(answer)
    else this.clock.after(this.slowMs, () => this.port.say(answer))
  }
}

/** Lets time pass until it is done. @throws what it throws, or after ten minutes of that time */
export async function passing<T>(clock: FakeClock, promise: Promise<T>): Promise<T> {
  let done = false
  const watched = promise.finally(() => {
    done = true
  })
  watched.catch(() => {})
  for (let n = 0; !done && n < 6000; n++) await clock.advance(100)
  if (!done) throw new Error('it does not end')
  return watched
}

/** @returns milliseconds until it is so, at most ten minutes */
export async function until(clock: FakeClock, so: () => boolean): Promise<number> {
  const from = clock.now()
  while (!so() && clock.now() - from < 600_000) await clock.advance(100)
  return clock.now() - from
}

/** Ends it, and says how many timers are left. */
export async function ended(clock: FakeClock, keeper: ModemKeeper): Promise<number> {
  await passing(clock, keeper.close())
  return clock.waiting
}
