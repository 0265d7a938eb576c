/** TS 23.038 §6.2.1: the GSM 7 bit default alphabet, in the order of its codes; 0x1B leads to the extension table. */
const BASIC =
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà'
/** TS 23.038 §6.2.1.1. */
const EXTENSION: Readonly<Record<string, number>> = {
  '\f': 0x0a,
  '^': 0x14,
  '{': 0x28,
  '}': 0x29,
  '\\': 0x2f,
  '[': 0x3c,
  '~': 0x3d,
  ']': 0x3e,
  '|': 0x40,
  '€': 0x65,
}
const ESCAPE = 0x1b
const CODES = new Map([...BASIC].map((char, code) => [char, code]))
const EXTENDED = new Map(Object.entries(EXTENSION).map(([char, code]) => [code, char]))

/** @returns undefined if a character is not in the alphabet */
export function toSeptets(text: string): number[] | undefined {
  const septets: number[] = []
  for (const char of text) {
    const code = CODES.get(char)
    const extended = EXTENSION[char]
    if (code !== undefined && code !== ESCAPE) septets.push(code)
    else if (extended !== undefined) septets.push(ESCAPE, extended)
    else return undefined
  }
  return septets
}

/** Codes as text; an escape before a code without extension shows as that code's character (TS 23.038 §6.2.1.1). */
export function fromSeptets(septets: readonly number[]): string {
  let text = ''
  for (let at = 0; at < septets.length; at++) {
    let code = (septets[at] ?? 0) & 0x7f
    if (code !== ESCAPE) {
      text += BASIC[code]
      continue
    }
    at++
    code = (septets[at] ?? 0x20) & 0x7f
    text += EXTENDED.get(code) ?? (code === ESCAPE ? ' ' : BASIC[code])
  }
  return text
}

/** @param fill zero bits before the first septet, so that it begins at a septet's edge behind a header (TS 23.040 §9.2.3.24) */
export function packSeptets(septets: readonly number[], fill = 0): Uint8Array {
  const bytes = new Uint8Array(Math.ceil((septets.length * 7 + fill) / 8))
  for (const [index, septet] of septets.entries()) {
    const bit = fill + index * 7
    const at = bit >> 3
    const shifted = (septet & 0x7f) << (bit & 7)
    bytes[at] = (bytes[at] ?? 0) | (shifted & 0xff)
    if (shifted > 0xff) bytes[at + 1] = (bytes[at + 1] ?? 0) | (shifted >> 8)
  }
  return bytes
}

/** @param count septets wanted; those that are not there are left out */
export function unpackSeptets(bytes: Uint8Array, count: number, fill = 0): number[] {
  const septets: number[] = []
  for (let index = 0; index < count; index++) {
    const bit = fill + index * 7
    if (bit + 7 > bytes.length * 8) break
    const pair = (bytes[bit >> 3] ?? 0) | ((bytes[(bit >> 3) + 1] ?? 0) << 8)
    septets.push((pair >> (bit & 7)) & 0x7f)
  }
  return septets
}
