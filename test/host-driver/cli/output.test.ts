import { PassThrough } from 'node:stream'
import test from 'ava'
import { firstLine, hiddenQuestion, question } from '../../../host-driver/cli/ask.ts'
import { Output } from '../../../host-driver/cli/output.ts'
import { ProgressBar } from '../../../host-driver/cli/progress-bar.ts'
import { fault } from '../../../host-driver/errors.ts'
import { duration, printable, size } from '../../../host-driver/printable.ts'

function streams(isTTY: boolean) {
  const [out, err] = [new PassThrough(), new PassThrough()]
  const shown = { out: '', err: '' }
  out.on('data', (bytes) => {
    shown.out += bytes
  })
  err.on('data', (bytes) => {
    shown.err += bytes
  })
  return { shown, out, err: Object.assign(err, { isTTY, columns: 70 }) }
}

const settled = () => new Promise((resolve) => setImmediate(resolve))

test('results go to standard output, progress and errors to standard error', async (t) => {
  const s = streams(false)
  const output = new Output(s, false)
  output.progress({ type: 'step', step: 'S2', path: 'line', text: 'calls' })
  output.progress({ type: 'line', state: 'consenting', text: 'hold the button' })
  output.progress({ type: 'line', state: 'dialling' })
  output.progress({ type: 'download', name: 'a', received: 1, total: 2 })
  output.say('result')
  output.note('remark')
  output.done({ x: 1 })
  output.failed(fault('DISK_FULL'))
  await settled()
  t.is(s.shown.out, 'result\n')
  t.is(
    s.shown.err,
    `S2   line     calls\ncard here     hold the button\nremark\nkeyline: the disk is full (DISK_FULL); ${fault('DISK_FULL').cure}.\n`,
  )
})

test('with --json everything is one object a line on standard output', async (t) => {
  const s = streams(true)
  const output = new Output(s, true)
  output.progress({ type: 'step', step: 'S2', path: 'line', text: 'calls' })
  output.progress({ type: 'download', name: 'a', received: 1, total: 2 })
  output.say('for people')
  output.help('for people')
  output.note('for people')
  output.done({ x: 1 })
  output.failed(fault('USAGE'))
  await settled()
  t.is(s.shown.err, '')
  const lines = s.shown.out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  t.deepEqual(
    lines.map(({ type, ok }) => type ?? ok),
    ['step', 'download', true, false],
  )
})

test('of a long download JSON tells a count every so often, and the last one', async (t) => {
  const s = streams(false)
  let now = 0
  const output = new Output(s, true, () => now)
  for (let n = 0; n <= 10_000; n++) {
    now = n / 10
    output.progress({ type: 'download', name: 'a', received: n, total: 10_000 })
  }
  await settled()
  const counts = s.shown.out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).received)
  t.deepEqual(counts, [0, 2000, 4000, 6000, 8000, 10_000])
})

