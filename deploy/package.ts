import { mkdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { cardDeb, hostDeb } from './deb.ts'
import { npmPackage } from './npm.ts'

const USAGE = `Makes the packages of Keyline.

  npm run package [-- card|host|npm|all …] [--out DIR] [--json]

  card       keyline-card_VERSION_arm64.deb: the card with Node and all that it needs, for a board with Debian 13
  host       keyline-host_VERSION_amd64.deb and _arm64.deb: command line and udev rules for a PC with Debian's Node
  npm        keyline-VERSION.tgz: driver and command line as an npm package
  all        all of them, as when none is named
  --out DIR  where they go (out)
  --json     one JSON object a line

Prints the path of each. Node for the board is downloaded from npm's registry once, and kept in .cache (KEYLINE_CACHE says otherwise).
Needs dpkg-deb, tar, npm; with aarch64-linux-gnu-strip the card's package is 5 MB smaller.
`
const MAKERS: Readonly<Record<'card' | 'host' | 'npm', (to: string) => Promise<readonly string[]>>> = {
  card: async (to) => [await cardDeb(to)],
  host: async (to) => [await hostDeb(to, 'amd64'), await hostDeb(to, 'arm64')],
  npm: async (to) => [await npmPackage(to)],
}
type Kind = keyof typeof MAKERS

async function main(argv: readonly string[]): Promise<number> {
  const flag = { type: 'boolean', default: false } as const
  const options = { out: { type: 'string', default: 'out' }, json: flag, help: flag } as const
  const { values, positionals } = parseArgs({ args: [...argv], options, allowPositionals: true })
  const known = Object.keys(MAKERS) as Kind[] // its keys, by its type
  const wrong = positionals.find((name) => name !== 'all' && !known.includes(name as Kind))
  if (values.help || wrong !== undefined) {
    process.stdout.write(wrong === undefined ? USAGE : `There is no package ${wrong}.\n\n${USAGE}`)
    return wrong === undefined ? 0 : 2
  }
  const all = positionals.length === 0 || positionals.includes('all')
  const out = resolve(values.out)
  mkdirSync(out, { recursive: true })
  for (const kind of known) {
    if (!all && !positionals.includes(kind)) continue
    process.stderr.write(`${kind} …\n`)
    for (const file of await MAKERS[kind](out)) {
      process.stdout.write(values.json ? `${JSON.stringify({ package: kind, file })}\n` : `${file}\n`)
    }
  }
  return 0
}

process.exitCode = await main(process.argv.slice(2))
