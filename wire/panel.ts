import { z } from 'zod'

/*
 * A panel that is played in place of a board's pins: JSON lines on a serial port, between the card and the simulator.
 * The card begins with {"panel":1} and gets {"levels":[…]} with each input that is not at rest; from then on {"pin":17,"level":1}
 * in both directions: an output that the card sets, an input that the world changes.
 */
const pin = z.int().min(0).max(27)
const level = z.union([z.literal(0), z.literal(1)])
const change = z.strictObject({ pin, level })

export const PANEL_HELLO = z.strictObject({ panel: z.literal(1) })
export const PANEL_FROM_CARD = z.union([PANEL_HELLO, change])
export const PANEL_FROM_WORLD = z.union([change, z.strictObject({ levels: z.array(change).max(28) })])
export type PanelFromCard = z.infer<typeof PANEL_FROM_CARD>
export type PanelFromWorld = z.infer<typeof PANEL_FROM_WORLD>

/** Lights of the played panel by their pins, and its button; firmware/board/profiles/sim.json has the same. */
export const PANEL_LIGHTS = { power: 5, line: 17, exchange: 13, refused: 27, consent: 19 } as const
export const PANEL_BUTTON = 22

/** @returns undefined for a line that is nothing of this */
export function readPanelLine<T>(schema: z.ZodType<T>, line: string): T | undefined {
  try {
    return schema.safeParse(JSON.parse(line)).data
  } catch {
    return undefined
  }
}
