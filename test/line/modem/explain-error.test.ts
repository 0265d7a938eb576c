import test from 'ava'
import fc from 'fast-check'
import { CME_ERRORS } from '../../../line/modem/cme-errors.ts'
import { CMS_ERRORS } from '../../../line/modem/cms-errors.ts'
import { explainModemError } from '../../../line/modem/explain-error.ts'
import { parseFinal } from '../../../line/modem/response.ts'
import { CIPOPEN_ERRORS, IP_ERRORS, QUECTEL_ERRORS } from '../../../line/modem/socket-errors.ts'

const SEED = 20_000_523
const code = (line: string): string | undefined => explainModemError(line)?.code

test('an error is explained: what happened, what to do, whether it passes', (t) => {
  t.deepEqual(explainModemError('+CME ERROR: 10'), {
    code: 'CME_10',
    name: 'SIM not inserted',
    what: 'there is no SIM card',
    cure: 'put a SIM card in, gold side to the contacts, and start the modem again',
    transient: false,
  })
  t.like(explainModemError('+CMS ERROR: 38'), { code: 'CMS_38', name: 'network out of order', transient: true })
})

test('numbers, words, small letters, blanks or none', (t) => {
  for (const line of [
    '+CME ERROR: 14',
    '+CME ERROR:14',
    ' +CME ERROR : 14 ',
    '+CME ERROR: 014',
    '+CME ERROR: SIM busy',
    '+CME ERROR: SIM BUSY',
    '+CME ERROR: sim busy.',
    '+CME ERROR: "SIM busy"',
    '+cme error: 14\r',
  ]) {
    t.is(code(line), 'CME_14', line)
  }
  t.is(code('+CMS ERROR: SIM busy'), 'CMS_314')
  t.is(code('+CMS ERROR: (U)SIM PIN required'), 'CMS_311')
  t.is(code('+CME ERROR: Network not allowed, emergency calls only'), 'CME_32')
  t.is(code('+CME ERROR: Network not allowed - emergency calls only'), 'CME_32')
})

test('no cause, unknown words and unknown numbers are errors all the same', (t) => {
  t.like(explainModemError('+CME ERROR:'), { code: 'CME', transient: false })
  t.like(explainModemError('+CMS ERROR: '), { code: 'CMS' })
  t.like(explainModemError('+CME ERROR: the moon is full'), { code: 'CME', name: 'the moon is full' })
  t.like(explainModemError('+CME ERROR: 777'), { code: 'CME_777', name: 'CME error 777', transient: false })
  t.like(explainModemError('+CMS ERROR: 0'), { code: 'CMS_0' })
})

