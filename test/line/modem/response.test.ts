import test from 'ava'
import { parseFinal } from '../../../line/modem/response.ts'

test('final result codes as modems send them', (t) => {
  t.deepEqual(parseFinal('OK'), { type: 'ok' })
  t.deepEqual(parseFinal(' OK '), { type: 'ok' })
  t.deepEqual(parseFinal('CONNECT'), { type: 'connect', text: '' })
  t.deepEqual(parseFinal('CONNECT 9600/RLP'), { type: 'connect', text: '9600/RLP' })
  t.deepEqual(parseFinal('NO DIAL TONE'), { type: 'no-dialtone' })
  t.deepEqual(parseFinal('NO CARRIER'), { type: 'no-carrier' })
})

test('CME and CMS errors: a number, words or nothing', (t) => {
  t.deepEqual(parseFinal('+CME ERROR: 14'), { type: 'error', source: 'cme', number: 14, text: '+CME ERROR: 14' })
  t.deepEqual(parseFinal('+CMS ERROR:500'), { type: 'error', source: 'cms', number: 500, text: '+CMS ERROR:500' })
  t.deepEqual(parseFinal('+CME ERROR: SIM busy'), { type: 'error', source: 'cme', text: '+CME ERROR: SIM busy' })
  t.deepEqual(parseFinal('+CME ERROR:'), { type: 'error', source: 'cme', text: '+CME ERROR:' })
})

test('what only looks like a final code is none', (t) => {
  for (const line of [
    'OKAY',
    'CONNECTED',
    'RING',
    '+CSQ: 17,0',
    'constructor',
    '__proto__',
    '',
    '+CMEE: 1',
    'ERRORS',
  ]) {
    t.is(parseFinal(line), undefined, line)
  }
})
