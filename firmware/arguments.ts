import { readFileSync, statSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { BEARERS } from '../wire/line/ticket.ts'
import { type BoardProfile, fileProfile, namedProfile } from './board/profile.ts'
import type { ConsentPolicy } from './card/consent.ts'
import { CardError } from './card/errors.ts'
import type { BearerBudget } from './card/policy.ts'
import { readConsent } from './consent-option.ts'

export const USAGE = `Runs the card: calls the server over the line for the PC that is on its USB port.

  keyline card --usb PATH|stdio --modem PATH --store DIR [options]

A card that runs is asked by: keyline card pair, paired, unpair, pin, files (each with --help).

  --usb PATH     serial port to the PC, e.g. /dev/ttyGS0; stdio for a PC with an attached phone: the card API is then
                 on standard input and output, and events go to standard error
  --modem PATH   serial port of the modem
  --store DIR    folder of the card's keys, this program's alone
  --bearer NAME[:SECONDS]
                 call, packet or sms, and how long a login or payment stays with it before the next one is tried;
                 repeatable, best first (packet:60, call:90, sms:90). What the enrolment has no address for is left out
  --sim-pin FILE file with the PIN of the SIM card, readable by its owner alone. It is entered only while three attempts
                 or more are left, and never twice to a card that refused it
  --board NAME   profile of the board's lights, button and power key (none: it has none of them), a file of
                 firmware/board/profiles/
  --board-file FILE
                 a profile of your own, instead of --board
  --board-secret FILE
                 32 random bytes that only this board has, made when they are missing: the card's memory is sealed with them.
                 Without, it lies open in the store
  --pairing required|off
                 whether a PC must be paired by a code before it may ask anything (off)
  --console PATH a second serial port for a log that people read, and for the pairing code
  --ticket FILE  a ticket: the card enrols with it by itself, and removes it
  --pin FILE     a PIN of 4 to 32 characters for the card, taken over once and removed; needs --board-secret
  --slots DIR    updates of this program, with --update-keys DIR: public keys (*.pub, Ed25519) that may sign them, and --run DIR
                 for what is unpacked; the launcher reads these too
  --consent RULES
                 when the button must be held before anything is dialled: always, first (the first call of a session) or
                 never, or one for each purpose (pay:always,login:first,enrol:never, which holds where the board has a button)
  --consent-wait SECONDS
                 how long the button is waited for (30)
  --panel PATH   serial port of the simulator's panel, in place of the board's own pins; with --board sim
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
  readonly policy: readonly BearerBudget[]
  /** 4 to 8 digits. */
  readonly simPin: string | undefined
  readonly board: BoardProfile
  readonly boardSecret: string | undefined
  readonly pairing: boolean
  readonly console: string | undefined
  readonly ticket: string | undefined
  readonly pin: string | undefined
  /** Folders of the slots and of the keys. */
  readonly update: { readonly slots: string; readonly keys: string } | undefined
  readonly consent: { readonly policy: ConsentPolicy; readonly waitMs: number }
  /** Port of the simulator's panel. */
  readonly panel: string | undefined
  readonly json: boolean
}

export type Arguments = { readonly type: 'help' } | { readonly type: 'run'; readonly options: CardOptions }

const path = z
  .string('is missing')
  .min(1, 'is missing')
  .max(4096)
  .refine((it) => !it.includes('\0'), 'is no path')
/** Together under what a PC waits for one job. */
const DEFAULT_POLICY = ['packet:60', 'call:90', 'sms:90']
const BUDGETS_MAX_S = 240
const bearer = z.string().transform((text, context): BearerBudget => {
  const [, name = '', seconds = '90'] = /^([a-z]+)(?::([1-9][0-9]{0,2}))?$/.exec(text) ?? []
  const found = BEARERS.find((it) => it === name)
  if (found !== undefined) return { bearer: found, budgetMs: Number(seconds) * 1000 }
  context.addIssue({ code: 'custom', message: 'expected call, packet or sms, as in sms:90' })
  return z.NEVER
})
const policy = z
  .array(bearer)
  .min(1)
  .max(BEARERS.length)
  .refine((all) => new Set(all.map((it) => it.bearer)).size === all.length, 'names one twice')
  .refine(
    (all) => all.reduce((sum, { budgetMs }) => sum + budgetMs, 0) <= BUDGETS_MAX_S * 1000,
    `expected at most ${BUDGETS_MAX_S} seconds together`,
  )

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
  bearer: z.array(z.string()).default(DEFAULT_POLICY).pipe(policy),
  'sim-pin': path.optional(),
  board: z.string().max(100).optional(),
  'board-file': path.optional(),
  'board-secret': path.optional(),
  pairing: z.enum(['required', 'off'], 'expected required or off').default('off'),
  console: path.optional(),
  ticket: path.optional(),
  pin: path.optional(),
  slots: path.optional(),
  'update-keys': path.optional(),
  run: path.optional(),
  consent: z.string().optional(),
  'consent-wait': z.string().default('30'),
  panel: path.optional(),
  json: z.boolean().default(false),
})

/** @throws CardError USAGE, BOARD_PROFILE */
export function readArguments(argv: readonly string[]): Arguments {
  const values = parse(argv)
  if (values.help) return { type: 'help' }
  const checked = schema.safeParse(values)
  if (checked.success) {
    const { bearer: policy, 'sim-pin': pinFile, board: name, 'board-file': file, ...more } = checked.data
    const { consent: rules, 'consent-wait': wait, panel, ...others } = more
    const {
      'board-secret': boardSecret,
      pairing,
      console,
      ticket,
      pin,
      slots,
      'update-keys': keys,
      run: _,
      ...rest
    } = others
    if (name !== undefined && file !== undefined)
      throw new CardError('USAGE', '--board and --board-file exclude each other')
    const board = file === undefined ? namedProfile(name ?? 'none') : fileProfile(file)
    const simPin = pinFile === undefined ? undefined : readPin(pinFile)
    if (panel !== undefined && board.gpio === null) throw new CardError('USAGE', '--panel needs --board sim')
    const consent = readConsent(rules, wait, board.gpio !== null)
    if (pin !== undefined && boardSecret === undefined) throw new CardError('USAGE', '--pin needs --board-secret')
    const own = {
      boardSecret,
      pairing: pairing === 'required',
      console,
      ticket,
      pin,
      update: slots && keys ? { slots, keys } : undefined,
    }
    return { type: 'run', options: { ...rest, ...own, policy, simPin, board, consent, panel } }
  }
  const [issue] = checked.error.issues
  throw new CardError('USAGE', `--${issue?.path.map(String).join('.')} ${issue?.message}`)
}

/** @throws CardError USAGE; the message says nothing of what is in the file */
function readPin(file: string): string {
  let text: string
  try {
    if ((statSync(file).mode & 0o077) !== 0) throw new Error('others can read it: chmod 600')
    text = readFileSync(file, 'utf8').trim()
  } catch (cause) {
    throw new CardError('USAGE', `--sim-pin ${file}: ${cause instanceof Error ? cause.message : 'unreadable'}`, {
      cause,
    })
  }
  if (!/^[0-9]{4,8}$/.test(text)) throw new CardError('USAGE', `--sim-pin ${file} holds no PIN of 4 to 8 digits`)
  return text
}

type Value = string | boolean | readonly (string | boolean)[] | undefined

function parse(argv: readonly string[]): Readonly<Record<string, Value>> {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean' } as const
  const many = { type: 'string', multiple: true } as const
  const options = {
    usb: text,
    modem: text,
    store: text,
    bearer: many,
    'sim-pin': text,
    board: text,
    'board-file': text,
    'board-secret': text,
    pairing: text,
    console: text,
    ticket: text,
    pin: text,
    slots: text,
    'update-keys': text,
    run: text,
    consent: text,
    'consent-wait': text,
    panel: text,
    baud: text,
    json: flag,
    help: flag,
  }
  try {
    return parseArgs({ args: [...argv], options, strict: true, allowPositionals: false }).values
  } catch (cause) {
    // Its message names the argument and what would be right.
    throw new CardError('USAGE', cause instanceof Error ? cause.message.split('\n')[0] : undefined, { cause })
  }
}
