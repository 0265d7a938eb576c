import test from 'ava'
import { infoText, resultText } from '../../sim/at-result.ts'
import { FACTORY } from '../../sim/at-settings.ts'

const DIGITS = { ...FACTORY, verbose: 0 }

test('words stand between line ends, digits before CR (V.250 §5.7.1)', (t) => {
  const table = [
    ['ok', 'OK', 0],
    ['ring', 'RING', 2],
    ['no-carrier', 'NO CARRIER', 3],
    ['error', 'ERROR', 4],
    ['no-dialtone', 'NO DIALTONE', 6],
    ['busy', 'BUSY', 7],
    ['no-answer', 'NO ANSWER', 8],
  ] as const
  for (const [result, words, digit] of table) {
    t.is(resultText(result, FACTORY), `\r\n${words}\r\n`)
    t.is(resultText(result, DIGITS), `${digit}\r`)
  }
})

test('CONNECT has its rate, but not with X0', (t) => {
  t.is(resultText({ connect: 9600 }, FACTORY), '\r\nCONNECT 9600\r\n')
  t.is(resultText({ connect: 9600 }, { ...FACTORY, level: 0 }), '\r\nCONNECT\r\n')
  t.is(resultText({ connect: 9600 }, DIGITS), '12\r')
  t.is(resultText({ connect: 64_000 }, DIGITS), '1\r')
  t.is(resultText({ connect: 9600 }, { ...DIGITS, level: 0 }), '1\r')
})

test('below X3 a busy number is one without carrier', (t) => {
  t.is(resultText('busy', { ...FACTORY, level: 2 }), '\r\nNO CARRIER\r\n')
})

test('+CMEE chooses between ERROR, a number and words', (t) => {
  t.is(resultText({ cme: 100 }, FACTORY), '\r\nERROR\r\n')
  t.is(resultText({ cme: 100 }, { ...FACTORY, cmee: 1 }), '\r\n+CME ERROR: 100\r\n')
  t.is(resultText({ cme: 4 }, { ...FACTORY, cmee: 2 }), '\r\n+CME ERROR: operation not supported\r\n')
  t.is(resultText({ cme: 4 }, DIGITS), '4\r')
})

test('Q1 keeps results back, and only them', (t) => {
  const quiet = { ...FACTORY, quiet: 1 }
  t.is(resultText('ok', quiet), '')
  t.is(infoText(['+CSQ: 20,99'], quiet), '\r\n+CSQ: 20,99\r\n')
})

test('information in both forms', (t) => {
  t.is(infoText([], FACTORY), '')
  t.is(infoText(['a', 'b'], FACTORY), '\r\na\r\n\r\nb\r\n')
  t.is(infoText(['a', 'b'], DIGITS), 'a\r\nb\r\n')
})
