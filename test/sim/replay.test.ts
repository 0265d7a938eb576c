import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import fc from 'fast-check'
import { type AtPiece, AtRecorder, readRecording } from '../../sim/at-recording.ts'
import { SimError } from '../../sim/fault.ts'
import { Replay } from '../../sim/replay.ts'
import { FakeClock } from '../fake-clock.ts'
import { A, folder, open, simulator } from './fixture.ts'

const SESSION: readonly AtPiece[] = [
  { ms: 0, from: 'terminal', text: 'ATE0\r' },
  { ms: 20, from: 'modem', text: 'ATE0\r' },
  { ms: 25, from: 'modem', text: '\r\nOK\r\n' },
  { ms: 1000, from: 'modem', text: '\r\n+CREG: 1\r\n' },
  { ms: 1500, from: 'terminal', text: 'AT+CSQ\r' },
  { ms: 1600, from: 'modem', text: '\r\n+CSQ: 9,99\r\n\r\nOK\r\n' },
]

function play(session = SESSION) {
  const clock = new FakeClock()
  let text = ''
  const told: string[] = []
  const port = {
    write: (bytes: Uint8Array) => {
      text += Buffer.from(bytes).toString('latin1')
    },
    room: () => 1024,
  }
  const replay = new Replay(session, port, clock, (state, steps) => told.push(`${state} ${steps}`))
  const type = (typed: string): void => replay.input(Buffer.from(typed, 'latin1'))
  return { clock, replay, type, told, text: () => text }
}

test('the modem’s part comes as long after what came before as then', async (t) => {
  const { clock, type, told, text } = play()
  type('ATE0\r')
  await clock.advance(19)
  t.is(text(), '')
  await clock.advance(6)
  t.is(text(), 'ATE0\r\r\nOK\r\n')
  await clock.advance(975)
  t.true(text().endsWith('+CREG: 1\r\n'))
  await clock.advance(60_000)
  type('AT+CSQ\r')
  await clock.advance(100)
  t.true(text().endsWith('+CSQ: 9,99\r\n\r\nOK\r\n'))
  t.deepEqual(told, ['finished 6'])
  t.is(clock.waiting, 0)
})

test('however the terminal’s bytes are cut, it hears the same', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(12), { maxLength: 6 }), async (cuts) => {
      const { clock, type, told, text } = play()
      const all = 'ATE0\rAT+CSQ\r'
      const at = [0, ...cuts.sort((x, y) => x - y), all.length]
      for (const [index, from] of at.entries()) type(all.slice(from, at[index + 1] ?? all.length))
      await clock.advance(5000)
      t.is(text(), SESSION.flatMap((piece) => (piece.from === 'modem' ? [piece.text] : [])).join(''))
      t.deepEqual(told, ['finished 6'])
    }),
  )
})

test('a terminal that says something else is told of, and gets silence', async (t) => {
  const { clock, type, told, text } = play()
  type('ATE0\r')
  await clock.advance(100)
  const before = text()
  type('AT+CREG?\r')
  type('AT+CSQ\r')
  await clock.advance(5000)
  t.deepEqual(told, ['diverged 4'])
  t.true(text().startsWith(before))
  t.false(text().includes('CSQ'))
  t.is(clock.waiting, 0)
})

test('a recording is one line for each piece, and reads back as it was; bytes stay bytes', (t) => {
  const path = join(folder(t), 'at.jsonl')
  const clock = new FakeClock()
  const recorder = new AtRecorder(path, clock)
  const any = Uint8Array.from({ length: 256 }, (_, value) => value)
  recorder.write('terminal', any)
  recorder.write('modem', new Uint8Array(0))
  recorder.write('modem', Buffer.from('OK'))
  recorder.close()
  recorder.write('modem', any)
  recorder.close()
  const pieces = readRecording(path)
  t.deepEqual(
    pieces.map(({ ms, from }) => [ms, from]),
    [
      [0, 'terminal'],
      [0, 'modem'],
    ],
  )
  t.deepEqual(Uint8Array.from(Buffer.from(pieces[0]?.text ?? '', 'latin1')), any)
})

for (const [line, what] of [
  ['{', /line 1 is no JSON/],
  ['{"ms":1,"from":"me","text":"x"}', /line 1: from: expected terminal or modem/],
  ['{"ms":1,"from":"modem","text":"日"}', /characters of one byte/],
  ['{"ms":-1,"from":"modem","text":"x"}', /ms/],
] as const) {
  test(`no recording: ${line}`, (t) => {
    const path = join(folder(t), 'at.jsonl')
    writeFileSync(path, `${line}\n`)
    const error = t.throws(() => readRecording(path), { instanceOf: SimError })
    t.is(error.code, 'REPLAY_INVALID')
    t.regex(error.message, what)
  })
}

test('a folder that cannot be recorded into is told', (t) => {
  t.throws(() => new AtRecorder('/dev/null/at.jsonl', new FakeClock()), { code: 'RECORD_FOLDER_UNUSABLE' })
})

test('as processes: what one program says to a simulated modem is played back to another', async (t) => {
  const record = folder(t)
  const sim = await simulator(t, '--modem', A, '--record-at', record)
  const first = open(t, sim.ready.modems[0]?.path)
  const talk = async (slave: typeof first): Promise<string> => {
    slave.type('ATE0\r')
    let said = await slave.until('OK\r\n')
    slave.type('AT+CGMI;+CSQ\r')
    said += await slave.until('OK\r\n')
    return said
  }
  const said = await talk(first)
  first.close()
  await sim.stop()
  const file = join(record, 'at-8131.jsonl')
  t.true(readFileSync(file, 'utf8').includes('AT+CGMI'))
  const again = await simulator(t, '--replay', file)
  t.is(again.ready.replays?.[0]?.name, 'at-8131.jsonl')
  t.is(await talk(open(t, again.ready.replays?.[0]?.path)), said)
  t.like(await again.until(({ event }) => event === 'replay'), { state: 'finished' })
})
