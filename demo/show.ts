import { money } from '../wire/money.ts'
import type { AllReport, PurchaseReport, Report } from './report.ts'

/** How the play is told while it happens. */
export interface Show {
  scene(title: string): void
  step(name: string, path: string, text: string): void
  line(text: string): void
  /** After each play. */
  report(report: Report | PurchaseReport): void
  /** Last of all. */
  end(report: Report | PurchaseReport | AllReport): void
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
    report: (report) => write('embodiment' in report ? purchaseSummary(report) : summary(report)),
    end: ({ ok }) => write(`\n  ${ok ? 'All of it held.' : 'SOMETHING DID NOT HOLD.'}\n`),
  }
}

/** For programs: one JSON object a line; the last one is the report. */
export function tellJson(write: (text: string) => void): Show {
  const json = (value: unknown): void => write(`${JSON.stringify(value)}\n`)
  return {
    scene: (scene) => json({ scene }),
    step: (step, path, text) => json({ step, path, text }),
    line: () => {},
    report: () => {},
    end: (report) => json(report),
  }
}

function summary({ line, internet, downloads, keysLeft, secretsFound }: Report): string {
  const total = downloads.reduce((sum, { bytes }) => sum + bytes, 0)
  return `
  line      ${line.bytesUp} B up, ${line.bytesDown} B down in ${line.messagesUp + line.messagesDown} messages, ${line.seconds.toFixed(2)} s${rateOf(line)}
            (1.1 times round trip and bits: ${line.allowedSeconds.toFixed(2)} s; call set-up took ${line.setupSeconds.toFixed(2)} s)
  Internet  ${internet.bytes} B for ${downloads.length} files of ${total} B, ${internet.seconds.toFixed(2)} s, ${internet.cipher}, ${internet.group}
  secrets   found in the recording of the line: ${secretsFound.line}, of the Internet: ${secretsFound.internet}
  keys      left at the server: ${keysLeft}
`
}

function purchaseSummary({ line, internet, paid, charges, orderState, stock, ...rest }: PurchaseReport): string {
  const { receiptEqual, refusals, secretsFound } = rest
  return `
  line      ${line.bytesUp} B up, ${line.bytesDown} B down in ${line.messagesUp + line.messagesDown} messages, the whole call ${line.seconds.toFixed(2)} s${rateOf(line)}
            (personal data to receipt: ${line.exchangeSeconds.toFixed(2)} s; call set-up took ${line.setupSeconds.toFixed(2)} s)
  Internet  ${internet.bytes} B
  paid      ${money(paid.amount, paid.currency)}, ${paid.order} is ${orderState}, charged ${charges} time${charges === 1 ? '' : 's'}
  stock     ${stock.product}: ${stock.before} before, ${stock.after} after
  receipt   ${receiptEqual ? 'the same bytes' : 'NOT THE SAME'} on both paths
  refused   ${refusals.join(', ')}
  secrets   found in the recording of the line: ${secretsFound.line}, of the Internet: ${secretsFound.internet}
`
}

function rateOf({ bitsPerSecond, bearer }: Report['line'] | PurchaseReport['line']): string {
  return bitsPerSecond === 0 ? ` by ${bearer}` : ` by ${bearer} at ${bitsPerSecond} bit/s`
}
