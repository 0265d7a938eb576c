import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const ROOT = fileURLToPath(new URL('../', import.meta.url))
/** What a CommonJS package in a module expects to be there. */
const BANNER = [
  "import { createRequire as keylineRequire } from 'node:module';",
  "import { fileURLToPath as keylinePath } from 'node:url';",
  'const require = keylineRequire(import.meta.url);',
  'const __filename = keylinePath(import.meta.url);',
  "const __dirname = keylinePath(new URL('.', import.meta.url));",
].join(' ')
/** The one thing of Node 22 that the card's program needs, for a PC whose Node is Debian's. */
const FOR_NODE_20 = [
  'Promise.withResolvers ??= function () { const all = {};',
  'all.promise = new this((resolve, reject) => Object.assign(all, { resolve, reject })); return all };',
].join(' ')

/**
 * Makes one file of a program and the packages that it uses.
 * @param external packages that stay packages
 * @param node oldest version that runs it
 * @returns names of the packages in it
 */
export async function bundle(
  main: string,
  to: string,
  external: readonly string[],
  node: 20 | 24 = 24,
): Promise<readonly string[]> {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: [main],
    outfile: to,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: `node${node}`,
    external: [...external],
    legalComments: 'eof',
    banner: { js: node === 20 ? `${BANNER} ${FOR_NODE_20}` : BANNER },
    metafile: true,
  })
  const names = Object.keys(metafile.inputs).map((path) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1])
  return [...new Set(names.filter((name) => name !== undefined))].sort()
}

/** The licences of packages that are shipped, one after the other. */
export function licences(packages: readonly string[]): string {
  return packages.map((name) => `## ${name}\n\n${licenceOf(join(ROOT, 'node_modules', name))}`).join('\n\n')
}

function licenceOf(folder: string): string {
  const file = readdirSync(folder).find((name) => /^licen[cs]e(-mit)?(\.(md|txt))?$/i.test(name))
  if (file !== undefined) return readFileSync(join(folder, file), 'utf8').trim()
  // Only named in its package.json. It is npm's own: nothing to validate.
  const { license, author } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<string, unknown>
  return `${JSON.stringify(license)}, ${JSON.stringify(author ?? 'its authors')}`
}
