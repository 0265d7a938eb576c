import type { z } from 'zod'
import { SimError } from './fault.ts'
import { firstFault } from './fields.ts'

/** Settings behind a name, `key=value` or a bare `key`, in their order. */
export function settingsIn(texts: readonly string[]): (readonly [key: string, value: string | undefined])[] {
  return texts.map((text) => {
    const equals = text.indexOf('=')
    return equals === -1 ? [text, undefined] : [text.slice(0, equals), text.slice(equals + 1)]
  })
}

/** Digits as their number; anything else stays a text, which the field then refuses. */
export function whole(text: string | undefined): number | string | undefined {
  return text !== undefined && /^\d{1,10}$/.test(text) ? Number(text) : text
}

/** A decimal fraction as its number. */
export function fraction(text: string | undefined): number | string | undefined {
  return text !== undefined && /^\d{0,3}\.?\d{1,9}$/.test(text) ? Number(text) : text
}

/** @throws SimError ARGUMENT_INVALID with what is expected there */
export function field<T>(where: string, schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  throw invalid(`${where}: ${firstFault(result.error)}, got ${JSON.stringify(value) ?? 'nothing'}.`)
}

export function unique(where: string, names: readonly string[]): void {
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) throw invalid(`${where}: expected each name once, got ${twice} twice.`)
}

export function invalid(what: string): SimError {
  return new SimError('ARGUMENT_INVALID', what, 'See keyline sim --help.')
}
