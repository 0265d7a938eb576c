import { parseArgs } from 'node:util'
import { z } from 'zod'
import { CardError } from './card/errors.ts'

export const USAGE = `Runs the card: calls the server over the line for the PC that is on its USB port.

  keyline card --usb PATH|stdio --modem PATH --store DIR [options]

  --usb PATH     serial port to the PC, e.g. /dev/ttyGS0; stdio for a PC with an attached phone: the card API is then
                 on standard input and output, and events go to standard error
  --modem PATH   serial port of the modem
  --store DIR    folder of the card's keys, this program's alone
  --baud BIT/S   speed of the port to the PC, where it is not USB (115200)
  --json         events as JSON lines
  --help         this text
`

export interface CardOptions {
  /** Path, or `stdio`. */
  readonly usb: string
  readonly modem: string
  readonly store: string
  readonly baud: number
  readonly json: boolean
}

export type Arguments = { readonly type: 'help' } | { readonly type: 'run'; readonly options: CardOptions }

const path = z
  .string('is missing')
  .min(1, 'is missing')
  .max(4096)
  .refine((it) => !it.includes('\0'), 'is no path')
const schema = z.object({
  usb: path,
  modem: path,
  store: path,
  baud: z
    .string()
    .default('115200')
    .transform(Number)
    .pipe(
      z.int('expected bit/s').min(300, 'expected at least 300 bit/s').max(4_000_000, 'expected at most 4000000 bit/s'),
    ),
  json: z.boolean().default(false),
})

/** @throws CardError USAGE */
export function readArguments(argv: readonly string[]): Arguments {
  const values = parse(argv)
  if (values.help) return { type: 'help' }
  const checked = schema.safeParse(values)
  if (checked.success) return { type: 'run', options: checked.data }
  const [issue] = checked.error.issues
  throw new CardError('USAGE', `--${issue?.path.map(String).join('.')} ${issue?.message}`)
}

function parse(argv: readonly string[]): Readonly<Record<string, string | boolean | undefined>> {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean' } as const
  const options = { usb: text, modem: text, store: text, baud: text, json: flag, help: flag }
  try {
    return parseArgs({ args: [...argv], options, strict: true, allowPositionals: false }).values
  } catch (cause) {
    // Its message names the argument and what would be right.
    throw new CardError('USAGE', cause instanceof Error ? cause.message.split('\n')[0] : undefined, { cause })
  }
}
