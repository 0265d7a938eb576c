import type { z } from 'zod'
import type { Clock } from '../../line/clock.ts'
import type { ProblemCode } from '../internet-port/answers.ts'
import { readBody } from '../internet-port/body.ts'
import type { Ask } from './route.ts'

/** Fields of a form that are numbers in JSON; a form has text only. */
const NUMBERS: readonly string[] = ['quantity', 'more']
/** A form of the shop has three fields at most; more names are no form of ours. */
const FIELDS_MAX = 8

/**
 * The fields of a POST, as JSON or as a form.
 * @param schema of the JSON; forms are brought to its types
 * @returns what is wrong as a code
 */
export async function readFields<T>(ask: Ask, clock: Clock, schema: z.ZodType<T>): Promise<T | ProblemCode> {
  const { incoming } = ask.env
  const body = incoming === undefined ? Buffer.from(await ask.req.arrayBuffer()) : await readBody(incoming, clock)
  if (typeof body === 'string') return body
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(body)
    const checked = schema.safeParse(parse(ask.req.header('content-type') ?? '', text))
    return checked.success ? checked.data : 'BODY_INVALID'
  } catch {
    return 'BODY_INVALID'
  }
}

/** @throws Error when it is neither, or a form names a field twice */
function parse(type: string, text: string): unknown {
  const [media = ''] = type.toLowerCase().split(';')
  if (media.trim() === 'application/json') return JSON.parse(text)
  if (media.trim() !== 'application/x-www-form-urlencoded') throw new RangeError('expected JSON or a form')
  const fields = [...new URLSearchParams(text)]
  const names = new Set(fields.map(([name]) => name))
  if (names.size !== fields.length || names.size > FIELDS_MAX) throw new RangeError('expected each field once')
  return Object.fromEntries(fields.map(([name, value]) => [name, NUMBERS.includes(name) ? number(value) : value]))
}

/** Digits only, no sign, no exponent; anything else stays text and is refused by the schema. */
function number(text: string): number | string {
  return /^[0-9]{1,4}$/.test(text) ? Number(text) : text
}
