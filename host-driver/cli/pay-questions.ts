import {
  type PersonalData,
  type PersonalFaults,
  type PersonalField,
  readPersonalData,
} from '../../wire/line/personal-data.ts'
import { fault } from '../errors.ts'
import { hiddenQuestion, inputLines, question } from './ask.ts'
import type { CommandContext } from './command.ts'

type Typed = Readonly<Record<PersonalField, string>>

interface Question {
  readonly text: string
  /** Typed without being shown. */
  readonly hidden: boolean
  /** What an answer fills. */
  readonly fields: (answer: string) => Partial<Typed>
}

const plain = (text: string, field: PersonalField, hidden = false): Question => {
  return { text, hidden, fields: (answer) => ({ [field]: answer }) }
}
const EXPIRY = /^\s*(\d{1,2})\s*\/\s*(\d{2}|\d{4})\s*$/

/** S29, S63, in the order in which they are asked. */
const QUESTIONS: readonly Question[] = [
  plain('Card number', 'cardNumber', true),
  {
    text: 'Expiry (MM/YY)',
    hidden: true,
    fields: (answer) => {
      const [, expiryMonth = '', expiryYear = ''] = EXPIRY.exec(answer) ?? []
      return { expiryMonth, expiryYear }
    },
  },
  plain('Security code', 'securityCode', true),
  plain('Name', 'name'),
  plain('Street', 'street'),
  plain('Postal code', 'postalCode'),
  plain('City', 'city'),
  plain('Country (two letters)', 'country'),
  plain('Telephone or mail for the carrier (may be empty)', 'contact'),
]
/** At a terminal each question is asked so often before the answer is refused. */
const TRIES = 3
/** The answers, and `y`. */
const LINES = QUESTIONS.length + 1
const NOTHING: Typed = {
  cardNumber: '',
  expiryMonth: '',
  expiryYear: '',
  securityCode: '',
  name: '',
  street: '',
  postalCode: '',
  city: '',
  country: '',
  contact: '',
}

/** Who answers: a person at a terminal, or a pipe. */
export interface Asker {
  readonly tries: number
  /** @throws KeylineError CANCELLED */
  ask(text: string, hidden: boolean): Promise<string>
  /** Why the same is asked again. */
  complain(text: string): void
}

/** @throws KeylineError INPUT_INVALID when a pipe has fewer lines than are needed */
export async function askerOf({ input, signal, output }: CommandContext): Promise<Asker> {
  if (input.isTTY) {
    // Questions go to standard error: standard output is for results.
    const ask: Asker['ask'] = (text, hidden) =>
      (hidden ? hiddenQuestion : question)(input, process.stderr, text, signal)
    return { tries: TRIES, ask, complain: (text) => output.note(text) }
  }
  const what = `${LINES} lines: ${QUESTIONS.map(({ text }) => text.toLowerCase()).join(', ')}, y`
  const lines = [...(await inputLines(input, LINES, what))]
  return { tries: 1, ask: async () => lines.shift() ?? '', complain: () => {} }
}

/**
 * Asks for the personal data; each answer is checked at once.
 * @param now for the expiry
 * @throws KeylineError INPUT_INVALID, CANCELLED; the answers are in neither
 */
export async function askPersonalData(asker: Asker, now: Date): Promise<PersonalData> {
  let typed: Typed = NOTHING
  for (const one of QUESTIONS) typed = { ...typed, ...(await answerTo(one, asker, now)) }
  const read = readPersonalData(typed, now)
  if (read.ok) return read.data
  throw fault('INPUT_INVALID', { what: sentences(read.faults) })
}

async function answerTo({ text, hidden, fields }: Question, asker: Asker, now: Date): Promise<Partial<Typed>> {
  for (let tries = 1; ; tries++) {
    const filled = fields(await asker.ask(`${text}: `, hidden))
    const wrong = faultOf(filled, now)
    if (wrong === undefined) return filled
    if (tries >= asker.tries) throw fault('INPUT_INVALID', { what: `${text}: ${plainEnd(wrong)}` })
    asker.complain(wrong)
  }
}

/** The first sentence about these fields, whatever the others are. */
function faultOf(filled: Partial<Typed>, now: Date): string | undefined {
  const read = readPersonalData({ ...NOTHING, ...filled }, now)
  if (read.ok) return undefined
  return Object.entries(read.faults).find(([field]) => Object.hasOwn(filled, field))?.[1]
}

/** All sentences in one, without values. */
export function sentences(faults: PersonalFaults): string {
  return Object.entries(faults)
    .map(([field, sentence]) => `${field}: ${plainEnd(sentence)}`)
    .join('; ')
}

/** The cure follows after a semicolon. */
function plainEnd(sentence: string): string {
  return sentence.replace(/\.$/, '')
}
