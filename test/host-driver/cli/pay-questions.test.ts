import { PassThrough } from 'node:stream'
import test from 'ava'
import fc from 'fast-check'
import { inputLines } from '../../../host-driver/cli/ask.ts'
import { type Asker, askPersonalData, sentences } from '../../../host-driver/cli/pay-questions.ts'
import type { KeylineError } from '../../../host-driver/errors.ts'

const NOW = new Date(2026, 2, 20)
const GOOD = [
  '4242 4242 4242 4242',
  '12/33',
  '737',
  'Hanako Aoyama',
  'Nowhere 1-2-3',
  '100-0001',
  'Tokyo',
  'jp',
  'hanako@aoyama.example',
]

/** Answers in their order. */
function asker(answers: readonly string[], tries = 1) {
  const asked: { readonly text: string; readonly hidden: boolean }[] = []
  const complaints: string[] = []
  const left = [...answers]
  const it: Asker = {
    tries,
    ask: async (text, hidden) => {
      asked.push({ text, hidden })
      return left.shift() ?? ''
    },
    complain: (text) => void complaints.push(text),
  }
  return { it, asked, complaints }
}

const instead = (line: number, answer: string) => GOOD.map((good, n) => (n === line ? answer : good))

test('nine questions; number, expiry and code are typed without being shown', async (t) => {
  const { it, asked, complaints } = asker(GOOD)
  t.deepEqual(await askPersonalData(it, NOW), {
    cardNumber: '4242424242424242',
    expiryMonth: 12,
    expiryYear: 2033,
    securityCode: '737',
    name: 'Hanako Aoyama',
    street: 'Nowhere 1-2-3',
    postalCode: '100-0001',
    city: 'Tokyo',
    country: 'JP',
    contact: 'hanako@aoyama.example',
  })
  t.is(asked.length, GOOD.length)
  t.deepEqual(
    asked.filter(({ hidden }) => hidden).map(({ text }) => text),
    ['Card number: ', 'Expiry (MM/YY): ', 'Security code: '],
  )
  t.deepEqual(complaints, [])
})

test('code and contact may be empty, years may have four digits, blanks are forgiven', async (t) => {
  const answers = instead(1, ' 1 / 2030 ')
  answers[0] = '  4242-4242-4242-4242 '
  answers[2] = ''
  answers[8] = ' '
  const data = await askPersonalData(asker(answers).it, NOW)
  t.like(data, { cardNumber: '4242424242424242', expiryMonth: 1, expiryYear: 2030, securityCode: '', contact: '' })
})

const WRONG: readonly (readonly [line: number, answer: string, says: RegExp])[] = [
  [0, '', /^Card number: A card number has 12 to 19 digits;/],
  [0, '4242', /^Card number: A card number has 12 to 19 digits;/],
  [0, '4242424242424243', /^Card number: This card number has a typing error;/],
  [0, '９'.repeat(16), /^Card number: /],
  [0, '9'.repeat(4000), /^Card number: /],
  [1, '', /^Expiry \(MM\/YY\): The month is a number from 1 to 12;/],
  [1, '13/33', /^Expiry \(MM\/YY\): The month/],
  [1, '0/33', /^Expiry \(MM\/YY\): The month/],
  [1, '1233', /^Expiry/],
  [1, '12/333', /^Expiry/],
  [1, '12/33/01', /^Expiry/],
  [1, '02/26', /^Expiry \(MM\/YY\): This card has expired;/],
  [1, '12/99', /^Expiry \(MM\/YY\): The year is not valid;/],
  [2, '12', /^Security code: The security code has three or four digits;/],
  [2, '12345', /^Security code: /],
  [2, 'abc', /^Security code: /],
  [3, '  ', /^Name: Please fill this in;/],
  [3, 'x'.repeat(121), /^Name: This is too long;/],
  [3, 'é'.repeat(61), /^Name: This is too long;/],
  [3, 'a\u0007b', /^Name: This holds characters that cannot be printed;/],
  [4, 'x'.repeat(201), /^Street: This is too long;/],
  [5, '', /^Postal code: Please fill this in;/],
  [6, '\u202egpj', /^City: This holds characters/],
  [7, 'Japan', /^Country \(two letters\): A country has two letters/],
  [7, 'j', /^Country/],
  [8, 'x'.repeat(121), /^Telephone or mail.*: This is too long;/],
]

