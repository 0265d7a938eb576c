/** One value of an information line, without its quotes and the blanks around. */
export interface Field {
  readonly text: string
  readonly quoted: boolean
}

const NOTHING: Field = { text: '', quoted: false }

/** What follows the colon, or undefined for another line. @param prefix without colon, `+CSQ`; capitals do not matter */
export function valueAfter(line: string, prefix: string): string | undefined {
  const text = line.trim()
  if (!text.toUpperCase().startsWith(prefix.toUpperCase())) return undefined
  const rest = text.slice(prefix.length).trimStart()
  return rest.startsWith(':') ? rest.slice(1).trim() : undefined
}

/** Cut at commas outside of quotes (V.250 §5.4.2.2). A quote that is never closed goes to the end. */
export function fieldsOf(value: string): Field[] {
  const fields: Field[] = []
  let from = 0
  let quoted = false
  for (let at = 0; at <= value.length; at++) {
    if (value[at] === '"') quoted = !quoted
    if (at < value.length && (value[at] !== ',' || quoted)) continue
    fields.push(field(value.slice(from, at).trim()))
    from = at + 1
  }
  return fields
}

function field(text: string): Field {
  if (!text.startsWith('"')) return { text, quoted: false }
  return { text: text.slice(1, text.endsWith('"') && text.length > 1 ? -1 : undefined).trim(), quoted: true }
}

/** The field at that place; an empty one where there is none. */
export function fieldAt(fields: readonly Field[], index: number): Field {
  return fields[index] ?? NOTHING
}

/** @returns undefined for what is no whole number of at most 9 digits; leading zeros are taken */
export function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^0*\d{1,9}$/.test(text) ? Number(text) : undefined
}

/** @returns undefined for what are no hexadecimal digits; as many as 13 of them, so that a cell of 5G is whole */
export function hexNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^0*[0-9A-Fa-f]{1,13}$/.test(text) ? Number.parseInt(text, 16) : undefined
}
