import { cpSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { licences } from './bundle.ts'
import { DEPENDENCIES, driverTree } from './driver-tree.ts'

const MODULES = fileURLToPath(new URL('../node_modules/', import.meta.url))
/** Only headers for a compiler. */
const NOT_NEEDED = ['node-addon-api']

/**
 * Driver and command line with the packages that they use, as they lie in /usr/lib/keyline-host: what `npm i` of the npm package would
 * make there, without what only compilers read.
 * @returns the licences of what is in it
 */
export async function hostTree(folder: string, architecture: 'arm64' | 'x64'): Promise<string> {
  mkdirSync(folder, { recursive: true })
  await driverTree(folder)
  const packages = withDependencies(DEPENDENCIES)
  for (const name of packages) {
    cpSync(join(MODULES, name), join(folder, 'node_modules', name), {
      recursive: true,
      filter: (path) => isRead(path, architecture),
    })
  }
  return `${readFileSync(join(folder, 'firmware/LICENCES.md'), 'utf8')}\n${licences(packages)}`
}

function isRead(path: string, architecture: string): boolean {
  if (statSync(path).isDirectory()) {
    const foreign = path.includes('/prebuilds/') && basename(path) !== `linux-${architecture}`
    return !foreign && !/\/(zod\/src|test|\.bin|\.github)$/.test(path)
  }
  if (path.endsWith('.node')) return path.includes('.glibc.')
  return /\.(js|cjs|mjs|json)$/.test(path) && !path.endsWith('tsconfig.json')
}

/** These packages and all that they need at run time, in alphabetical order. */
function withDependencies(names: readonly string[]): readonly string[] {
  const found = new Set<string>()
  const visit = (name: string): void => {
    if (found.has(name) || NOT_NEEDED.includes(name)) return
    found.add(name)
    // It is npm's own: nothing to validate.
    const { dependencies = {} } = JSON.parse(readFileSync(join(MODULES, name, 'package.json'), 'utf8')) as {
      readonly dependencies?: Readonly<Record<string, string>>
    }
    for (const one of Object.keys(dependencies)) visit(one)
  }
  for (const name of names) visit(name)
  return [...found].sort()
}
