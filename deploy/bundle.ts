import { readFileSync } from 'node:fs'
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

/**
 * Makes one file of a program and the packages that it uses.
 * @param external packages that stay packages
 * @returns names of the packages in it
 */
export async function bundle(main: string, to: string, external: readonly string[]): Promise<readonly string[]> {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: [main],
    outfile: to,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    external: [...external],
    legalComments: 'eof',
    banner: { js: BANNER },
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
  for (const name of ['LICENSE', 'LICENSE.md', 'LICENSE.txt', 'LICENSE-MIT', 'license', 'LICENCE']) {
    try {
      return readFileSync(join(folder, name), 'utf8').trim()
    } catch {
      // under another name, or only in its package.json
    }
  }
  // It is npm's own: nothing to validate.
  const { license, author } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<string, unknown>
  return `${JSON.stringify(license)}, ${JSON.stringify(author ?? 'its authors')}`
}
