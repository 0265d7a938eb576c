import { DataMode } from '../../../line/modem/data-mode.ts'
import { type AtEffect, type AtEvent, type AtState, step } from '../../../line/modem/machine.ts'
import { detectProfile } from '../../../line/modem/profiles/detect.ts'
import { SmsParts } from '../../../line/modem/sms/parts.ts'
import { decodePdu } from '../../../line/modem/sms/pdu.ts'
import { encodeSubmit } from '../../../line/modem/sms/submit.ts'
import { AtSplitter } from '../../../line/modem/splitter.ts'
import { classifyUrc } from '../../../line/modem/urc.ts'
import { UrcPairs } from '../../../line/modem/urc-pairs.ts'
import { FakeClock } from '../../fake-clock.ts'
import { answerWords, messageWords } from './transcript-words.ts'

/** Splitter, pairs, machine and data mode as the engine puts them together, without a port and in the time of the test. */
export class TranscriptPlayer {
  readonly #clock = new FakeClock()
  readonly #seen: string[] = []
  readonly #said: Record<string, string[]> = {}
  #asked = ''
  #data = ''
  #dataMode: DataMode | undefined
  #state: AtState = { type: 'idle' }
  readonly #pairs = new UrcPairs()
  readonly #parts = new SmsParts(
    () => this.#clock.now(),
    ({ reason, ref, parts }) => this.#seen.push(`discarded ${reason} ${ref}: ${parts.join(' ')}`),
  )
  readonly #splitter = new AtSplitter((token) => {
    if (token.type === 'line') this.#line(token.text)
    else if (token.type === 'data') this.#dataMode?.push(token.bytes)
    else if (token.type === 'discarded') this.#seen.push(`discarded ${token.bytes} bytes`)
    else this.#seen.push(token.type)
  })

  command(text: string, prefixes: readonly string[]): void {
    if (/^AT\+CMG[SW]=/.test(text)) this.#splitter.expectPrompt()
    this.#asked = text
    this.event({ type: 'command', command: { text, prefixes, timeoutMs: 1000 } })
  }

  bytes(bytes: Uint8Array): void {
    this.#splitter.push(bytes)
  }

  escape(): void {
    void this.#dataMode?.escape(1000).then((done) => this.#seen.push(done ? 'escaped' : 'not escaped'))
  }

  pass(ms: number): Promise<void> {
    return this.#clock.advance(ms)
  }

  profile(): void {
    const { 'AT+CGMI': manufacturer = [], 'AT+CGMM': model = [], ATI: about = [] } = this.#said
    this.#seen.push(`profile ${detectProfile({ manufacturer, model, about }).id}`)
  }

  submit(text: string): void {
    const fields = JSON.parse(text)
    try {
      const { pdu, tpduLength } = encodeSubmit({ ...fields, data: Buffer.from(fields.data, 'hex') })
      this.#seen.push(`submit ${tpduLength} ${pdu}`, `read back as ${messageWords(decodePdu(pdu, 'sent', tpduLength))}`)
    } catch (error) {
      this.#seen.push(`refused: ${error instanceof RangeError ? error.message : 'by another error'}`)
    }
  }

  event(event: AtEvent): void {
    const { state, effects } = step(this.#state, event)
    this.#state = state
    for (const effect of effects) this.#effect(effect)
  }

  seen(): string[] {
    this.#told()
    return this.#seen
  }

  #line(text: string): void {
    for (const line of this.#pairs.push(text)) {
      if (line.type === 'line') this.event({ type: 'line', text: line.text })
      else if (line.type === 'broken') this.#seen.push(`broken ${line.head}`)
      else this.#message(line.head, line.data)
    }
  }

  #message(head: string, pdu: string): void {
    const urc = classifyUrc(head)
    // Of a cell (TS 23.041), and of text mode: no TPDU.
    if (urc.type !== 'sms' || urc.kind === 'broadcast' || urc.length === undefined) {
      this.#seen.push(`beside ${JSON.stringify(urc)}`)
      return
    }
    const sms = decodePdu(pdu, 'received', urc.length)
    this.#seen.push(`message ${messageWords(sms)}`)
    if (sms.type !== 'deliver' || sms.concat === undefined) return
    const whole = this.#parts.add(sms)
    if (whole === undefined) return
    this.#seen.push(`whole of ${whole.parts} from ${whole.sender}: ${JSON.stringify(whole.text ?? whole.data)}`)
  }

  #effect(effect: AtEffect): void {
    if (effect.type === 'urc') this.#seen.push(`urc ${JSON.stringify(classifyUrc(effect.text))}`)
    else if (effect.type === 'settle') {
      this.#said[this.#asked] = [...effect.result.lines]
      this.#seen.push(...answerWords(effect.result))
    } else if (effect.type === 'enter-data') this.#enterData()
    else if (effect.type === 'dead') this.#seen.push('dead')
  }

  #enterData(): void {
    this.#splitter.enterData()
    this.#dataMode = new DataMode(
      this.#clock,
      (bytes) => {
        this.#told()
        this.#seen.push(`writes ${JSON.stringify(Buffer.from(bytes).toString('latin1'))}`)
      },
      (bytes) => {
        this.#data += Buffer.from(bytes).toString('latin1')
      },
      (end, after) => {
        this.#dataMode = undefined
        this.#told()
        this.#seen.push(`left by ${end}`)
        this.#splitter.enterLines()
        this.event({ type: 'lines' })
        this.#splitter.push(after)
      },
      'CLOSED',
    )
  }

  /** Data come in pieces of any size: they are told as one. */
  #told(): void {
    if (this.#data !== '') this.#seen.push(`data ${JSON.stringify(this.#data)}`)
    this.#data = ''
  }
}
