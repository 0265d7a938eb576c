import { fileURLToPath } from 'node:url'

/** TypeScript in the repository, JavaScript where the package is installed. */
const KIND = import.meta.url.endsWith('.ts') ? 'ts' : 'js'

/** @param name of a program's file from the root, without its ending: `firmware/main` @returns its path, there or not */
export function programPath(name: string): string {
  return fileURLToPath(new URL(`../${name}.${KIND}`, import.meta.url))
}
