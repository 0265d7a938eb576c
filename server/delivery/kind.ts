/** What a title is, told by its first bytes and never by its name (SYSTEM.md S17'). */
export type Kind = 'text' | 'mp3' | 'gif' | 'jpeg' | 'mpeg' | 'program'

/** Content-Type of each kind (RFC 2046, RFC 3003); programs are sent as bytes that nobody opens by himself. */
export const MEDIA_TYPES: Readonly<Record<Kind, string>> = {
  text: 'text/plain; charset=utf-8',
  mp3: 'audio/mpeg',
  gif: 'image/gif',
  jpeg: 'image/jpeg',
  mpeg: 'video/mpeg',
  program: 'application/octet-stream',
}

/** Bytes that are looked at. */
export const HEAD_BYTES = 65_536
/** C0 controls that text does not have; tab, line ends, form feed and escape are left out. */
const NOT_TEXT = new Set([...Array(32).keys(), 0x7f].filter((byte) => ![9, 10, 12, 13, 27].includes(byte)))

/** @param head the first HEAD_BYTES of the file, or all of a shorter one */
export function kindOf(head: Uint8Array): Kind {
  const starts = (...bytes: number[]): boolean => bytes.every((byte, at) => head[at] === byte)
  const ascii = (text: string): boolean => starts(...Buffer.from(text))
  if (ascii('GIF87a') || ascii('GIF89a')) return 'gif'
  if (starts(0xff, 0xd8, 0xff)) return 'jpeg'
  // ISO/IEC 11172-1 §2.4: pack header of a program stream; 11172-2 §2.4.2: sequence header of a video stream.
  if (starts(0, 0, 1, 0xba) || starts(0, 0, 1, 0xb3)) return 'mpeg'
  if (ascii('ID3') || isMp3Frame(head)) return 'mp3'
  if (ascii('#!')) return 'program'
  return isText(head) ? 'text' : 'program'
}

/** ISO/IEC 11172-3 §2.4.1.3: sync word, layer III, a bit rate and a sampling rate that exist. */
function isMp3Frame([first = 0, second = 0, third = 0]: Uint8Array): boolean {
  const sync = first === 0xff && (second & 0xe0) === 0xe0 && (second & 0x18) !== 0x08
  const layer3 = (second & 0x06) === 0x02
  return sync && layer3 && third >> 4 !== 0x0f && third >> 4 !== 0 && (third & 0x0c) !== 0x0c
}

function isText(head: Uint8Array): boolean {
  if (head.some((byte) => NOT_TEXT.has(byte))) return false
  try {
    // `stream`: the head may end within a character.
    new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: head.length === HEAD_BYTES })
    return true
  } catch {
    return false
  }
}
