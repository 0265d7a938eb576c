import type { LineState } from '../wire/usb/methods.ts'

/** Steps that a terminal can see, of all three embodiments (SYSTEM.md §2–§4). */
export type Step = `S${number}` | `S${number}'`

/** Which network a step used: the line, the Internet, or none. */
export type StepPath = 'here' | 'line' | 'internet'

export type Progress =
  | { readonly type: 'step'; readonly step: Step; readonly path: StepPath; readonly text: string }
  /** What the card does on the line. `text`: what the user must do at the card now. */
  | { readonly type: 'line'; readonly state: LineState; readonly text?: string | undefined }
  /** Bytes of a file that are on the disk, of all it will have. */
  | { readonly type: 'download'; readonly name: string; readonly received: number; readonly total: number }

/** Told as things happen, at once and in their order; must not throw. */
export type OnProgress = (event: Progress) => void

export function isStep(text: string): text is Step {
  return /^S([1-9]|[1-6]\d|70)'?$/.test(text)
}
