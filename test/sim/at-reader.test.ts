import test from 'ava'
import { CommandReader } from '../../sim/at-reader.ts'
import { FACTORY } from '../../sim/at-settings.ts'

function read(text: string, settings = FACTORY, reader = new CommandReader()) {
  const lines: string[] = []
  let echo = ''
  for (const byte of Buffer.from(text, 'latin1')) {
    const result = reader.push(byte, settings)
    echo += String.fromCharCode(...result.echo)
    if (result.type === 'line') lines.push(result.body)
    if (result.type === 'too-long') lines.push('(too long)')
  }
  return { lines, echo }
}

test('lines begin with AT in either case and end with CR; the echo is exact', (t) => {
  t.deepEqual(read('ATE0\rat+csq\r'), { lines: ['E0', '+csq'], echo: 'ATE0\rat+csq\r' })
})

test('LF is ignored wherever it comes, and not echoed', (t) => {
  t.deepEqual(read('AT\r\nA\nTI\n\r\n'), { lines: ['', 'I'], echo: 'AT\rATI\r' })
})

test('what stands before AT is ignored', (t) => {
  t.deepEqual(read('\r\0+++xAAT&F\r').lines, ['&F'])
  t.deepEqual(read('A T1\r').lines, [])
})

test('A/ repeats the last line at once, without CR', (t) => {
  t.deepEqual(read('ATI3\rA/a/').lines, ['I3', 'I3', 'I3'])
  t.deepEqual(read('A/').lines, [''])
})

test('backspace takes back, but not the AT', (t) => {
  t.deepEqual(read('ATX\b\b\bE1\r'), { lines: ['E1'], echo: 'ATX\b \bE1\r' })
})

test('S3 and S5 can be other characters', (t) => {
  const settings = { ...FACTORY, registers: { ...FACTORY.registers, 3: 33, 5: 95 } }
  t.deepEqual(read('ATE1_0!', settings).lines, ['E0'])
})

test('a parity bit does not matter', (t) => {
  t.deepEqual(read('\xc1\xd4I\x8d').lines, ['I'])
})

test('a line without end is kept short, told once, and forgotten', (t) => {
  t.deepEqual(read(`AT${'1'.repeat(100_000)}\rATI\r`).lines, ['(too long)', 'I'])
})

test('clear forgets a line that was begun', (t) => {
  const reader = new CommandReader()
  read('ATD123', FACTORY, reader)
  reader.clear()
  t.deepEqual(read('\rATI\r', FACTORY, reader).lines, ['I'])
})
