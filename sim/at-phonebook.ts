import { type Commands, cme, type Extended, INCORRECT, wholeIn } from './at-command.ts'
import type { ModemView, Step } from './at-step.ts'
import { addressType } from './identity.ts'
import {
  PHONEBOOK_NAME_MAX,
  PHONEBOOK_NUMBER_MAX,
  PHONEBOOK_SIZE,
  type Phonebook,
  type PhonebookEntry,
} from './phonebook.ts'
import { addressFromTerminal, type Charset, fromTerminal, toTerminal } from './sms-text.ts'

/** TS 27.007 §9.2. */
const FULL = 20
const INVALID_INDEX = 21
const NUMBER_TOO_LONG = 26
const NAME_TOO_LONG = 24

const SIZES = `(1-${PHONEBOOK_SIZE}),${PHONEBOOK_NUMBER_MAX},${PHONEBOOK_NAME_MAX}`

function shown(name: string, index: number, { number, name: text }: PhonebookEntry, charset: Charset): string {
  return `${name}: ${index},"${number}",${addressType(number)},"${toTerminal(text, charset)}"`
}

/** TS 27.007 §8.12. */
const READ: Extended = {
  test: SIZES,
  set: ([first, last = first, ...more], { charset }, view) => {
    const [from, to] = [wholeIn(first, 1, PHONEBOOK_SIZE), wholeIn(last, 1, PHONEBOOK_SIZE)]
    if (from === undefined || to === undefined || more.length > 0) return cme(INVALID_INDEX)
    const entries = bookOf(view)
      .entries()
      .filter(([index]) => index >= from && index <= to)
    return { info: entries.map(([index, entry]) => shown('+CPBR', index, entry, charset)) }
  },
}

/** TS 27.007 §8.13: names that begin with it. */
const FIND: Extended = {
  test: `${PHONEBOOK_NUMBER_MAX},${PHONEBOOK_NAME_MAX}`,
  set: ([wanted = '', ...more], { charset }, view) => {
    const text = fromTerminal(wanted, charset)
    if (text === undefined || more.length > 0) return INCORRECT
    const entries = bookOf(view)
      .entries()
      .filter(([, { name }]) => name.toLowerCase().startsWith(text.toLowerCase()))
    return { info: entries.map(([index, entry]) => shown('+CPBF', index, entry, charset)) }
  },
}

/** TS 27.007 §8.14: only an index deletes it, no index takes the first that is free. */
const WRITE: Extended = {
  test: `(1-${PHONEBOOK_SIZE}),${PHONEBOOK_NUMBER_MAX},(129,145),${PHONEBOOK_NAME_MAX}`,
  set: (args, { charset }, view) => write(args, charset, bookOf(view)),
}

function write([place = '', number, , name = '', ...more]: readonly string[], charset: Charset, book: Phonebook): Step {
  const index = place === '' ? book.free() : wholeIn(place, 1, PHONEBOOK_SIZE)
  if (index === undefined) return cme(place === '' ? FULL : INVALID_INDEX)
  if (number === undefined) {
    book.set(index, undefined)
    return place === '' ? INCORRECT : {}
  }
  const digits = addressFromTerminal(number, charset)
  const text = fromTerminal(name, charset)
  if (!/^\+?[0-9*#]*$/.test(digits) || text === undefined || more.length > 0) return INCORRECT
  if (digits.length > PHONEBOOK_NUMBER_MAX) return cme(NUMBER_TOO_LONG)
  if (text.length > PHONEBOOK_NAME_MAX) return cme(NAME_TOO_LONG)
  book.set(index, { number: digits, name: text })
  return {}
}

function bookOf({ card }: ModemView): Phonebook {
  // Commands of this table run only with a card.
  if (card === undefined) throw new RangeError('expected a card')
  return card.phonebook
}

/** The phone book of the card (TS 27.007 §8.11 to §8.14). */
export const PHONEBOOK: Commands = {
  '+CPBS': {
    test: '("SM")',
    read: (_, view) => `"SM",${bookOf(view).used},${PHONEBOOK_SIZE}`,
    set: ([storage, ...more]) => (storage === 'SM' && more.length === 0 ? {} : INCORRECT),
  },
  '+CPBR': READ,
  '+CPBF': FIND,
  '+CPBW': WRITE,
}