test('a step during a download leaves the bar where it is and goes below it', async (t) => {
  const s = streams(true)
  const output = new Output(s, false, () => 0)
  output.progress({ type: 'download', name: 'a', received: 1, total: 2 })
  output.progress({ type: 'step', step: "S17'", path: 'internet', text: 'a received' })
  await settled()
  t.regex(s.shown.err, /^\ra \[.*\nS17' Internet a received\n$/)
})

test('what comes from others cannot move the cursor', async (t) => {
  t.is(printable('a\u001b[2J\r\n\u0007b\u202ec\u2028'), 'a\ufffd[2J\ufffd\ufffd\ufffdb\ufffdc\ufffd')
  t.is(printable('Größe 写真 – ok'), 'Größe 写真 – ok')
  const s = streams(false)
  new Output(s, false).failed({ code: 'X', what: 'evil\u001b[31m', cure: 'do\nthis', origin: 'card' })
  await settled()
  t.notRegex(s.shown.err.trimEnd(), /\p{Cc}/u)
})

test('sizes and durations for people', (t) => {
  const sizes = [0, 999, 1000, 1234, 99_949, 99_950, 999_499, 999_500, 1_234_567, 5e9, 1e15]
  t.deepEqual(sizes.map(size), [
    '0 B',
    '999 B',
    '1.0 kB',
    '1.2 kB',
    '99.9 kB',
    '100 kB',
    '999 kB',
    '1.0 MB',
    '1.2 MB',
    '5.0 GB',
    '1000 TB',
  ])
  t.deepEqual([0, 59.6, 61, 3600, 3723, -5].map(duration), ['0:00', '1:00', '1:01', '1:00:00', '1:02:03', '0:00'])
})

test('the bar shows share, size, speed and time to go, in one line of the terminal', async (t) => {
  const s = streams(true)
  let now = 0
  const bar = new ProgressBar(s.err, () => now)
  bar.show({ type: 'download', name: 'a.mp3', received: 0, total: 4_000_000 })
  now = 1000
  bar.show({ type: 'download', name: 'a.mp3', received: 1_000_000, total: 4_000_000 })
  await settled()
  const last = s.shown.err.split('\r').at(-1) ?? ''
  t.true(last.startsWith('a.mp3 [######..................] 25 % 1.0 MB 1.0 MB/s ETA 0:03'))
  t.is(last.length, 69)
  bar.end()
  bar.end()
  await settled()
  t.is(s.shown.err.split('\n').length, 2)
})

test('the bar is not drawn more often than eyes see, but always at the end', async (t) => {
  const s = streams(true)
  let now = 0
  const bar = new ProgressBar(s.err, () => now)
  for (let n = 1; n <= 1000; n++) {
    now = n
    bar.show({ type: 'download', name: 'a', received: n, total: 1000 })
  }
  await settled()
  const draws = s.shown.err.split('\r').length - 1
  t.true(draws >= 10 && draws <= 12, String(draws))
  t.regex(s.shown.err.split('\r').at(-1) ?? '', /100 %/)
})

test('what was there before does not count as speed; an empty file is done', async (t) => {
  const s = streams(true)
  let now = 0
  const bar = new ProgressBar(s.err, () => now)
  bar.show({ type: 'download', name: 'a', received: 900_000, total: 1_000_000 })
  now = 1000
  bar.show({ type: 'download', name: 'a', received: 950_000, total: 1_000_000 })
  await settled()
  t.regex(s.shown.err, /95 % 950 kB 50\.0 kB\/s/)
  new ProgressBar(s.err, () => now).show({ type: 'download', name: 'e', received: 0, total: 0 })
  await settled()
  t.regex(s.shown.err, /100 % 0 B/)
})

test('no bar where nobody looks', async (t) => {
  const s = streams(false)
  const output = new Output(s, false)
  for (let n = 0; n < 100; n++) output.progress({ type: 'download', name: 'a', received: n, total: 100 })
  await settled()
  t.is(s.shown.err, '')
})

function terminal() {
  const raws: boolean[] = []
  const input = Object.assign(new PassThrough(), { setRawMode: (raw: boolean) => raws.push(raw) })
  const s = streams(true)
  return { input, raws, s }
}

test('a password is never shown, and the terminal is as before afterwards', async (t) => {
  const { input, raws, s } = terminal()
  const typed = hiddenQuestion(input, s.err, 'Password: ', new AbortController().signal)
  input.write('geh')
  await settled()
  input.write('eimm\u007f\r')
  t.is(await typed, 'geheim')
  await settled()
  t.is(s.shown.err, 'Password: \n')
  t.deepEqual(raws, [true, false])
})

test('editing keys, other scripts, and nothing at all', async (t) => {
  const type = async (keys: string): Promise<string> => {
    const { input, s } = terminal()
    const typed = hiddenQuestion(input, s.err, '', new AbortController().signal)
    input.write(keys)
    return typed
  }
  t.is(await type('wrong\u0015right\n'), 'right')
  t.is(await type('\b\ba\b\n'), '')
  t.is(await type('пароль🔑\u007f\r'), 'пароль')
  t.is(await type('\r'), '')
})

test('Ctrl-C, Ctrl-D and a signal cancel the question', async (t) => {
  for (const key of ['\u0003', '\u0004']) {
    const { input, raws, s } = terminal()
    const typed = hiddenQuestion(input, s.err, '', new AbortController().signal)
    input.write(`abc${key}`)
    await t.throwsAsync(typed, { code: 'CANCELLED' })
    t.deepEqual(raws, [true, false])
  }
  const { input, raws, s } = terminal()
  const stop = new AbortController()
  const typed = hiddenQuestion(input, s.err, '', stop.signal)
  stop.abort()
  await t.throwsAsync(typed, { code: 'CANCELLED' })
  t.deepEqual(raws, [true, false])
})

test('a terminal that hangs up cancels the question', async (t) => {
  const { input, raws, s } = terminal()
  const typed = hiddenQuestion(input, s.err, '', new AbortController().signal)
  input.write('abc')
  input.end()
  await t.throwsAsync(typed, { code: 'CANCELLED' })
  t.deepEqual(raws, [true, false])
  const plain = new PassThrough()
  const asked = question(plain, s.err, 'User: ', new AbortController().signal)
  plain.end()
  await t.throwsAsync(asked, { code: 'CANCELLED' })
})

test('a visible question is answered, trimmed, or cancelled by a signal', async (t) => {
  const s = streams(true)
  const input = new PassThrough()
  const asked = question(input, s.err, 'User: ', new AbortController().signal)
  input.write(' alice \r')
  t.is(await asked, 'alice')
  const stop = new AbortController()
  const other = question(new PassThrough(), s.err, 'User: ', stop.signal)
  stop.abort()
  await t.throwsAsync(other, { code: 'CANCELLED' })
  t.regex(s.shown.err, /User: /)
})

test('the first line of a pipe', async (t) => {
  const line = async (...parts: string[]): Promise<string> => {
    const input = new PassThrough()
    for (const part of parts) input.write(part)
    input.end()
    return firstLine(input, 'the password')
  }
  t.is(await line('one\ntwo\n'), 'one')
  t.is(await line('on', 'e\r\ntwo'), 'one')
  t.is(await line('no end'), 'no end')
  t.is(await line(' blanks stay '), ' blanks stay ')
  await t.throwsAsync(line(), { code: 'INPUT_INVALID' })
  await t.throwsAsync(line('\nsecond'), { code: 'INPUT_INVALID' })
  await t.throwsAsync(line('x'.repeat(5000)), { code: 'INPUT_INVALID' })
})
