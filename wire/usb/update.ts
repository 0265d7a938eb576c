import { z } from 'zod'

/** A whole update, bytes. */
export const UPDATE_MAX = 16 * 1024 * 1024
/** Parts of an update, bytes. */
export const UPDATE_PART_MAX = 32 * 1024
const part = z
  .string()
  .regex(/^[A-Za-z0-9_-]*$/, 'expected base64url')
  .max(Math.ceil((UPDATE_PART_MAX * 4) / 3))
const version = z.string().max(40)
const size = z.number().int().nonnegative()
const status = z.strictObject({
  version,
  /** It was not yet seen to be healthy: another few failed starts, and the one before comes back. */
  trial: z.boolean(),
  /** A version that was installed, and is tried at the next start. */
  installed: version.optional(),
  rolledBack: z.strictObject({ version, why: z.string().max(200) }).optional(),
})
export type UpdateStatus = z.infer<typeof status>
const nothing = z.strictObject({})

/** Signed updates of the firmware. */
export const UPDATE_METHODS = {
  /** `head`: the beginning of the update, with its manifest and signature in it. Refused at once where it cannot be taken. */
  'card.update.begin': { params: z.strictObject({ head: part, size }), result: z.strictObject({ version }) },
  'card.update.write': { params: z.strictObject({ offset: size, part }), result: nothing },
  /** The card then starts anew, with the new version. */
  'card.update.finish': { params: nothing, result: z.strictObject({ version }) },
  'card.update.cancel': { params: nothing, result: z.strictObject({ cancelled: z.boolean() }) },
  'card.update.status': { params: nothing, result: status },
} as const
