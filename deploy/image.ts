import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { cardDeb, VERSION } from './deb.ts'
import { buildImage } from './image/build.ts'
import { missingPrograms } from './image/needs.ts'

const USAGE = `Makes an SD card image for a Raspberry Pi with the card on it.

  npm run image [-- --out FILE]

  --out FILE   where it goes (out/keyline-card-VERSION.img)

Needs root, and packages of Debian that it names where they are missing. The first time takes some minutes.
`

async function main(argv: readonly string[]): Promise<number> {
  const options = { out: { type: 'string' }, help: { type: 'boolean' } } as const
  const { values } = parseArgs({ args: [...argv], options })
  if (values.help) {
    process.stdout.write(USAGE)
    return 0
  }
  const missing = missingPrograms()
  if (missing !== undefined) {
    process.stderr.write(`${missing}\n`)
    return 1
  }
  const out = resolve(values.out ?? `out/keyline-card-${VERSION}.img`)
  const log = (text: string): void => void process.stderr.write(`${text} …\n`)
  log('the card’s package')
  const card = await cardDeb(resolve(out, '..'))
  buildImage(card, out, log)
  const { size, blocks } = statSync(out)
  process.stdout.write(`${out}: ${Math.round(size / 1e6)} MB, ${Math.round((blocks * 512) / 1e6)} MB of it written\n`)
  process.stdout.write(`Put it on a memory card: sudo dd if=${out} of=/dev/sdX bs=4M conv=fsync status=progress\n`)
  return 0
}

process.exitCode = await main(process.argv.slice(2))
