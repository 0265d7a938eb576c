import { CME_ERRORS } from './cme-errors.ts'
import { CMS_ERRORS } from './cms-errors.ts'
import { byName, byNumber, CURES, type ErrorTable, type ModemErrorText, unexplained } from './modem-error.ts'
import { CIPOPEN_ERRORS, IP_ERRORS, QUECTEL_ERRORS } from './socket-errors.ts'

/** Words of a modem are shown to people: no more of them than this. */
const WORDS_MAX = 80

/** Results that end a call or a command without a number (V.250 §5.7.1 and makers of their own). */
const WORDS: Readonly<Record<string, ModemErrorText>> = {
  ERROR: unexplained('ERROR', 'ERROR'),
  'COMMAND NOT SUPPORT': word('COMMAND_NOT_SUPPORT', 'the modem does not know the command', CURES.model),
  'NO CARRIER': word('NO_CARRIER', 'the call did not come about or broke off', CURES.again, true),
  BUSY: word('BUSY', 'the number is busy', CURES.again, true),
  'NO ANSWER': word('NO_ANSWER', 'nobody answered the call', CURES.again, true),
  'NO DIALTONE': word('NO_DIALTONE', 'there is no telephone line or network', CURES.reception),
  'NO DIAL TONE': word('NO_DIALTONE', 'there is no telephone line or network', CURES.reception),
  'CONNECT FAIL': word('CONNECT_FAIL', 'the server is not reached or refused', CURES.far, true),
  'SEND FAIL': word('SEND_FAIL', 'the connection broke', CURES.reopen, true),
}

function word(code: string, what: string, cure: string, transient = false): ModemErrorText {
  return { code, name: code.replaceAll('_', ' '), what, cure, transient }
}

const FAMILIES: readonly (readonly [pattern: RegExp, table: ErrorTable])[] = [
  [/^\+CME ERROR\s*:?(.*)$/i, CME_ERRORS],
  [/^\+CMS ERROR\s*:?(.*)$/i, CMS_ERRORS],
  [/^\+IP ERROR\s*:?(.*)$/i, IP_ERRORS],
  [/^\+QIGETERROR\s*:\s*(\d+)(?:,.*)?$/i, QUECTEL_ERRORS],
  [/^\+QIOPEN\s*:\s*\d+\s*,\s*(\d+)$/i, QUECTEL_ERRORS],
  [/^\+CIPOPEN\s*:\s*\d+\s*,\s*(\d+)$/i, CIPOPEN_ERRORS],
  [/^\+NET(?:OPEN|CLOSE)\s*:\s*(\d+)$/i, CIPOPEN_ERRORS],
]

/** Errors of some makers of which only the number is known. */
const NUMBERED: readonly (readonly [pattern: RegExp, code: string])[] = [
  [/^MODEM ERROR\s*:?\s*(.*)$/i, 'MODEM_ERROR'],
  [/^\+EXT ERROR\s*:?\s*(.*)$/i, 'EXT_ERROR'],
]

/**
 * What a modem's error means and what to do. The value may be a number, words or nothing, with or without blanks.
 * @returns undefined for a line that is no error, and for `+CIPOPEN: 0,0` and its like, which say that all is well
 */
export function explainModemError(line: string): ModemErrorText | undefined {
  const text = line.trim()
  const upper = text.toUpperCase()
  if (Object.hasOwn(WORDS, upper)) return WORDS[upper]
  for (const [pattern, table] of FAMILIES) {
    const value = pattern.exec(text)?.[1]
    if (value !== undefined) return explained(table, value.trim().replaceAll('"', ''))
  }
  for (const [pattern, code] of NUMBERED) {
    const value = pattern.exec(text)?.[1]
    if (value !== undefined) return unexplained(/^\d{1,5}$/.test(value) ? `${code}_${value}` : code, shown(text))
  }
  return undefined
}

function explained(table: ErrorTable, value: string): ModemErrorText | undefined {
  if (value === '') return unexplained(table.family, `${table.family} error without a cause`)
  if (/^\d{1,5}$/.test(value)) {
    const isFine = Number(value) === 0 && (table === CIPOPEN_ERRORS || table === QUECTEL_ERRORS)
    return isFine ? undefined : byNumber(table, Number(value))
  }
  return byName(table, value) ?? unexplained(table.family, shown(value))
}

function shown(words: string): string {
  return words.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, WORDS_MAX)
}