test('words of a modem are shown to people: short, and without control characters', (t) => {
  const name = explainModemError(`+CME ERROR: a\u001b[2J\u0000${'x'.repeat(500)}`)?.name ?? ''
  t.is(name.length, 80)
  t.regex(name, /^a\?\[2J\?x+$/)
})

test('makers of their own', (t) => {
  t.is(code('ERROR'), 'ERROR')
  t.is(code('COMMAND NOT SUPPORT'), 'COMMAND_NOT_SUPPORT')
  t.is(code('MODEM ERROR: 4'), 'MODEM_ERROR_4')
  t.is(code('MODEM ERROR:'), 'MODEM_ERROR')
  t.is(code('+EXT ERROR: 12'), 'EXT_ERROR_12')
  t.is(code('+IP ERROR: Network is already opened'), 'IP_4')
  t.is(code('+IP ERROR: 8'), 'IP_8')
  t.is(code('+IP ERROR: 0'), 'IP_0')
  t.is(code('CONNECT FAIL'), 'CONNECT_FAIL')
  t.is(code('NO DIAL TONE'), 'NO_DIALTONE')
  t.like(explainModemError('+CME ERROR: 515'), { transient: true })
})

test('how a connection of the modem failed, and that it did not', (t) => {
  t.is(code('+CIPOPEN: 0,2'), 'CIPOPEN_2')
  t.is(code('+CIPOPEN: 0,255'), 'CIPOPEN_255')
  t.is(code('+NETOPEN: 1'), 'CIPOPEN_1')
  t.is(code('+QIOPEN: 0,566'), 'QUECTEL_566')
  t.is(code('+QIGETERROR: 573,"APN not configured"'), 'QUECTEL_573')
  for (const line of ['+CIPOPEN: 0,0', '+NETOPEN: 0', '+QIOPEN: 0,0', '+QIGETERROR: 0,"Operate successfully"']) {
    t.is(explainModemError(line), undefined, line)
  }
})

test('what is no error', (t) => {
  const lines = [
    'OK',
    '',
    'RING',
    '+CSQ: 17,0',
    '+CMEE: 1',
    'ERRORS',
    '+CIPOPEN: 0,"TCP","10.0.0.1",7000,-1',
    'constructor',
    '__proto__',
    'CONNECT 9600',
  ]
  for (const line of lines) t.is(explainModemError(line), undefined, line)
})

test('every final error has an explanation', (t) => {
  for (const line of [
    'ERROR',
    '+CME ERROR: 3',
    '+CMS ERROR: x',
    '+CME ERROR:',
    'COMMAND NOT SUPPORT',
    'MODEM ERROR: 1',
    '+EXT ERROR: 1',
    'CONNECT FAIL',
    'BUSY',
    'NO ANSWER',
    'NO CARRIER',
    'NO DIALTONE',
  ]) {
    t.not(parseFinal(line)?.type, undefined, line)
    t.not(explainModemError(line), undefined, line)
  }
})

test('a failed connection does not open data mode', (t) => {
  t.is(parseFinal('CONNECT FAIL')?.type, 'error')
  t.is(parseFinal('CONNECT 115200')?.type, 'connect')
})

test('each row: its number and each of its names lead to it, and it says what to do', (t) => {
  for (const table of [CME_ERRORS, CMS_ERRORS, IP_ERRORS, CIPOPEN_ERRORS, QUECTEL_ERRORS]) {
    t.true(table.rows.size >= 12)
    for (const [number, [, names, what]] of table.rows) {
      t.regex(what, /^[a-z][^.]{8,}$/, `${table.family} ${number}`)
      for (const name of names.split('|')) t.true(name.trim() === name && name.length > 2, name)
    }
  }
  for (const [number, [, names]] of CME_ERRORS.rows) {
    t.like(explainModemError(`+CME ERROR: ${number}`), { code: `CME_${number}`, name: names.split('|')[0] })
    const byWords = explainModemError(`+CME ERROR: ${names.split('|')[0]}`)
    t.like(byWords, { name: explainModemError(`+CME ERROR: ${number}`)?.name }, names)
  }
  for (const number of CMS_ERRORS.rows.keys()) t.is(code(`+CMS ERROR: ${number}`), `CMS_${number}`)
})

test('the numbers of the standards are all there', (t) => {
  const cme = [
    0, 1, 2, 3, 4, 5, 6, 7, 10, 11, 12, 13, 14, 15, 16, 17, 18, 20, 21, 22, 23, 24, 25, 26, 27, 30, 31, 32, 100, 148,
    149, 150, 515,
  ]
  for (const number of [...cme, 40, 41, 42, 43, 44, 45, 46, 47, 103, 106, 107, 111, 112, 113, 132, 133, 134]) {
    t.true(CME_ERRORS.rows.has(number), String(number))
  }
  const cms = [
    1, 8, 10, 21, 27, 28, 29, 30, 38, 41, 42, 47, 50, 69, 81, 95, 96, 97, 98, 99, 111, 127, 300, 301, 302, 303, 304,
    305,
  ]
  for (const number of [...cms, 310, 311, 312, 313, 314, 315, 316, 317, 318, 320, 321, 322, 330, 331, 332, 340, 500]) {
    t.true(CMS_ERRORS.rows.has(number), String(number))
  }
})

test('only what passes by itself is transient: no PIN, no missing card', (t) => {
  const passing = [...CME_ERRORS.rows.keys()].filter((number) => explainModemError(`+CME ERROR: ${number}`)?.transient)
  for (const number of [14, 31, 515]) t.true(passing.includes(number))
  for (const number of [3, 4, 10, 11, 12, 13, 16, 17, 18, 32, 103, 149]) t.false(passing.includes(number))
})

test('any text: an answer, never an exception', (t) => {
  const line = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary' }).map((text) => `+CME ERROR: ${text}`),
    fc.string().map((text) => `+IP ERROR:${text}`),
  )
  const property = fc.property(line, (text) => {
    const found = explainModemError(text)
    return found === undefined || (/^[A-Z][A-Z_0-9]*$/.test(found.code) && found.name.length <= 80)
  })
  t.notThrows(() => fc.assert(property, { seed: SEED, numRuns: 3000 }))
})
