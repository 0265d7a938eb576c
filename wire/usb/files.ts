import { z } from 'zod'

/** Parts in which a file is read and written, bytes. */
export const FILE_PART_MAX = 32 * 1024
/** Files, and the name of one, UTF-8 bytes. */
export const FILES_MAX = 128
export const FILE_NAME_MAX = 100
/** One file, bytes: it is sealed in one piece, in memory. */
export const FILE_MAX = 4 * 1024 * 1024
const name = z.string().min(1).max(FILE_NAME_MAX)
const size = z
  .number()
  .int()
  .nonnegative()
  .max(2 ** 31)
const hash = z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'expected 32 bytes as base64url')
const part = z
  .string()
  .regex(/^[A-Za-z0-9_-]*$/, 'expected base64url')
  .max(Math.ceil((FILE_PART_MAX * 4) / 3))
const file = z.strictObject({ name, size, hash })
export type CardFileEntry = z.infer<typeof file>
const nothing = z.strictObject({})

/** The general memory of the card (51A). */
export const FILES_METHODS = {
  'card.files.list': {
    params: nothing,
    result: z.strictObject({
      files: z.array(file).max(FILES_MAX),
      used: size,
      quota: size,
      /** Those that are damaged, where there are any: not even their names can be read. Their bytes are used too. */
      damaged: z.strictObject({ files: z.number().int().positive(), bytes: size }).optional(),
    }),
  },
  /** At most FILE_PART_MAX bytes; none at the end. */
  'card.files.read': {
    params: z.strictObject({ name, offset: size }),
    result: z.strictObject({ file, part }),
  },
  /** Announces a file; its parts follow in order. Nothing of it is on the card until the last one, and then all. */
  'card.files.begin': { params: file, result: nothing },
  'card.files.write': {
    params: z.strictObject({ offset: size, part }),
    /** Whether that was all: it is durable then. */
    result: z.strictObject({ done: z.boolean() }),
  },
  'card.files.remove': { params: z.strictObject({ name }), result: nothing },
  /** Removes those that are damaged. */
  'card.files.prune': { params: nothing, result: z.strictObject({ removed: z.number().int().nonnegative() }) },
} as const
