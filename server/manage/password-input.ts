import type { Writable } from 'node:stream'
import { ServerError } from '../errors.ts'
import type { ManageContext } from './command.ts'

/** Longest line that is taken, characters. */
const LINE_MAX = 4096
const ENTER = /[\r\n]/
const CTRL_C = '\u0003'
const CTRL_D = '\u0004'
const ERASE = /[\u007f\b]/

type Input = ManageContext['input']

/**
 * A new password: asked for twice at a terminal, without showing it; else the first line of a pipe. Never an argument, which
 * every user of the machine could read in the list of processes.
 * @throws ServerError PASSWORD_MISSING
 */
export async function readPassword(input: Input, prompt: Writable): Promise<string> {
  if (input.isTTY !== true) return firstLine(input)
  const first = await hidden(input, prompt, 'Password: ')
  const second = await hidden(input, prompt, 'Once more: ')
  if (first !== second) throw new ServerError('PASSWORD_MISSING', 'the two passwords differ')
  return first
}

async function firstLine(input: Input): Promise<string> {
  let seen = ''
  input.setEncoding('utf8')
  for await (const part of input) {
    seen += String(part)
    if (ENTER.test(seen) || seen.length > LINE_MAX) break
  }
  const [line = ''] = seen.split(ENTER)
  if (line === '') throw new ServerError('PASSWORD_MISSING')
  return line
}

function hidden(input: Input, prompt: Writable, question: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let typed: string[] = []
    const end = (finish: () => void): void => {
      input.off('data', keys)
      input.pause()
      input.setRawMode?.(false)
      prompt.write('\n')
      finish()
    }
    const keys = (chunk: string): void => {
      for (const key of chunk) {
        if (ENTER.test(key)) return end(() => resolve(typed.join('')))
        if (key === CTRL_C || key === CTRL_D) return end(() => reject(new ServerError('PASSWORD_MISSING', 'cancelled')))
        if (ERASE.test(key)) typed = typed.slice(0, -1)
        else if (typed.length < LINE_MAX) typed.push(key)
      }
    }
    // Raw before the question: a key that comes in between must not be shown either.
    input.setRawMode?.(true)
    prompt.write(question)
    input.setEncoding('utf8')
    input.on('data', keys).resume()
  })
}
