import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { fault } from '../errors.ts'

/** Longest line that is taken from a person or a pipe, characters. */
const LINE_MAX = 4096
const ENTER = /[\r\n]/
const CTRL_C = '\u0003'
const CTRL_D = '\u0004'
const CTRL_U = '\u0015'
const ERASE = /[\u007f\b]/

/** First line of a pipe. @throws KeylineError INPUT_INVALID when there is none, or it is too long */
export async function firstLine(input: Readable, what: string): Promise<string> {
  let seen = ''
  input.setEncoding('utf8')
  for await (const part of input) {
    seen += String(part)
    if (ENTER.test(seen) || seen.length > LINE_MAX) break
  }
  const [line = ''] = seen.split(ENTER)
  if (line !== '' && line.length <= LINE_MAX) return line
  throw fault('INPUT_INVALID', { what: `expected ${what} as the first line of standard input` })
}

/** The first `count` lines of a pipe; what follows is left unread. @throws KeylineError INPUT_INVALID when there are fewer, or they are too long */
export async function inputLines(input: Readable, count: number, what: string): Promise<readonly string[]> {
  let seen = ''
  input.setEncoding('utf8')
  for await (const part of input) {
    seen += String(part)
    if (seen.split('\n').length > count || seen.length > count * LINE_MAX) break
  }
  const lines = seen.split('\n').map((line) => line.replace(/\r$/, ''))
  // After the last line end there may be nothing; what came without one is a line as well.
  if (lines.at(-1) === '') lines.pop()
  const wanted = lines.slice(0, count)
  if (wanted.length === count && wanted.every(({ length }) => length <= LINE_MAX)) return wanted
  throw fault('INPUT_INVALID', { what: `expected on standard input ${what}` })
}

/** A visible question at a terminal. @throws KeylineError CANCELLED on Ctrl-C, Ctrl-D, `signal`, or a terminal that hangs up */
export function question(input: Readable, output: Writable, text: string, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const lines = createInterface({ input, output, terminal: true })
    const cancel = (): void => lines.close()
    signal.addEventListener('abort', cancel, { once: true })
    lines.once('close', () => {
      signal.removeEventListener('abort', cancel)
      reject(fault('CANCELLED')) // without effect when it was answered
    })
    lines.once('SIGINT', cancel).question(text, (answer) => {
      resolve(answer.trim())
      lines.close()
    })
  })
}

type RawInput = Readable & { setRawMode?: (raw: boolean) => unknown }

/**
 * A question whose answer is not shown: the terminal echoes nothing while it is typed.
 * @throws KeylineError CANCELLED on Ctrl-C, Ctrl-D, `signal`, or a terminal that hangs up
 */
export function hiddenQuestion(input: RawInput, output: Writable, text: string, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    let typed: string[] = []
    const end = (finish: () => void): void => {
      signal.removeEventListener('abort', cancel)
      input.off('data', keys).off('end', cancel).off('close', cancel)
      input.pause()
      input.setRawMode?.(false)
      output.write('\n')
      finish()
    }
    const cancel = (): void => end(() => reject(fault('CANCELLED')))
    const keys = (chunk: string): void => {
      for (const key of chunk) {
        if (ENTER.test(key)) return end(() => resolve(typed.join('')))
        if (key === CTRL_C || key === CTRL_D) return cancel()
        if (key === CTRL_U) typed = []
        else if (ERASE.test(key)) typed.pop()
        else if (typed.length < LINE_MAX) typed.push(key)
      }
    }
    // Raw before the question: a key that comes in between must not be shown either.
    input.setRawMode?.(true)
    output.write(text)
    input.setEncoding('utf8')
    signal.addEventListener('abort', cancel, { once: true })
    input.on('data', keys).once('end', cancel).once('close', cancel).resume()
  })
}
