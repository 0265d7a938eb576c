import { classifyUrc } from './urc.ts'

/** A line as the machine of commands gets it, or what the modem said by itself in two lines. */
export type PairedLine =
  | { readonly type: 'line'; readonly text: string }
  | { readonly type: 'pair'; readonly head: string; readonly data: string }
  /** A first line whose second one did not come: the modem started anew, or it lied. */
  | { readonly type: 'broken'; readonly head: string }

/** How many lines after this one are raw data: the PDU of +CMT, +CDS and +CBM (TS 27.005 §3.4.1), else none. */
export function urcDataLines(line: string): 0 | 1 {
  const urc = classifyUrc(line)
  if (urc.type !== 'sms') return 0
  // In text mode a status report is one line, and it has more values.
  return urc.kind === 'report' && urc.length === undefined ? 0 : 1
}

/**
 * Holds the first of two lines back until its second one is here, so that a PDU is never taken for the answer of a command
 * that waits meanwhile, and the text of a message never for a result. Stands between the splitter and the machine.
 */
export class UrcPairs {
  #head: string | undefined
  #isPdu = false

  /** A second line is due: a command sent now is answered behind it. */
  get waiting(): boolean {
    return this.#head !== undefined
  }

  /** @param text one line without its end @returns what is known now, in its order; nothing while a second line is due */
  push(text: string): PairedLine[] {
    const head = this.#head
    this.#head = undefined
    if (head === undefined) return this.#first(text)
    // A PDU is hexadecimal digits and nothing else; the text of a message may look like anything.
    if (!this.#isPdu || /^[0-9A-F]+$/i.test(text.trim())) return [{ type: 'pair', head, data: text }]
    return [{ type: 'broken', head }, ...this.#first(text)]
  }

  /** The modem started anew or data mode begins. @returns the line that still waited */
  reset(): PairedLine[] {
    const head = this.#head
    this.#head = undefined
    return head === undefined ? [] : [{ type: 'broken', head }]
  }

  #first(text: string): PairedLine[] {
    if (urcDataLines(text) === 0) return [{ type: 'line', text }]
    const urc = classifyUrc(text)
    this.#head = text
    this.#isPdu = urc.type === 'sms' && urc.length !== undefined
    return []
  }
}
