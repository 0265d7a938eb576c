import { fault } from '../errors.ts'

/** Bytes of UTF-8: what file systems take, less our endings. */
const NAME_BYTES_MAX = 200
/** Letters, digits and marks of any script, and a few signs; no control, direction or separator character, no leading dot or dash. */
const SAFE = /^[\p{L}\p{N}_(][\p{L}\p{M}\p{N}_ .,+@#%&=!~()[\]{}'-]*$/u
/** Endings of our own files beside a download. */
const OURS = /\.part(\.json)?$/i
/** Devices on Windows, with any ending. */
const DEVICES = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i

/**
 * A delivered name is used for a file only when it can mean nothing else: no path, no hidden file, no option of a command.
 * @returns the name itself @throws KeylineError UNSAFE_NAME
 */
export function safeName(name: string): string {
  const fits = Buffer.byteLength(name) <= NAME_BYTES_MAX && name.isWellFormed()
  if (fits && SAFE.test(name) && !/[ .]$/.test(name) && !OURS.test(name) && !DEVICES.test(name)) return name
  throw fault('UNSAFE_NAME')
}
