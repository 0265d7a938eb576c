import type { Report } from './report.ts'

/** How the play is told while it happens. */
export interface Show {
  scene(title: string): void
  step(name: string, path: string, text: string): void
  line(text: string): void
  end(report: Report): void
}

const ARROWS: Readonly<Record<string, string>> = {
  line: '══ line ══════',
  internet: '── Internet ──',
  here: '   here       ',
}

/** For people. @param write one piece of text */
export function tell(write: (text: string) => void): Show {
  return {
    scene: (title) => write(`\n${title}\n`),
    step: (name, path, text) => write(`  ${name.padEnd(4)} ${ARROWS[path] ?? path}  ${text}\n`),
    line: (text) => write(`       ${text}\n`),
    end: (report) => write(summary(report)),
  }
}

/** For programs: one JSON object a line; the last one is the report. */
export function tellJson(write: (text: string) => void): Show {
  const json = (value: unknown): void => write(`${JSON.stringify(value)}\n`)
  return {
    scene: (scene) => json({ scene }),
    step: (step, path, text) => json({ step, path, text }),
    line: () => {},
    end: (report) => json(report),
  }
}

function summary({ line, internet, downloads, keysLeft, secretsFound, ok }: Report): string {
  const total = downloads.reduce((sum, { bytes }) => sum + bytes, 0)
  return `
  line      ${line.bytesUp} B up, ${line.bytesDown} B down in ${line.messagesUp + line.messagesDown} messages, ${line.seconds.toFixed(2)} s at ${line.bitsPerSecond} bit/s
            (1.1 times round trip and bits: ${line.allowedSeconds.toFixed(2)} s; call set-up took ${line.setupSeconds.toFixed(2)} s)
  Internet  ${internet.bytes} B for ${downloads.length} files of ${total} B, ${internet.seconds.toFixed(2)} s, ${internet.cipher}, ${internet.group}
  secrets   found in the recording of the line: ${secretsFound.line}, of the Internet: ${secretsFound.internet}
  keys      left at the server: ${keysLeft}

  ${ok ? 'All of it held.' : 'SOMETHING DID NOT HOLD.'}
`
}
