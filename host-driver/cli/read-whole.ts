import { open } from 'node:fs/promises'
import { fault, KeylineError } from '../errors.ts'
import { size } from '../printable.ts'

/** A file of this computer that goes to the card in one piece. @param max bytes @throws KeylineError FILE_FAILED, INPUT_INVALID */
export async function readWhole(path: string, max: number): Promise<Uint8Array> {
  try {
    const file = await open(path, 'r')
    try {
      const about = await file.stat()
      // Not read first: what is far too large would fill the memory before it is refused.
      if (about.size > max) {
        throw fault('INPUT_INVALID', { what: `${path} has ${size(about.size)}; at most ${size(max)} go to a card` })
      }
      return await file.readFile()
    } finally {
      await file.close()
    }
  } catch (error) {
    if (error instanceof KeylineError) throw error
    throw fault('FILE_FAILED', { what: `${path} cannot be read`, cause: error })
  }
}
