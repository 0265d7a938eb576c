/** One command of a command line. */
export type Command =
  /** A letter, or `&` and a letter, with its digits; no digits are 0 (V.250 §5.3.1). */
  | { readonly type: 'basic'; readonly name: string; readonly value: number }
  | { readonly type: 'register'; readonly number: number; readonly form: Form; readonly value: number }
  /** All that follows D; voice if it ends in `;` (V.250 §6.3.1). */
  | { readonly type: 'dial'; readonly text: string; readonly voice: boolean }
  | { readonly type: 'extended'; readonly name: string; readonly form: Form; readonly args: readonly string[] }
  | { readonly type: 'unknown'; readonly text: string }

export type Form = 'run' | 'read' | 'test' | 'set'

const BASIC = /^(&?[A-Z])(\d*)/
const REGISTER = /^S(\d*)(?:(\?)|=(\?)|=(\d*))/
const EXTENDED = /^([+^*%#$\\][A-Z0-9!%\-./:_]*)(?:(\?)|(=\?)|=(.*))?$/s

/**
 * A command line as its commands (V.250 §5.2.1, §5.4): blanks and small letters count only between quotes, basic commands run
 * together, extended ones end at `;`. Nothing is refused here: what cannot be read is `unknown` and ends the list.
 *
 * @param body what stood between `AT` and the end of the line
 */
export function parseCommands(body: string): Command[] {
  const commands: Command[] = []
  let rest = plain(body)
  while (rest !== '') {
    if (rest.startsWith(';')) {
      rest = rest.slice(1)
      continue
    }
    const [command, used] = first(rest)
    commands.push(command)
    if (command.type === 'unknown') break
    rest = rest.slice(used)
  }
  return commands
}

function first(rest: string): readonly [command: Command, used: number] {
  if (rest.startsWith('D')) {
    const end = rest.indexOf(';')
    const text = rest.slice(1, end === -1 ? undefined : end)
    return [{ type: 'dial', text, voice: end !== -1 }, end === -1 ? rest.length : end + 1]
  }
  const register = REGISTER.exec(rest)
  if (register !== null) {
    const [all, number, read, test, value] = register
    const form = read !== undefined ? 'read' : test !== undefined ? 'test' : 'set'
    return [{ type: 'register', number: Number(number), form, value: Number(value ?? 0) }, all.length]
  }
  const basic = BASIC.exec(rest)
  if (basic !== null && basic[1] !== 'S') {
    return [{ type: 'basic', name: basic[1] ?? '', value: Number(basic[2]) }, basic[0].length]
  }
  return extended(rest)
}

function extended(rest: string): readonly [command: Command, used: number] {
  const used = outsideQuotes(rest, ';')[0]?.length ?? rest.length
  const match = EXTENDED.exec(rest.slice(0, used))
  if (match === null) return [{ type: 'unknown', text: rest }, rest.length]
  const [, name = '', read, test, args] = match
  const form = read !== undefined ? 'read' : test !== undefined ? 'test' : args !== undefined ? 'set' : 'run'
  return [
    { type: 'extended', name, form, args: args === undefined ? [] : outsideQuotes(args, ',').map(unquoted) },
    used,
  ]
}

/** Without blanks and in capitals, but not between quotes. */
function plain(text: string): string {
  return text
    .split('"')
    .map((part, index) => (index % 2 === 1 ? part : part.replaceAll(' ', '').toUpperCase()))
    .join('"')
}

function outsideQuotes(text: string, separator: string): string[] {
  const parts: string[] = ['']
  let quoted = false
  for (const char of text) {
    if (char === '"') quoted = !quoted
    if (char === separator && !quoted) parts.push('')
    else parts[parts.length - 1] += char
  }
  return parts
}

function unquoted(text: string): string {
  return text.length >= 2 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text
}
