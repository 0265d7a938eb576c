import { z } from 'zod'
import { SimError } from './fault.ts'
import {
  AnswerField,
  ChanceField,
  firstFault,
  LatencyField,
  NameField,
  NumberField,
  RateField,
  TargetField,
} from './fields.ts'

/** One line of commands, bytes. */
export const COMMAND_MAX = 65_536

const CURE = 'sim/README.md lists the commands.'

const plugging = <T extends 'plug' | 'unplug'>(verb: T) =>
  z
    .strictObject({ do: z.literal(verb), cable: NameField.optional(), modem: NumberField.optional() })
    .refine(({ cable, modem }) => (cable === undefined) !== (modem === undefined), 'expected either cable or modem')

const CommandSchema = z.discriminatedUnion('do', [
  z.strictObject({
    do: z.literal('cut'),
    after: z.int('expected a whole number of bytes').min(0, 'expected 0 bytes or more'),
    direction: z.enum(['up', 'down', 'both'], 'expected up, down or both'),
  }),
  z.strictObject({ do: z.literal('cut-now') }),
  z.strictObject({ do: z.literal('modem'), number: NumberField, answer: AnswerField }),
  z.strictObject({
    do: z.literal('line'),
    rate: RateField.optional(),
    latency: LatencyField.optional(),
    corrupt: ChanceField.optional(),
    drop: ChanceField.optional(),
    dropResponse: z.boolean().optional(),
  }),
  plugging('plug'),
  plugging('unplug'),
  z.strictObject({
    do: z.literal('relay'),
    name: NameField,
    target: TargetField.optional(),
    tamper: ChanceField.optional(),
    refuse: z.boolean().optional(),
  }),
  z.strictObject({ do: z.literal('stop') }),
])

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
