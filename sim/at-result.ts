import { register, type Settings } from './at-settings.ts'
import { cmeWords, cmsWords } from './at-words.ts'

/** Ends a command, or comes by itself. */
export type Result =
  | 'ok'
  | 'ring'
  | 'no-carrier'
  | 'error'
  | 'no-dialtone'
  | 'busy'
  | 'no-answer'
  /** Rate, if one is named. */
  | { readonly connect: number | undefined }
  | { readonly cme: number }
  | { readonly cms: number }
  /** A maker's own. */
  | { readonly words: string }

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

/** A result as it goes to the terminal; empty if Q1 keeps it back. */
export function resultText(result: Result, settings: Settings): string {
  if (settings.quiet === 1) return ''
  const [code, words] = codeOf(result, settings)
  const { cr, crlf } = lineEnds(settings)
  // +CME ERROR has no digit of its own: it stays words under V0 (TS 27.007 §9.1).
  return settings.verbose === 1 || code === undefined ? `${crlf}${words}${crlf}` : `${code}${cr}`
}

/** Information between command and result (V.250 §5.7.1); results by themselves like +CLIP look the same. */
export function infoText(lines: readonly string[], settings: Settings): string {
  const { crlf } = lineEnds(settings)
  return lines
    .map((line) => line.replaceAll('\r\n', crlf))
    .map((line) => (settings.verbose === 1 ? `${crlf}${line}${crlf}` : `${line}${crlf}`))
    .join('')
}

/** S3 and S4 (V.250 §6.2.1, §6.2.2). */
export function lineEnds(settings: Settings): { readonly cr: string; readonly crlf: string } {
  const cr = String.fromCharCode(register(settings, 3))
  return { cr, crlf: cr + String.fromCharCode(register(settings, 4)) }
}

function codeOf(result: Result, settings: Settings): readonly [code: number | undefined, words: string] {
  if (typeof result === 'string') return codeOfName(result, settings)
  if ('words' in result) return [undefined, result.words]
  if ('connect' in result) {
    const { connect } = result
    if (settings.level === 0 || connect === undefined) return [1, 'CONNECT']
    return [CONNECT_CODES[connect] ?? 1, `CONNECT ${connect}`]
  }
  // +CMS ERROR is no matter of +CMEE (TS 27.005 §3.2.5); but who asked for words gets them.
  if ('cms' in result) return [undefined, `+CMS ERROR: ${settings.cmee === 2 ? cmsWords(result.cms) : result.cms}`]
  if (settings.cmee === 0) return CODES.error
  return [undefined, `+CME ERROR: ${settings.cmee === 1 ? result.cme : cmeWords(result.cme)}`]
}

function codeOfName(name: keyof typeof CODES, settings: Settings): readonly [code: number, words: string] {
  // Without busy detection there is only the absence of a carrier (V.250 §6.2.7).
  return name === 'busy' && settings.level < 3 ? CODES['no-carrier'] : CODES[name]
}
