import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { z } from 'zod'
import { AMOUNT_MAX } from '../../wire/line/purchase.ts'
import { PRODUCT_NUMBER, QUANTITY_MAX } from '../../wire/line/receipt.ts'
import { ServerError, systemCode } from '../errors.ts'
import { type NewGoods, type Photo, PRODUCTS_MAX } from '../store/shop-store.ts'

const FILE_MAX = 4 * 2 ** 20
/** Bytes of one photo: a page of the shop shows many. */
export const PHOTO_MAX = 512 * 1024
const GOODS_MAX = 1000
const STOCK_MAX = 1_000_000
/** Of one, minor units: the fullest basket must not come to more than the line can say, or nobody could pay for it. */
export const PRICE_MAX = Math.floor(AMOUNT_MAX / (PRODUCTS_MAX * QUANTITY_MAX))

const text = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .refine((it) => !/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u.test(it), 'expected no control characters')
const one = z.strictObject({
  product: z.string().regex(PRODUCT_NUMBER, 'expected 1…16 of A-Z, 0-9 and hyphens'),
  name: text(120),
  specification: text(1000),
  price: z.int().nonnegative().max(PRICE_MAX),
  stock: z.int().nonnegative().max(STOCK_MAX),
  /** A file beside this one. */
  photo: z
    .string()
    .max(255)
    .refine((name) => name !== '' && basename(name) === name && !name.startsWith('.'), 'expected a plain file name')
    .optional(),
})
const file = z.strictObject({
  currency: z.string().regex(/^[A-Z]{3}$/, 'expected a currency as EUR'),
  goods: z
    .array(one)
    .min(1)
    .max(GOODS_MAX)
    .refine((goods) => new Set(goods.map(({ product }) => product)).size === goods.length, 'a product number twice'),
})

/**
 * What an operator offers, as one JSON file with photos beside it.
 * @throws ServerError GOODS_UNUSABLE: then nothing of it is to be used
 */
export async function readGoodsFile(path: string): Promise<readonly NewGoods[]> {
  const checked = file.safeParse(parse(path, await read(path, FILE_MAX)))
  if (!checked.success) {
    const [issue] = checked.error.issues
    throw unusable(`${path}: ${issue?.path.map(String).join('.')}: ${issue?.message}`)
  }
  const { currency, goods } = checked.data
  const whole: NewGoods[] = []
  // One after the other: a thousand open files are more than some systems allow.
  for (const { photo, ...good } of goods) {
    const picture = photo === undefined ? undefined : await readPhoto(join(dirname(path), photo))
    whole.push({ ...good, currency, photo: picture })
  }
  return whole
}

async function readPhoto(path: string): Promise<Photo> {
  const bytes = await read(path, PHOTO_MAX)
  const type = photoType(bytes)
  if (type === undefined) throw unusable(`${path}: expected JPEG, PNG or WebP`)
  return { type, bytes }
}

/** By the first bytes: a name proves nothing, and what a browser could run must never be sent as a picture. */
export function photoType(bytes: Uint8Array): Photo['type'] | undefined {
  const start = Buffer.from(bytes.subarray(0, 12))
  if (start.subarray(0, 3).equals(Buffer.from([0xff, 0xd8, 0xff]))) return 'image/jpeg'
  if (start.subarray(0, 8).equals(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]))) return 'image/png'
  const riff = start.subarray(0, 4).toString('latin1') === 'RIFF' && start.subarray(8).toString('latin1') === 'WEBP'
  return riff ? 'image/webp' : undefined
}

async function read(path: string, max: number): Promise<Buffer> {
  try {
    const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    try {
      const stat = await handle.stat()
      if (!stat.isFile()) throw unusable(`${path} is no file`)
      if (stat.size > max) throw unusable(`${path}: expected at most ${max} bytes, got ${stat.size}`)
      return await handle.readFile()
    } finally {
      await handle.close()
    }
  } catch (cause) {
    if (cause instanceof ServerError) throw cause
    throw unusable(`${path} cannot be read (${systemCode(cause) ?? 'unknown reason'})`, cause)
  }
}

function parse(path: string, bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw unusable(`${path}: expected JSON in UTF-8`, cause)
  }
}

function unusable(what: string, cause?: unknown): ServerError {
  // It may quote the file, whose text must not move a terminal's cursor.
  return new ServerError('GOODS_UNUSABLE', what.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '\ufffd'), cause)
}
