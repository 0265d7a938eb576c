/** How a command ended. Refusals of a modem are values; only misuse throws. */
export type AtFinal =
  | { readonly type: 'ok' }
  /** Data mode begins; `text` is what followed CONNECT, e.g. `9600/RLP` (V.250 §6.3.1, §6.5.4). */
  | { readonly type: 'connect'; readonly text: string }
  | { readonly type: 'no-carrier' | 'busy' | 'no-answer' | 'no-dialtone' }
  /** `number` where the modem gave one: CME (TS 27.007 §9.2) or CMS (TS 27.005 §3.2.5). */
  | {
      readonly type: 'error'
      readonly source: 'plain' | 'cme' | 'cms'
      readonly number?: number
      readonly text: string
    }

const WORDS: Readonly<Record<string, AtFinal>> = {
  OK: { type: 'ok' },
  ERROR: { type: 'error', source: 'plain', text: 'ERROR' },
  'NO CARRIER': { type: 'no-carrier' },
  BUSY: { type: 'busy' },
  'NO ANSWER': { type: 'no-answer' },
  'NO DIALTONE': { type: 'no-dialtone' },
  'NO DIAL TONE': { type: 'no-dialtone' },
  'COMMAND NOT SUPPORT': { type: 'error', source: 'plain', text: 'COMMAND NOT SUPPORT' },
  // SIMCom: a TCP connection did not come about. It begins like the word that opens data mode.
  'CONNECT FAIL': { type: 'error', source: 'plain', text: 'CONNECT FAIL' },
}

/**
 * The final result code that a line is, or undefined. Blanks around it and any case of error sources are
 * taken as modems send them; words and an empty value after CME and CMS are kept as text.
 */
export function parseFinal(line: string): AtFinal | undefined {
  const text = line.trim()
  const word = Object.hasOwn(WORDS, text) ? WORDS[text] : undefined
  if (word !== undefined) return word
  // SIMCom again: a connection that is not transparent stands. No data follow.
  if (text === 'CONNECT OK') return undefined
  if (text === 'CONNECT' || text.startsWith('CONNECT ')) return { type: 'connect', text: text.slice(8).trim() }
  const error = /^\+(CME|CMS) ERROR:\s*(.*)$/.exec(text)
  if (error === null) {
    return /^(MODEM ERROR|\+EXT ERROR):/.test(text) ? { type: 'error', source: 'plain', text } : undefined
  }
  const value = error[2] ?? ''
  const source = error[1] === 'CME' ? 'cme' : 'cms'
  return /^\d{1,5}$/.test(value)
    ? { type: 'error', source, number: Number(value), text }
    : { type: 'error', source, text }
}
