import { COMMANDS } from './commands.ts'
import { PROGRAMS } from './programs.ts'

/** Commands of two words are in the help of the first. */
const list = (entries: Readonly<Record<string, { readonly summary: string }>>): string =>
  Object.entries(entries)
    .filter(([name]) => !name.includes(' '))
    .map(([name, { summary }]) => `  ${name.padEnd(8)} ${summary}`)
    .join('\n')

/** `keyline --help`. */
export const USAGE = `usage: keyline COMMAND [OPTIONS]

Secrets over a line that is not the Internet, bulk over the Internet.

${list(COMMANDS)}

Programs of the other parts (their own --help tells more):
${list(PROGRAMS)}

  --help    of keyline or of a command     --version
  --json    one JSON object a line: events, then {"ok":true,…} or {"ok":false,"error":{code,what,cure}}

exit codes: 0 ok, 1 failed, 2 usage, 3 refused by the server, 4 card or line problem, 5 Internet path problem

examples: keyline login --user alice && keyline ls && keyline get two-tones.mp3
          keyline shop add L-100 && keyline shop finish && keyline pay`
