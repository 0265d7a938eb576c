import { register, type Settings } from './at-settings.ts'

/** Characters of one command line that are kept; V.250 §5.2.1 asks for 80. */
const LINE_MAX = 2048
const LINE_FEED = 10

export type ReadResult =
  /** `echo` goes back before anything else if E1 is set. */
  | { readonly type: 'more'; readonly echo: readonly number[] }
  | { readonly type: 'line'; readonly echo: readonly number[]; readonly body: string }
  | { readonly type: 'too-long'; readonly echo: readonly number[] }

/** Cuts what the terminal types into command lines (V.250 §5.2): all that stands between `AT` and S3, and `A/`. */
export class CommandReader {
  #state: 'idle' | 'a' | 'body' = 'idle'
  #body = ''
  #long = false
  #last = ''

  /** Forgets a line that was begun; `A/` keeps what it repeats. */
  clear(): void {
    this.#state = 'idle'
    this.#body = ''
    this.#long = false
  }

  /** A line has been begun. */
  get typing(): boolean {
    return this.#state === 'body'
  }

  /** @param byte as it came; a parity bit is ignored (V.250 §5.1) */
  push(byte: number, settings: Settings): ReadResult {
    const code = byte & 0x7f
    // Programs send CR LF; the LF belongs to no line, and an echo of it would look like an empty answer.
    if (code === LINE_FEED) return { type: 'more', echo: [] }
    if (this.#state === 'body') return this.#inBody(code, settings)
    return this.#before(String.fromCharCode(code).toUpperCase(), code)
  }

  #before(char: string, code: number): ReadResult {
    const echo = [code]
    if (this.#state === 'a' && char === '/') {
      this.clear()
      return { type: 'line', echo, body: this.#last }
    }
    if (this.#state === 'a' && char === 'T') this.#state = 'body'
    else this.#state = char === 'A' ? 'a' : 'idle'
    return { type: 'more', echo }
  }

  #inBody(code: number, settings: Settings): ReadResult {
    if (code === register(settings, 3)) {
      const { body, long } = { body: this.#body, long: this.#long }
      this.clear()
      if (long) return { type: 'too-long', echo: [code] }
      this.#last = body
      return { type: 'line', echo: [code], body }
    }
    if (code === register(settings, 5)) {
      if (this.#body === '') return { type: 'more', echo: [] }
      this.#body = this.#body.slice(0, -1)
      return { type: 'more', echo: [code, 32, code] }
    }
    if (this.#body.length >= LINE_MAX) this.#long = true
    else if (code >= 32) this.#body += String.fromCharCode(code)
    return { type: 'more', echo: [code] }
  }
}
