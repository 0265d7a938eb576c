import { explainModemError } from '../../../line/modem/explain-error.ts'
import { parseIdentity } from '../../../line/modem/identity.ts'
import { type AtEffect, type AtEvent, type AtResult, type AtState, step } from '../../../line/modem/machine.ts'
import { parseMessageList } from '../../../line/modem/message-list.ts'
import { parseOperator } from '../../../line/modem/operator.ts'
import { parsePinRetries, parsePinState } from '../../../line/modem/pin-state.ts'
import { parseRegistration } from '../../../line/modem/registration.ts'
import { parseSignal } from '../../../line/modem/signal.ts'
import { decodePdu } from '../../../line/modem/sms/pdu.ts'
import { AtSplitter } from '../../../line/modem/splitter.ts'
import { classifyUrc } from '../../../line/modem/urc.ts'
import { UrcPairs } from '../../../line/modem/urc-pairs.ts'

/*
 * A transcript, line by line:
 *
 *   # remark      > AT+CSQ | +CSQ:  (a command, and the prefixes of its answer)      ~ (its timer runs out)
 *   < bytes of the modem, with \r, \n and \x00                                       = what must come of all this, in its order
 */
export interface Transcript {
  readonly steps: readonly TranscriptStep[]
  readonly expected: readonly string[]
}

type TranscriptStep =
  | { readonly type: 'command'; readonly text: string; readonly prefixes: readonly string[] }
  | { readonly type: 'bytes'; readonly bytes: Buffer }
  | { readonly type: 'timer' }

export function parseTranscript(text: string): Transcript {
  const steps: TranscriptStep[] = []
  const expected: string[] = []
  for (const line of text.split('\n')) {
    const rest = line.slice(2)
    if (line.startsWith('= ')) expected.push(rest)
    else if (line.startsWith('< ')) steps.push({ type: 'bytes', bytes: unescaped(rest) })
    else if (line.startsWith('~')) steps.push({ type: 'timer' })
    else if (line.startsWith('> ')) {
      const [command = '', ...prefixes] = rest.split(' | ')
      steps.push({ type: 'command', text: command, prefixes: prefixes.map((prefix) => (prefix === '*' ? '' : prefix)) })
    } else if (line !== '' && !line.startsWith('#')) throw new Error(`expected a step, got ${line}`)
  }
  return { steps, expected }
}

function unescaped(text: string): Buffer {
  const plain = text.replaceAll(/\\(r|n|x[0-9a-f]{2})/g, (_, code: string) =>
    code === 'r' ? '\r' : code === 'n' ? '\n' : String.fromCharCode(Number.parseInt(code.slice(1), 16)),
  )
  return Buffer.from(plain, 'latin1')
}

/** @param size of each piece in which the bytes arrive */
export function play({ steps }: Transcript, size: () => number): string[] {
  const player = new Player()
  for (const each of steps) {
    if (each.type === 'command') player.command(each.text, each.prefixes)
    else if (each.type === 'timer') player.event({ type: 'timer' })
    else {
      for (let at = 0; at < each.bytes.length; ) {
        const end = at + size()
        player.bytes(each.bytes.subarray(at, end))
        at = end
      }
    }
  }
  return player.seen()
}

/** Splitter, pairs and machine as the engine puts them together, without a port and without time. */
class Player {
  readonly #seen: string[] = []
  #data = ''
  #state: AtState = { type: 'idle' }
  readonly #pairs = new UrcPairs()
  readonly #splitter = new AtSplitter((token) => {
    if (token.type === 'line') this.#line(token.text)
    else if (token.type === 'data') this.#data += Buffer.from(token.bytes).toString('latin1')
    else this.#seen.push(token.type)
  })

  command(text: string, prefixes: readonly string[]): void {
    if (text.startsWith('AT+CMGS=')) this.#splitter.expectPrompt()
    this.event({ type: 'command', command: { text, prefixes, timeoutMs: 1000 } })
  }

  bytes(bytes: Uint8Array): void {
    this.#splitter.push(bytes)
  }

  event(event: AtEvent): void {
    const { state, effects } = step(this.#state, event)
    this.#state = state
    for (const effect of effects) this.#effect(effect)
  }

  seen(): string[] {
    return this.#data === '' ? this.#seen : [...this.#seen, `data ${JSON.stringify(this.#data)}`]
  }

  #line(text: string): void {
    for (const line of this.#pairs.push(text)) {
      if (line.type === 'line') this.event({ type: 'line', text: line.text })
      else if (line.type === 'broken') this.#seen.push(`broken ${line.head}`)
      else this.#seen.push(`message ${message(line.data)}`)
    }
  }

  #effect(effect: AtEffect): void {
    if (effect.type === 'urc') this.#seen.push(`urc ${JSON.stringify(classifyUrc(effect.text))}`)
    else if (effect.type === 'settle') this.#seen.push(...answer(effect.result))
    else if (effect.type === 'enter-data') this.#splitter.enterData()
    else if (effect.type === 'dead') this.#seen.push('dead')
  }
}

function answer({ final, lines }: AtResult): string[] {
  const list = parseMessageList(lines).messages.map(
    ({ index, status, pdu }) => `stored ${index} ${status} ${message(pdu)}`,
  )
  const told = lines.map((line) => `line ${line}${meaning(line)}`)
  const why = final.type === 'error' ? ` ${explainModemError(final.text)?.code}` : ''
  const speed = final.type === 'connect' ? ` ${final.text}` : ''
  return [...(list.length > 0 ? list : told), `answer ${final.type}${why}${speed}`]
}

/** What the readers of answers make of it: at most one of them knows it. */
function meaning(line: string): string {
  const pin = parsePinState(line)
  const found =
    parseRegistration(line)?.state ??
    parseSignal(line)?.dbm ??
    parseOperator(line)?.name ??
    pin ??
    parsePinRetries(line)?.pin ??
    parseIdentity('imei', line) ??
    parseIdentity('iccid', line)
  return found === undefined ? '' : ` means ${found}`
}

function message(pdu: string): string {
  const sms = decodePdu(pdu, 'stored')
  if (sms.type === 'malformed') return 'malformed'
  if (sms.type === 'status-report') return `report ${sms.mr} ${sms.status.outcome}`
  const from = sms.type === 'deliver' ? sms.sender?.text : sms.recipient?.text
  return `${sms.type} ${from} ${JSON.stringify(sms.text ?? Buffer.from(sms.data).toString('hex'))}`
}
