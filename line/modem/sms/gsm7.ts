/*
 * The GSM 7 bit default alphabet with its extension table (TS 23.038 §6.2.1), and how septets are packed into octets (§6.1.2.1):
 * the first septet takes the low bits. After a user data header, fill bits bring the text to a septet boundary.
 */
const ALPHABET =
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\u001bÆæßÉ' +
  ' !"#¤%&\'()*+,-./0123456789:;<=>?' +
  '¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§' +
  '¿abcdefghijklmnopqrstuvwxyzäöñüà'
const ESCAPE = 0x1b

const EXTENSION: ReadonlyMap<number, string> = new Map([
  [0x0a, '\f'],
  [0x14, '^'],
  [0x28, '{'],
  [0x29, '}'],
  [0x2f, '\\'],
  [0x3c, '['],
  [0x3d, '~'],
  [0x3e, ']'],
  [0x40, '|'],
  [0x65, '€'],
])

const SEPTETS: ReadonlyMap<string, readonly number[]> = new Map([
  ...[...ALPHABET].flatMap((letter, n): [string, number[]][] => (n === ESCAPE ? [] : [[letter, [n]]])),
  ...[...EXTENSION].map(([n, letter]): [string, number[]] => [letter, [ESCAPE, n]]),
])

/** @returns undefined when a letter is not in the alphabet: such a text goes as UCS2 */
export function gsm7Septets(text: string): number[] | undefined {
  const septets: number[] = []
  for (const letter of text) {
    const found = SEPTETS.get(letter)
    if (found === undefined) return undefined
    septets.push(...found)
  }
  return septets
}

/**
 * Every septet means something: an escape that leads to no known letter shows the letter of the main table, and an escape
 * before nothing or before another one is a blank (TS 23.038 §6.2.1.1).
 */
export function gsm7Text(septets: readonly number[]): string {
  let text = ''
  for (let n = 0; n < septets.length; n++) {
    const septet = septets[n] ?? 0
    if (septet !== ESCAPE) {
      text += ALPHABET[septet & 0x7f] ?? ''
      continue
    }
    const next = septets[++n]
    if (next === undefined || next === ESCAPE) text += ' '
    else text += EXTENSION.get(next) ?? ALPHABET[next & 0x7f] ?? ''
  }
  return text
}

/** @param fill bits of zero before the first septet, 0…6 */
export function packSeptets(septets: readonly number[], fill = 0): Uint8Array {
  const octets = new Uint8Array(Math.ceil((fill + 7 * septets.length) / 8))
  for (const [n, septet] of septets.entries()) {
    const bit = fill + 7 * n
    const spread = (septet & 0x7f) << (bit & 7)
    const at = bit >> 3
    octets[at] = (octets[at] ?? 0) | (spread & 0xff)
    if (at + 1 < octets.length) octets[at + 1] = (octets[at + 1] ?? 0) | (spread >> 8)
  }
  return octets
}

/** @returns `count` septets; bits that are missing read as zero: the caller has checked the length */
export function unpackSeptets(octets: Uint8Array, count: number, fill = 0): number[] {
  return Array.from({ length: count }, (_, n) => {
    const bit = fill + 7 * n
    const pair = (octets[bit >> 3] ?? 0) | ((octets[(bit >> 3) + 1] ?? 0) << 8)
    return (pair >> (bit & 7)) & 0x7f
  })
}
