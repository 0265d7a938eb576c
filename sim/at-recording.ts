import { closeSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { z } from 'zod'
import type { Clock } from './clock.ts'
import { SimError } from './fault.ts'
import { firstFault } from './fields.ts'

/** Lines of one recording that are read. */
const LINES_MAX = 100_000

/** One piece of a session: bytes as characters, one each. */
export interface AtPiece {
  /** Since the recording began, milliseconds. */
  readonly ms: number
  readonly from: 'terminal' | 'modem'
  readonly text: string
}

const PieceSchema = z.strictObject({
  ms: z.number().min(0),
  from: z.enum(['terminal', 'modem'], 'expected terminal or modem'),
  text: z
    .string()
    .refine((text) => Buffer.from(text, 'latin1').toString('latin1') === text, 'expected characters of one byte'),
})

/** Writes down what a terminal and its modem say to each other, as JSON lines. */
export class AtRecorder {
  readonly #clock: Clock
  readonly #start: number
  readonly #file: number
  #open = true

  /** @throws SimError RECORD_FOLDER_UNUSABLE */
  constructor(path: string, clock: Clock) {
    this.#clock = clock
    this.#start = clock.now()
    try {
      mkdirSync(dirname(path), { recursive: true })
      this.#file = openSync(path, 'w')
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause)
      throw new SimError('RECORD_FOLDER_UNUSABLE', `Cannot record into ${path}: ${why}.`, 'Give another folder.', {
        cause,
      })
    }
  }

  write(from: AtPiece['from'], bytes: Uint8Array): void {
    if (!this.#open || bytes.length === 0) return
    const piece: AtPiece = {
      ms: Math.round(this.#clock.now() - this.#start),
      from,
      text: Buffer.from(bytes).toString('latin1'),
    }
    writeSync(this.#file, `${JSON.stringify(piece)}\n`)
  }

  close(): void {
    if (!this.#open) return
    this.#open = false
    closeSync(this.#file)
  }
}

/** @throws SimError REPLAY_INVALID */
export function readRecording(path: string): AtPiece[] {
  let lines: string[]
  try {
    lines = readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line.trim() !== '')
  } catch (cause) {
    throw invalid(path, cause instanceof Error ? cause.message : String(cause))
  }
  if (lines.length > LINES_MAX) throw invalid(path, `expected at most ${LINES_MAX} lines`)
  return lines.map((line, at) => readPiece(path, line, at + 1))
}

function readPiece(path: string, line: string, number: number): AtPiece {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    throw invalid(path, `line ${number} is no JSON`)
  }
  const result = PieceSchema.safeParse(value)
  if (!result.success) throw invalid(path, `line ${number}: ${firstFault(result.error)}`)
  return result.data
}

function invalid(path: string, why: string): SimError {
  return new SimError('REPLAY_INVALID', `The recording ${path} cannot be played: ${why}.`, 'Make it with --record-at.')
}
