import { fieldAt, fieldsOf, valueAfter, wholeNumber } from './fields.ts'
import type { Urc } from './urc-types.ts'

/** What the sockets inside of modems say: SIMCom, Quectel, u-blox. */
const PATTERNS: readonly (readonly [pattern: RegExp, urc: (groups: readonly string[]) => Urc])[] = [
  [/^CLOSED$/i, () => closed(0, 'remote')],
  [/^CLOSE OK$/i, () => closed(0, 'local')],
  [/^(\d+) ?, ?CLOSED$/i, ([link]) => closed(Number(link), 'remote')],
  [/^(\d+) ?, ?CLOSE OK$/i, ([link]) => closed(Number(link), 'local')],
  [/^CONNECT FAIL$/i, () => ({ type: 'socket-open', link: 0, error: 1 })],
  [/^(\d+) ?, ?CONNECT FAIL$/i, ([link]) => ({ type: 'socket-open', link: Number(link), error: 1 })],
  [/^(?:(\d+) ?, ?)?CONNECT OK$/i, ([link]) => ({ type: 'socket-open', link: Number(link ?? 0), error: 0 })],
  [/^\+CIPEVENT ?: ?NETWORK CLOSED/i, () => fallen()],
  [/^\+PDP ?: ?DEACT/i, () => fallen()],
  [/^\+APP PDP ?: ?(\d+) ?, ?ACTIVE$/i, ([context]) => packet(true, Number(context))],
  [/^\+APP PDP ?: ?(\d+) ?, ?DEACTIVE$/i, ([context]) => packet(false, Number(context))],
  [/^\+CGEV ?: ?(?:NW|ME) DETACH/i, () => fallen()],
  [/^\+CGEV ?: ?(?:NW|ME) PDN DEACT (\d+)/i, ([context]) => packet(false, Number(context))],
  [/^\+CGEV ?: ?(?:NW|ME) PDN ACT (\d+)/i, ([context]) => packet(true, Number(context))],
  [/^\+CGEV ?: ?(?:NW|ME) DEACT\b/i, () => fallen()],
  [/^\+CGEV\b/i, () => ({ type: 'noise' })],
]

type Numbers = readonly [first: number, second: number]

/** How many numbers must come: first a link, then an error or a reason. */
const READERS: readonly (readonly [prefix: string, count: 1 | 2, read: (numbers: Numbers) => Urc])[] = [
  // TCP/IP of SIM7600: 0 closed by itself, 1 by the other end, 2 for a time-out of sending.
  ['+IPCLOSE', 2, ([link, reason]) => closed(link, reason === 0 ? 'local' : reason === 1 ? 'remote' : 'unknown')],
  ['+CIPCLOSE', 1, ([link]) => closed(link, 'local')],
  ['+CIPOPEN', 2, opened],
  ['+QIOPEN', 2, opened],
  ['+CAOPEN', 2, opened],
  ['+UUSOCO', 2, opened],
  // SIM7070: 0 closed, 1 connected, 2 listening.
  ['+CASTATE', 2, ([link, state]) => (state === 0 ? closed(link, 'remote') : { type: 'noise' })],
  ['+UUSOCL', 1, ([link]) => closed(link, 'remote')],
  ['+UUSORD', 1, ([link]) => ({ type: 'socket-data', link })],
  ['+CADATAIND', 1, ([link]) => ({ type: 'socket-data', link })],
  ['+CIPRXGET', 2, ([mode, link]) => (mode === 1 ? { type: 'socket-data', link } : { type: 'noise' })],
  ['+NETOPEN', 1, ([error]) => ({ type: 'packet', open: error === 0, context: undefined, error })],
  ['+UUPSDA', 1, ([error]) => ({ type: 'packet', open: error === 0, context: undefined, error })],
  ['+NETCLOSE', 1, fallen],
  ['+UUPSDD', 1, fallen],
]

/** @returns undefined for a line that is none of these */
export function networkUrc(text: string): Urc | undefined {
  for (const [pattern, urc] of PATTERNS) {
    const match = pattern.exec(text)
    if (match !== null) return urc(match.slice(1))
  }
  const named = valueAfter(text, '+QIURC')
  if (named !== undefined) return quectel(named)
  for (const [prefix, count, read] of READERS) {
    const value = valueAfter(text, prefix)
    if (value === undefined) continue
    const [first, second] = fieldsOf(value).map((field) => wholeNumber(field.text))
    return first === undefined || (count === 2 && second === undefined) ? undefined : read([first, second ?? 0])
  }
  return undefined
}

/** `"recv",0`, `"closed",0`, `"pdpdeact",1` and their like (EC25 TCP/IP application note). */
function quectel(value: string): Urc | undefined {
  const fields = fieldsOf(value)
  const number = wholeNumber(fieldAt(fields, 1).text)
  switch (fieldAt(fields, 0).text.toLowerCase()) {
    case 'recv':
      return number === undefined ? undefined : { type: 'socket-data', link: number }
    case 'closed':
      return number === undefined ? undefined : closed(number, 'remote')
    case 'pdpdeact':
      return packet(false, number)
    default:
      return { type: 'noise' }
  }
}

function opened([link, error]: Numbers): Urc {
  return { type: 'socket-open', link, error }
}

function closed(link: number, by: 'remote' | 'local' | 'unknown'): Urc {
  return { type: 'socket-closed', link, by }
}

function fallen(): Urc {
  return packet(false, undefined)
}

function packet(open: boolean, context: number | undefined): Urc {
  return { type: 'packet', open, context, error: 0 }
}
