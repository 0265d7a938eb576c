import test from 'ava'
import fc from 'fast-check'
import { parseCommands } from '../../sim/at-parse.ts'

test('basic commands run together, without digits they are 0', (t) => {
  t.deepEqual(parseCommands('E0V1Q&C1&D'), [
    { type: 'basic', name: 'E', value: 0 },
    { type: 'basic', name: 'V', value: 1 },
    { type: 'basic', name: 'Q', value: 0 },
    { type: 'basic', name: '&C', value: 1 },
    { type: 'basic', name: '&D', value: 0 },
  ])
})

test('blanks and small letters count for nothing, as wvdial types them', (t) => {
  t.deepEqual(parseCommands('q0 V1 s0=0 &c1 +fclass=0'), [
    { type: 'basic', name: 'Q', value: 0 },
    { type: 'basic', name: 'V', value: 1 },
    { type: 'register', number: 0, form: 'set', value: 0 },
    { type: 'basic', name: '&C', value: 1 },
    { type: 'extended', name: '+FCLASS', form: 'set', args: ['0'] },
  ])
})

test('registers are set, read and tested', (t) => {
  t.deepEqual(
    parseCommands('S12=20S7?S0=?').map((c) => c.type === 'register' && [c.number, c.form, c.value]),
    [
      [12, 'set', 20],
      [7, 'read', 0],
      [0, 'test', 0],
    ],
  )
})

test('extended commands: all four forms, separated by semicolons', (t) => {
  t.deepEqual(
    parseCommands('+CMEE=1;+CREG?;+CSQ;+CBST=?').map((c) => c.type === 'extended' && [c.name, c.form, ...c.args]),
    [
      ['+CMEE', 'set', '1'],
      ['+CREG', 'read'],
      ['+CSQ', 'run'],
      ['+CBST', 'test'],
    ],
  )
})

test('between quotes nothing separates, and letters and blanks stay', (t) => {
  t.deepEqual(parseCommands('+CPMS="a b","C,d;e",;+X'), [
    { type: 'extended', name: '+CPMS', form: 'set', args: ['a b', 'C,d;e', ''] },
    { type: 'extended', name: '+X', form: 'run', args: [] },
  ])
})

test('D takes the rest of the line, up to the semicolon of a voice call', (t) => {
  t.deepEqual(parseCommands('E1D+81 90-1234'), [
    { type: 'basic', name: 'E', value: 1 },
    { type: 'dial', text: '+8190-1234', voice: false },
  ])
  t.deepEqual(parseCommands('DT123;H'), [
    { type: 'dial', text: 'T123', voice: true },
    { type: 'basic', name: 'H', value: 0 },
  ])
})

test('an empty line has no commands; nonsense is unknown and the last', (t) => {
  t.deepEqual(parseCommands(''), [])
  t.deepEqual(parseCommands('?E0'), [{ type: 'unknown', text: '?E0' }])
  t.deepEqual(parseCommands('S?=E1').at(-1)?.type, 'unknown')
})

test('any text comes to an end, with no more commands than characters', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary-ascii', maxLength: 60 }), (body) => {
      return parseCommands(body).length <= body.length
    }),
  )
  t.pass()
})
