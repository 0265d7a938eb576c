import { parseArgs } from 'node:util'
import { playFirst } from './first.ts'
import { tell, tellJson } from './show.ts'

const USAGE = `npm run demo -- [--embodiment 1] [--json]

Plays Keyline in a simulated world on this machine: a card is enrolled, a user logs in over a telephone line,
content comes over the Internet, and both wires are searched for secrets.

  --embodiment N  1, the encrypted delivery of content (the only one so far)
  --json          one JSON object a line, the last one is the report
`

/** @returns the exit code: 0 all held, 1 something did not, 2 the arguments were wrong */
async function main(argv: readonly string[]): Promise<number> {
  let values: { embodiment?: string; json?: boolean; help?: boolean }
  try {
    const options = { embodiment: { type: 'string' }, json: { type: 'boolean' }, help: { type: 'boolean' } } as const
    values = parseArgs({ args: [...argv], options }).values
  } catch (error) {
    process.stderr.write(`USAGE: ${error instanceof Error ? error.message : error}; see npm run demo -- --help\n`)
    return 2
  }
  if (values.help) {
    process.stdout.write(USAGE)
    return 0
  }
  if ((values.embodiment ?? '1') !== '1') {
    process.stderr.write(`USAGE: expected --embodiment 1, got ${values.embodiment}; see npm run demo -- --help\n`)
    return 2
  }
  const write = (text: string): void => {
    process.stdout.write(text)
  }
  const show = values.json ? tellJson(write) : tell(write)
  const report = await playFirst(show)
  show.end(report)
  return report.ok ? 0 : 1
}

process.exitCode = await main(process.argv.slice(2))
