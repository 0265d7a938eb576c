import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { Duplex } from 'node:stream'
import { z } from 'zod'
import { fault, KeylineError } from '../errors.ts'
import { programPath } from '../program-path.ts'
import type { CardCable } from './card-client.ts'

/** A modem or telephone at this computer in the place of a card (D-5): the card's program runs here, as a child of the driver. */
export interface AttachedModem {
  /** Serial port of the modem. */
  readonly modem: string
  /** Folder of the keys that a card would hold, this user's alone. */
  readonly store: string
}

/** A card by its port, or a modem at this computer. */
export type CardSource = string | AttachedModem

const PROGRAM = programPath('firmware/main')
/** It hangs up before it ends: two escapes and ATH take seconds, milliseconds. */
const END_MS = 30_000
const COMPLAINT_MAX = 4096
/** How the card's program says why it could not start: `CODE: what; cure`. */
const COMPLAINT = /^([A-Z][A-Z0-9_]{1,63}): (.+); ([^;\n]+)$/m
const modemEvent = z.object({ event: z.literal('modem.lost'), detail: z.string().max(400) })

/**
 * Starts the card's program with the card API on its standard input and output. It ends with this process, however that ends: its input
 * is closed then.
 * @throws KeylineError PROGRAM_MISSING
 */
export function openAttached({ modem, store }: AttachedModem): CardCable {
  if (!existsSync(PROGRAM)) throw fault('PROGRAM_MISSING', { what: 'the program of the card is not installed' })
  const args = ['--usb', 'stdio', '--modem', modem, '--store', store, '--json']
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', PROGRAM, ...args], { stdio: 'pipe' })
  const complaint = listen(child)
  const stream = cableOf(child)
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()))
  child.once('error', (cause) => stream.destroy(fault('PROGRAM_MISSING', { cause })))
  child.once('close', () => stream.destroy(complaint()))
  return {
    stream,
    close: async () => {
      child.stdin.end()
      const timer = setTimeout(() => child.kill('SIGKILL'), END_MS)
      await closed
      clearTimeout(timer)
    },
  }
}

/** Ends only with the program: its last words on standard error say more than the end of its output. */
function cableOf({ stdin, stdout }: ChildProcessWithoutNullStreams): Duplex {
  const stream = new Duplex({
    read: () => void stdout.resume(),
    write: (chunk: Buffer, _encoding, done) => void stdin.write(chunk, () => done()),
    final: (done) => void stdin.end(() => done()),
  })
  stdin.on('error', () => {}) // the program is gone, and its end tells why
  stdout.on('data', (bytes: Buffer) => {
    if (!stream.push(bytes)) stdout.pause()
  })
  return stream
}

/** @returns why it ended, as far as it said so */
function listen(child: ChildProcessWithoutNullStreams): () => KeylineError {
  let said = ''
  let modem = ''
  createInterface({ input: child.stderr }).on('line', (line) => {
    const event = modemEvent.safeParse(json(line))
    if (event.success) modem = event.data.detail
    else if (!line.startsWith('{')) said = `${said}${line}\n`.slice(-COMPLAINT_MAX)
  })
  return () => {
    const [, code, what, cure] = COMPLAINT.exec(said) ?? []
    if (code !== undefined && what !== undefined && cure !== undefined) {
      return new KeylineError({ code, what, cure, origin: 'card' })
    }
    return fault('CARD_GONE', { what: `the program of the card has ended${modem === '' ? '' : ` (${modem})`}` })
  }
}

function json(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
