/** Longest name that common file systems take, UTF-8 bytes. */
const NAME_BYTES_MAX = 255
/** Separators of any system, control, format, surrogate and private characters, line ends (Unicode Cc, Cf, Cs, Co, Zl, Zp). */
const FORBIDDEN = /[/\\\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/u

/** Whether a name can only mean a file of its own in one flat folder, and is no hidden one. */
export function isSafeName(name: string): boolean {
  return name !== '' && !name.startsWith('.') && !FORBIDDEN.test(name) && Buffer.byteLength(name) <= NAME_BYTES_MAX
}
