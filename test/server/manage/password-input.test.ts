import { PassThrough } from 'node:stream'
import test from 'ava'
import { ServerError } from '../../../server/errors.ts'
import { readPassword } from '../../../server/manage/password-input.ts'

/** A terminal: remembers whether it echoes. */
function terminal() {
  const raw: boolean[] = []
  const input = Object.assign(new PassThrough(), { isTTY: true, setRawMode: (on: boolean) => raw.push(on) })
  const shown: string[] = []
  const prompt = new PassThrough()
  prompt.setEncoding('utf8').on('data', (text: string) => shown.push(text))
  return { input, prompt, raw, shown }
}

/** Types the next line when the question for it is there. */
async function typed(lines: readonly string[]) {
  const { input, prompt, raw, shown } = terminal()
  const left = [...lines]
  prompt.on('data', (text: string) => {
    // A person types when the question is there, not while it is being written.
    if (text.endsWith(': ')) setImmediate(() => input.write(left.shift() ?? ''))
  })
  try {
    return { password: await readPassword(input, prompt), raw, shown: shown.join('') }
  } catch (error) {
    return { error, raw, shown: shown.join('') }
  }
}

test('a terminal is asked twice and shows nothing of what is typed', async (t) => {
  const { password, raw, shown } = await typed(['correct horse\r', 'correct horse\r'])
  t.is(password, 'correct horse')
  t.is(shown, 'Password: \nOnce more: \n')
  t.deepEqual(raw, [true, false, true, false])
})

test('backspace takes the last character back, whatever its size', async (t) => {
  t.is((await typed(['\x7fabd\r', 'ab\bd\x7fbd\r'])).password, 'abd')
  t.is((await typed(['abc😀\x7f\x7fd\r', 'abx\bd\r'])).password, 'abd')
})

test('two different ones, Ctrl-C and Ctrl-D give none, and the terminal echoes again', async (t) => {
  for (const lines of [['one\r', 'two\r'], ['one\x03'], ['\x04'], ['one\r', '\x03']]) {
    const { error, raw } = await typed(lines)
    t.true(error instanceof ServerError && error.code === 'PASSWORD_MISSING')
    t.is(raw.at(-1), false)
  }
})

test('the first line of a pipe, in whatever pieces it comes', async (t) => {
  for (const [parts, password] of [
    [['correct horse\n'], 'correct horse'],
    [['cor', 'rect h', 'orse\r\nmore'], 'correct horse'],
    [['no end of line'], 'no end of line'],
    [[' spaces count \n'], ' spaces count '],
    [[Buffer.from([0xc3]), Buffer.from([0xa9, 0x0a])], 'é'],
  ] as const) {
    const input = new PassThrough()
    for (const part of parts) input.write(part)
    input.end()
    t.is(await readPassword(input, new PassThrough()), password)
  }
})

test('an empty pipe, an empty first line: none', async (t) => {
  for (const text of ['', '\n', '\nsecond\n']) {
    const input = new PassThrough()
    input.end(text)
    await t.throwsAsync(readPassword(input, new PassThrough()), {
      instanceOf: ServerError,
      message: /PASSWORD_MISSING/,
    })
  }
})

test('an endless line is not read to its end', async (t) => {
  const input = new PassThrough()
  input.write('x'.repeat(5000))
  const password = await readPassword(input, new PassThrough())
  t.is(password.length, 5000)
  t.true(input.destroyed)
})
