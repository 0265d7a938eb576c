import type { LineState } from '../wire/usb/methods.ts'

/** Steps of the first embodiment that a terminal can see. */
export const STEPS = [
  'S1',
  'S2',
  'S3',
  'S4',
  'S5',
  'S6',
  'S7',
  "S7'",
  'S8',
  'S9',
  'S10',
  'S11',
  'S12',
  'S13',
  'S14',
  'S15',
  'S16',
  'S17',
  "S17'",
  'S18',
] as const
export type Step = (typeof STEPS)[number]

/** Which network a step used: the line, the Internet, or none. */
export type StepPath = 'here' | 'line' | 'internet'

export type Progress =
  | { readonly type: 'step'; readonly step: Step; readonly path: StepPath; readonly text: string }
  /** What the card does on the line. */
  | { readonly type: 'line'; readonly state: LineState }
  /** Bytes of a file that are on the disk, of all it will have. */
  | { readonly type: 'download'; readonly name: string; readonly received: number; readonly total: number }

/** Told as things happen, at once and in their order; must not throw. */
export type OnProgress = (event: Progress) => void

export function isStep(text: string): text is Step {
  return STEPS.some((step) => step === text)
}
