import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { driverTree } from './driver-tree.ts'

const DEPLOY = fileURLToPath(new URL('./', import.meta.url))

/** Driver and command line as an npm package. @param to folder @returns path of the .tgz */
export async function npmPackage(to: string): Promise<string> {
  const folder = mkdtempSync(join(to, '.npm-'))
  try {
    await driverTree(folder)
    copyFileSync(join(DEPLOY, 'npm-README.md'), join(folder, 'README.md'))
    copyFileSync(join(DEPLOY, 'keyline-npm.sh'), join(folder, 'keyline'))
    chmodSync(join(folder, 'keyline'), 0o755)
    const args = ['pack', '--silent', '--pack-destination', to]
    return join(to, execFileSync('npm', args, { cwd: folder, encoding: 'utf8' }).trim())
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
