import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundle, licences } from './bundle.ts'

const ROOT = fileURLToPath(new URL('../', import.meta.url))
/** Where this project's own code is: what a terminal may import (ARCHITECTURE: host-driver). */
const FOLDERS = ['wire', 'keys', 'internet', 'host-driver']
const DEPENDENCIES = ['cborg', 'serialport', 'tweetnacl', 'zod']

/**
 * Driver and command line as an npm package: JavaScript and types, and the card's program for a modem at the PC itself (D-5).
 * @param to folder @returns path of the .tgz
 */
export async function npmPackage(to: string): Promise<string> {
  const folder = join(to, `.npm-${process.pid}`)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  try {
    compile(folder)
    const packages = await bundle('firmware/main.ts', join(folder, 'firmware/main.js'), ['koffi', 'serialport'])
    cpSync(join(ROOT, 'firmware/board/profiles'), join(folder, 'firmware/profiles'), { recursive: true })
    for (const name of ['LICENSE', 'README.md']) copyFileSync(join(ROOT, name), join(folder, name))
    writeFileSync(join(folder, 'firmware/LICENCES.md'), `${licences(packages)}\n`)
    copyFileSync(join(ROOT, 'keyline'), join(folder, 'keyline'))
    chmodSync(join(folder, 'keyline'), 0o755)
    writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest(), null, 2)}\n`)
    const args = ['pack', '--silent', '--pack-destination', to]
    return join(to, execFileSync('npm', args, { cwd: folder, encoding: 'utf8' }).trim())
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function compile(folder: string): void {
  const file = join(folder, 'tsconfig.json')
  const config = {
    extends: join(ROOT, 'tsconfig.json'),
    compilerOptions: {
      noEmit: false,
      declaration: true,
      rewriteRelativeImportExtensions: true,
      rootDir: ROOT,
      outDir: folder,
      typeRoots: [join(ROOT, 'node_modules/@types')],
    },
    include: FOLDERS.map((name) => join(ROOT, name)),
  }
  writeFileSync(file, JSON.stringify(config))
  execFileSync(join(ROOT, 'node_modules/.bin/tsc'), ['--project', file], { stdio: ['ignore', 'inherit', 'inherit'] })
  rmSync(file)
}

function manifest(): Readonly<Record<string, unknown>> {
  // The project's own: nothing to validate.
  const own = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Readonly<
    Record<string, Readonly<Record<string, string>>>
  >
  const { name, version, description, license, type, dependencies, devDependencies, optionalDependencies } = own
  const needed = DEPENDENCIES.map((one) => [one, dependencies?.[one]])
  return {
    name,
    version,
    description,
    license,
    type,
    exports: { '.': { types: './host-driver/index.d.ts', default: './host-driver/index.js' } },
    bin: { keyline: './keyline' },
    engines: { node: '>=20' },
    // Everything runs on the Node that comes with it, as in the repository.
    dependencies: {
      ...Object.fromEntries(needed),
      node: devDependencies?.node,
      // Its declarations name streams and sockets.
      '@types/node': devDependencies?.['@types/node'],
    },
    optionalDependencies,
  }
}