test('each answer is checked at once: the field and why, never the value', async (t) => {
  for (const [line, answer, says] of WRONG) {
    const { it, asked } = asker(instead(line, answer))
    const error = await t.throwsAsync<KeylineError>(askPersonalData(it, NOW), { code: 'INPUT_INVALID' })
    t.regex(error?.message ?? '', says)
    t.is(asked.length, line + 1, 'what comes after a wrong answer is not asked for')
    if (answer.trim().length > 5) t.false(error?.message.includes(answer))
    t.is(error?.cause, undefined)
  }
})

test('at a terminal the same is asked again, three times in all', async (t) => {
  const twice = ['4242', 'x', ...GOOD]
  const { it, asked, complaints } = asker(twice, 3)
  t.is((await askPersonalData(it, NOW)).cardNumber, '4242424242424242')
  t.deepEqual(
    asked.slice(0, 4).map(({ text }) => text),
    ['Card number: ', 'Card number: ', 'Card number: ', 'Expiry (MM/YY): '],
  )
  t.deepEqual(complaints, Array(2).fill('A card number has 12 to 19 digits.'))
  const thrice = asker(['1', '2', '3', ...GOOD], 3)
  await t.throwsAsync(askPersonalData(thrice.it, NOW), { code: 'INPUT_INVALID' })
  t.is(thrice.asked.length, 3)
})

test('a card is good until the last day of its month', async (t) => {
  const last = new Date(2026, 2, 31, 23, 59, 59)
  t.is((await askPersonalData(asker(instead(1, '03/26')).it, last)).expiryMonth, 3)
  const next = new Date(2026, 3, 1)
  await t.throwsAsync(askPersonalData(asker(instead(1, '03/26')).it, next), { code: 'INPUT_INVALID' })
})

test('HTML and SQL are text like any other', async (t) => {
  for (const text of ['<img src=x onerror=alert(1)>', "Robert'); DROP TABLE orders;--", '{{7*7}}', '%00', '\\']) {
    t.is((await askPersonalData(asker(instead(3, text)).it, NOW)).name, text)
    t.is((await askPersonalData(asker(instead(4, text)).it, NOW)).street, text)
  }
})

test('whatever is typed comes out checked, or as INPUT_INVALID', async (t) => {
  const seed = 2151
  t.log(`seed ${seed}`)
  const property = fc.asyncProperty(fc.nat(8), fc.string({ unit: 'binary' }), async (line, answer) => {
    const outcome = await askPersonalData(asker(instead(line, answer)).it, NOW).catch((error: unknown) => error)
    const { code } = outcome as { code?: string } // data, or an error
    if (code !== undefined && code !== 'INPUT_INVALID') throw outcome
  })
  await t.notThrowsAsync(() => fc.assert(property, { seed, numRuns: 300 }))
})

test('several faults in one sentence', (t) => {
  t.is(
    sentences({ name: 'Please fill this in.', city: 'This is too long.' }),
    'name: Please fill this in; city: This is too long',
  )
})

async function linesOf(text: string | readonly string[], count: number): Promise<readonly string[]> {
  const input = new PassThrough()
  for (const part of [text].flat()) input.write(part)
  input.end()
  return inputLines(input, count, 'some lines')
}

test('lines of a pipe: so many and no more', async (t) => {
  t.deepEqual(await linesOf('a\nb\n', 2), ['a', 'b'])
  t.deepEqual(await linesOf('a\nb', 2), ['a', 'b'])
  t.deepEqual(await linesOf('a\r\nb\r\n', 2), ['a', 'b'])
  t.deepEqual(await linesOf('a\nb\nc\nd\n', 2), ['a', 'b'])
  t.deepEqual(await linesOf(['a', 'b\n', '', 'c', '\n'], 2), ['ab', 'c'])
  t.deepEqual(await linesOf('\n\n', 2), ['', ''])
  t.deepEqual(await linesOf([Buffer.from('é').toString(), '\nb'], 2), ['é', 'b'])
})

test('too few lines, none, or lines without an end', async (t) => {
  for (const text of ['', 'a', 'a\n', 'x'.repeat(100_000), `${'x'.repeat(4097)}\nb\n`]) {
    const error = await t.throwsAsync(linesOf(text, 2), {
      code: 'INPUT_INVALID',
      message: /expected on standard input some lines/,
    })
    t.false(error?.message.includes('xx'))
  }
})

test('a pipe that stays open is read no further than needed', async (t) => {
  const input = new PassThrough()
  input.write('a\nb\n')
  t.deepEqual(await inputLines(input, 2, 'x'), ['a', 'b'])
})
