import type { CardFileEntry } from '../../wire/usb/files.ts'
import { type Outcome, problemOf } from '../card/errors.ts'
import type { CardFile, FileArea } from '../card/file-area.ts'
import type { CardApi } from './usb-link.ts'

type FilesApi = Pick<CardApi, Extract<keyof CardApi, `card.files.${string}`>>

/** The methods of the file area. */
export function filesApi(area: FileArea): FilesApi {
  return {
    'card.files.list': async () =>
      outcome(() => {
        const { files, ...rest } = area.list()
        return { files: files.map(entry), ...rest }
      }),
    'card.files.read': async ({ name, offset }) =>
      outcome(() => {
        const { file, part } = area.read(name, offset)
        return { file: entry(file), part: base64url(part) }
      }),
    'card.files.begin': async ({ name, size, hash }) =>
      outcome(() => {
        area.begin({ name, size, hash: Buffer.from(hash, 'base64url') })
        return {}
      }),
    'card.files.write': async ({ offset, part }) =>
      outcome(() => ({ done: area.write(offset, Buffer.from(part, 'base64url')) })),
    'card.files.remove': async ({ name }) =>
      outcome(() => {
        area.remove(name)
        return {}
      }),
    'card.files.prune': async () => outcome(() => ({ removed: area.prune() })),
  }
}

function outcome<R>(run: () => R): Outcome<R> {
  try {
    return { ok: true, result: run() }
  } catch (error) {
    return { ok: false, problem: problemOf(error) }
  }
}

function entry({ name, size, hash }: CardFile): CardFileEntry {
  return { name, size, hash: base64url(hash) }
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url')
}
