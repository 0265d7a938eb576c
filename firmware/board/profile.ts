import { readdirSync, readFileSync } from 'node:fs'
import { z } from 'zod'
import { CardError } from '../card/errors.ts'

/** A GPIO number of the 40-pin header, which is the line's number on the Raspberry Pi's chip. */
const pin = z.int().min(0).max(27)
/** Longest that a key is held, milliseconds: one stuck down switches some modems off and on for ever. */
export const PRESS_MAX_MS = 10_000
const pressMs = z.int().min(50).max(PRESS_MAX_MS)
const active = z.enum(['high', 'low'])

const schema = z
  .strictObject({
    name: z.string().regex(/^[a-z0-9-]{1,40}$/),
    title: z.string().min(1).max(100),
    notes: z.array(z.string().min(1).max(300)).max(10),
    gpio: z.nullable(
      z.strictObject({
        chips: z.array(z.string().min(1).max(32)).min(1).max(8),
        lights: z.strictObject({
          power: z.nullable(pin),
          line: pin,
          exchange: z.nullable(pin),
          refused: pin,
          consent: z.nullable(pin),
        }),
        button: pin,
        powerKey: z.nullable(z.strictObject({ line: pin, active, onMs: pressMs, offMs: pressMs })),
        flightMode: z.nullable(z.strictObject({ line: pin, active })),
      }),
    ),
  })
  .refine(({ gpio }) => new Set(pinsOf(gpio)).size === pinsOf(gpio).length, 'one pin is used twice')

export type BoardProfile = z.infer<typeof schema>
export type BoardGpio = NonNullable<BoardProfile['gpio']>

const FOLDER = new URL('profiles/', import.meta.url)

/** Names of the profiles that come with the card. */
export function profileNames(): readonly string[] {
  return readdirSync(FOLDER)
    .filter((it) => it.endsWith('.json'))
    .map((it) => it.slice(0, -'.json'.length))
    .sort()
}

/** @param name one of `profileNames()` @throws CardError BOARD_PROFILE */
export function namedProfile(name: string): BoardProfile {
  const names = profileNames()
  if (!names.includes(name)) throw new CardError('BOARD_PROFILE', `${name} is none of ${names.join(', ')}`)
  return fileProfile(new URL(`${name}.json`, FOLDER))
}

/** @throws CardError BOARD_PROFILE: unreadable, no JSON, or not what a profile says */
export function fileProfile(file: string | URL): BoardProfile {
  let json: unknown
  try {
    json = JSON.parse(readFileSync(file, 'utf8'))
  } catch (cause) {
    throw new CardError('BOARD_PROFILE', `${file} cannot be read as JSON`, { cause })
  }
  const checked = schema.safeParse(json)
  if (checked.success) return checked.data
  const [issue] = checked.error.issues
  throw new CardError('BOARD_PROFILE', `${file}: ${issue?.path.map(String).join('.')} ${issue?.message}`.trim())
}

function pinsOf(gpio: BoardGpio | null): readonly number[] {
  if (gpio === null) return []
  const all = [...Object.values(gpio.lights), gpio.button, gpio.powerKey?.line, gpio.flightMode?.line]
  return all.filter((it) => typeof it === 'number')
}
