import type { ModemPort } from '../../line/modem/port.ts'

/** A serial port whose far end is the test. */
export class FakePort implements ModemPort {
  readonly path = '/dev/fake'
  readonly written: string[] = []
  closed = false
  /** Told each write; answers through `say`. */
  onWrite: (text: string) => void = () => {}
  #onData: (bytes: Uint8Array) => void = () => {}
  #onClose: () => void = () => {}

  open(onData: (bytes: Uint8Array) => void, onClose: () => void): void {
    this.#onData = onData
    this.#onClose = onClose
  }

  write(bytes: Uint8Array): void {
    const text = Buffer.from(bytes).toString('latin1')
    this.written.push(text)
    this.onWrite(text)
  }

  say(text: string): void {
    this.#onData(Buffer.from(text, 'latin1'))
  }

  vanish(): void {
    this.#onClose()
  }

  async close(): Promise<void> {
    this.closed = true
    this.#onClose()
  }
}

/** Answers every command with OK, and those in `answers` as it says there. */
export function obliging(port: FakePort, answers: Readonly<Record<string, string>> = {}): void {
  port.onWrite = (text) => {
    const command = text.replace(/\r$/, '')
    if (text.endsWith('\r')) port.say(answers[command] ?? '\r\nOK\r\n')
    else if (answers[text] !== undefined) port.say(answers[text])
  }
}
