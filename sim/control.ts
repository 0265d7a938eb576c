import type { z } from 'zod'
import { CommandSchema } from './commands.ts'
import { SimError } from './fault.ts'
import { firstFault } from './fields.ts'

/** One line of commands, bytes. */
export const COMMAND_MAX = 65_536

const CURE = 'sim/COMMANDS.md lists the commands.'

/** What can be done to a running world. */
export type Command = z.infer<typeof CommandSchema>
/** A command as it is written: targets as `HOST:PORT`. */
export type CommandInput = z.input<typeof CommandSchema>

/** @throws SimError COMMAND_INVALID */
export function readCommand(line: string): Command {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch (cause) {
    throw new SimError('COMMAND_INVALID', `Expected a line of JSON, got ${JSON.stringify(line.slice(0, 60))}.`, CURE, {
      cause,
    })
  }
  return checkCommand(value)
}

/** @throws SimError COMMAND_INVALID */
export function checkCommand(value: unknown): Command {
  const result = CommandSchema.safeParse(value)
  if (result.success) return result.data
  throw new SimError('COMMAND_INVALID', `The command was refused: ${firstFault(result.error)}.`, CURE)
}

/** Cuts a stream of text into lines; what is too long is thrown away up to its end and told once. */
export class CommandLines {
  #buffer = ''
  #skipping = false

  /** @returns whole lines that are not blank, or the error in their place */
  push(text: string): (string | SimError)[] {
    const found: (string | SimError)[] = []
    const [first = '', ...others] = text.split('\n')
    this.#append(first, found)
    for (const part of others) {
      const line = this.#buffer.trim()
      if (line !== '') found.push(line)
      this.#buffer = ''
      this.#skipping = false
      this.#append(part, found)
    }
    return found
  }

  #append(part: string, found: (string | SimError)[]): void {
    if (this.#skipping) return
    this.#buffer += part
    if (Buffer.byteLength(this.#buffer) <= COMMAND_MAX) return
    this.#buffer = ''
    this.#skipping = true
    found.push(new SimError('COMMAND_TOO_LONG', `Expected lines of at most ${COMMAND_MAX} bytes.`, CURE))
  }
}
