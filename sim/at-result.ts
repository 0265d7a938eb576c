import type { Settings } from './at-settings.ts'

/** Ends a command, or comes by itself. */
export type Result =
  | 'ok'
  | 'ring'
  | 'no-carrier'
  | 'error'
  | 'no-dialtone'
  | 'busy'
  | 'no-answer'
  | { readonly connect: number }
  | { readonly cme: number }

/** V.250 §5.7.1, table 1. */
const CODES = {
  ok: [0, 'OK'],
  ring: [2, 'RING'],
  'no-carrier': [3, 'NO CARRIER'],
  error: [4, 'ERROR'],
  'no-dialtone': [6, 'NO DIALTONE'],
  busy: [7, 'BUSY'],
  'no-answer': [8, 'NO ANSWER'],
} as const

/** Digits that most makers give to CONNECT with a rate; V.250 leaves them open. */
const CONNECT_CODES: Readonly<Record<number, number>> = { 1200: 5, 2400: 10, 4800: 11, 9600: 12, 14400: 13, 19200: 14 }

/** TS 27.007 §9.2, as far as this modem uses it. */
const CME_WORDS: Readonly<Record<number, string>> = {
  3: 'operation not allowed',
  4: 'operation not supported',
  30: 'no network service',
  50: 'incorrect parameters',
  100: 'unknown',
}

/** A result as it goes to the terminal; empty if Q1 keeps it back. */
export function resultText(result: Result, settings: Settings): string {
  if (settings.quiet === 1) return ''
  const [code, words] = codeOf(result, settings)
  // +CME ERROR has no digit of its own: it stays words under V0 (TS 27.007 §9.1).
  return settings.verbose === 1 || code === undefined ? `\r\n${words}\r\n` : `${code}\r`
}

/** Information between command and result (V.250 §5.7.1); results by themselves like +CLIP look the same. */
export function infoText(lines: readonly string[], settings: Settings): string {
  return lines.map((line) => (settings.verbose === 1 ? `\r\n${line}\r\n` : `${line}\r\n`)).join('')
}

function codeOf(result: Result, settings: Settings): readonly [code: number | undefined, words: string] {
  if (typeof result === 'string') return codeOfName(result, settings)
  if ('connect' in result) {
    if (settings.level === 0) return [1, 'CONNECT']
    return [CONNECT_CODES[result.connect] ?? 1, `CONNECT ${result.connect}`]
  }
  if (settings.cmee === 0) return CODES.error
  return [undefined, `+CME ERROR: ${settings.cmee === 1 ? result.cme : (CME_WORDS[result.cme] ?? 'unknown')}`]
}

function codeOfName(name: keyof typeof CODES, settings: Settings): readonly [code: number, words: string] {
  // Without busy detection there is only the absence of a carrier (V.250 §6.2.7).
  return name === 'busy' && settings.level < 3 ? CODES['no-carrier'] : CODES[name]
}
