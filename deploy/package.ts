import { mkdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { cardDeb, hostDeb } from './deb.ts'
import { npmPackage } from './npm.ts'

const USAGE = `Makes the packages of Keyline.

  npm run package [-- card|host|npm …] [--out DIR]

  card       keyline-card_VERSION_arm64.deb: the card with Node and all that it needs, for a board with Debian 13
  host       keyline-host_VERSION_all.deb: udev rules for a PC with a card
  npm        keyline-VERSION.tgz: driver and command line as an npm package
  --out DIR  where they go (out)
`
const MAKERS = { card: cardDeb, host: hostDeb, npm: npmPackage } as const
type Kind = keyof typeof MAKERS

async function main(argv: readonly string[]): Promise<number> {
  const options = { out: { type: 'string', default: 'out' }, help: { type: 'boolean' } } as const
  const { values, positionals } = parseArgs({ args: [...argv], options, allowPositionals: true })
  const known = Object.keys(MAKERS) as Kind[] // its keys, by its type
  const wrong = positionals.find((name) => !known.includes(name as Kind))
  if (values.help || wrong !== undefined) {
    process.stdout.write(wrong === undefined ? USAGE : `There is no package ${wrong}.\n\n${USAGE}`)
    return wrong === undefined ? 0 : 2
  }
  const out = resolve(values.out)
  mkdirSync(out, { recursive: true })
  for (const kind of known) {
    if (positionals.length > 0 && !positionals.includes(kind)) continue
    process.stderr.write(`${kind} …\n`)
    process.stdout.write(`${await MAKERS[kind](out)}\n`)
  }
  return 0
}

process.exitCode = await main(process.argv.slice(2))
