import test from 'ava'
import fc from 'fast-check'
import { AtSplitter, type AtToken } from '../../../line/modem/splitter.ts'

const SEED = 20_000_523

/** What a receiver sees that goes to data mode at CONNECT, with the data joined. */
function run(input: Uint8Array, sizes: readonly number[], prompt = false): string[] {
  const seen: string[] = []
  let data = ''
  const splitter: AtSplitter = new AtSplitter((token: AtToken) => {
    if (token.type === 'data') data += Buffer.from(token.bytes).toString('latin1')
    else if (token.type === 'line') {
      seen.push(`line ${token.text}`)
      if (token.text.startsWith('CONNECT')) splitter.enterData()
    } else seen.push(token.type === 'prompt' ? 'prompt' : `discarded ${token.bytes}`)
  })
  if (prompt) splitter.expectPrompt()
  for (let at = 0, n = 0; at < input.length; n++) {
    const size = sizes[n % sizes.length] ?? 1
    splitter.push(input.subarray(at, at + size))
    at += size
  }
  return data === '' ? seen : [...seen, `data ${data}`]
}

const payload = Uint8Array.from({ length: 3000 }, (_, n) => n & 255)
const call = Buffer.concat([Buffer.from('\r\nRING\r\n\r\n+CLIP: "0901",129\r\n\r\nCONNECT 9600\r\n'), payload])

test('data begins at the byte after CONNECT, whatever the reads', (t) => {
  const whole = run(call, [call.length])
  t.deepEqual(whole, [
    'line RING',
    'line +CLIP: "0901",129',
    'line CONNECT 9600',
    `data ${Buffer.from(payload).toString('latin1')}`,
  ])
  t.deepEqual(run(call, [1]), whole)
  const anySplit = fc.property(
    fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 30 }),
    (sizes) => run(call, sizes).join('|') === whole.join('|'),
  )
  t.notThrows(() => fc.assert(anySplit, { seed: SEED }))
})

test('data that begins with a line feed keeps it', (t) => {
  t.deepEqual(run(Buffer.from('CONNECT\r\n\nx'), [1]), ['line CONNECT', 'data \nx'])
})

test('line ends as real modems make them: \\r\\r\\n, bare \\n, bare \\r', (t) => {
  t.deepEqual(run(Buffer.from('AT+CSQ\r\r\n+CSQ: 17,0\r\n\r\nOK\nRDY\r'), [3]), [
    'line AT+CSQ',
    'line +CSQ: 17,0',
    'line OK',
    'line RDY',
  ])
})

test('noise at boot is skipped before a line, kept inside of it', (t) => {
  t.deepEqual(run(Uint8Array.of(0, 0xff, 0, 0x52, 0x44, 0x59, 0x0d), [1]), ['line RDY'])
})

test('a prompt needs no line end, but only when it is waited for and begins a line', (t) => {
  t.deepEqual(run(Buffer.from('\r\n> '), [1], true), ['prompt'])
  t.deepEqual(run(Buffer.from('>'), [1], true), ['prompt'])
  t.deepEqual(run(Buffer.from('\r\n> +CMGS: 4\r\n'), [1], true), ['prompt', 'line +CMGS: 4'])
  t.deepEqual(run(Buffer.from('\r\n> text\r\n'), [1]), ['line > text'])
  t.deepEqual(run(Buffer.from('set <int> now\r\n> '), [4], true), ['line set <int> now', 'prompt'])
})

test('a 16 MiB line is thrown away, counted, and the next line is whole', (t) => {
  const flood = Buffer.concat([Buffer.alloc(16 << 20, 0x41), Buffer.from('\r\nOK\r\n')])
  t.deepEqual(run(flood, [65_536]), [`discarded ${16 << 20}`, 'line OK'])
})

test('any bytes at all pass without an exception', (t) => {
  const property = fc.property(fc.uint8Array({ maxLength: 500 }), fc.boolean(), (bytes, prompt) => {
    return run(bytes, [1], prompt).join('|') === run(bytes, [500], prompt).join('|')
  })
  t.notThrows(() => fc.assert(property, { seed: SEED, numRuns: 2000 }))
})
