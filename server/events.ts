/** Steps that happen at the server, of all three embodiments (SYSTEM.md §2–§4). */
export type Step = `S${number}` | `S${number}'`

/** What the server tells about itself. No passwords, keys or user IDs; a session is named by the start of its group id. */
export interface ServerEvent {
  readonly event: string
  readonly step?: Step
  /** Over which network it happened. */
  readonly path?: 'line' | 'internet'
  readonly [detail: string]: unknown
}

export type Log = (event: ServerEvent) => void

/** One line for people, without characters that move a terminal's cursor (Unicode Cc, Cf, line ends). */
export function describe({ event, step, path, ...details }: ServerEvent): string {
  const facts = Object.entries(details).map(([name, value]) => `${name}=${plain(value)}`)
  const line = [step?.padEnd(4), path?.padEnd(8), event, ...facts].filter((part) => part !== undefined).join(' ')
  return line.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '\ufffd')
}

function plain(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
}
