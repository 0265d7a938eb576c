/** What a data coding scheme says of the user data (TS 23.038 §4). */
export interface SmsCoding {
  readonly alphabet: 'gsm7' | 'octets' | 'ucs2'
  /** Compressed by TS 23.042: nobody does, and the text cannot be read. */
  readonly compressed: boolean
  /** 0 to be shown at once, 1 to the device, 2 to the SIM, 3 to the terminal. */
  readonly messageClass: 0 | 1 | 2 | 3 | undefined
  /** The groups 4…7: to be deleted when read. */
  readonly deleteWhenRead: boolean
  /** Message waiting indication, groups C…E: `discard` holds no text worth keeping. */
  readonly waiting: 'discard' | 'store' | undefined
}

const ALPHABETS = ['gsm7', 'octets', 'ucs2', 'gsm7'] as const
const CLASSES = [0, 1, 2, 3] as const

/** 8 bit data without a class, for whoever listens at its application port. */
export const CODING_OCTETS = 0x04

/** Every octet means something: reserved ones are taken as the default alphabet, as §4 wants it. */
export function codingOf(octet: number): SmsCoding {
  const group = octet >> 4
  const plain: SmsCoding = {
    alphabet: 'gsm7',
    compressed: false,
    messageClass: undefined,
    deleteWhenRead: false,
    waiting: undefined,
  }
  if (group < 8) {
    return {
      ...plain,
      alphabet: ALPHABETS[(octet >> 2) & 3] ?? 'gsm7',
      compressed: (octet & 0x20) !== 0,
      messageClass: (octet & 0x10) === 0 ? undefined : CLASSES[octet & 3],
      deleteWhenRead: group >= 4,
    }
  }
  if (group === 15) return { ...plain, alphabet: octet & 4 ? 'octets' : 'gsm7', messageClass: CLASSES[octet & 3] }
  if (group < 12) return plain
  return { ...plain, alphabet: group === 14 ? 'ucs2' : 'gsm7', waiting: group === 12 ? 'discard' : 'store' }
}
