import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { COMMANDS, unknownCommand } from '../../../host-driver/cli/commands.ts'
import { home } from './run.ts'

const NAMES = Object.keys(COMMANDS)
/** Those of two words are in the help of the first. */
const WORDS = NAMES.filter((name) => !name.includes(' '))

test.serial('every command has help with usage, options and an example, also as JSON', async (t) => {
  const user = await home(t)
  for (const name of NAMES) {
    const { code, out, err } = await user.run([...name.split(' '), '--help'])
    t.is(code, 0)
    t.is(err, '')
    t.regex(out, new RegExp(`^usage: keyline ${name}`))
    t.regex(out, /\nexample: keyline /)
    for (const option of Object.keys(COMMANDS[name]?.options ?? {})) t.true(out.includes(`--${option}`), option)
  }
  const { code, lines } = await user.run(['get', '-h', '--json'])
  t.is(code, 0)
  t.is(lines.length, 1)
  t.like(lines[0], { ok: true, help: COMMANDS.get?.help })
})

test.serial('the help of all names every command, program and exit code', async (t) => {
  const user = await home(t)
  for (const argv of [['--help'], ['-h'], ['help']]) {
    const { code, out } = await user.run(argv)
    t.is(code, 0)
    for (const name of [...WORDS, 'server', 'card', 'sim', 'acquirer']) t.regex(out, new RegExp(`^  ${name} `, 'm'))
    t.regex(out, /exit codes: 0 ok, 1 failed, 2 usage, 3 refused.*4 card.*5 Internet/)
  }
})

test.serial('the version is that of the package', async (t) => {
  const user = await home(t)
  const plain = await user.run(['--version'])
  t.regex(plain.out, /^keyline \d+\.\d+\.\d+\n$/)
  const json = await user.run(['--version', '--json'])
  t.is(`keyline ${json.last.version}\n`, plain.out)
})

test.serial('usage errors: one sentence with the code on standard error, exit code 2', async (t) => {
  const user = await home(t)
  const wrong = [
    [],
    ['lgoin'],
    ['get'],
    ['get', 'a', 'b'],
    ['ls', 'a'],
    ['login', '--keys', '0', '--card', '/dev/x'],
    ['login', '--keys', 'many', '--card', '/dev/x'],
    ['login', '--card', '/dev/x'],
    ['login', '--password', 'x'],
    ['get', 'a', '--to'],
    ['enrol', 'keyline:nonsense', '--wrong'],
  ]
  for (const argv of wrong) {
    const { code, out, err } = await user.run(argv)
    t.is(code, 2, argv.join(' '))
    t.is(out, '')
    t.regex(err, /^keyline: .* \(USAGE\); .*\.\n$/, argv.join(' '))
  }
})

test.serial('the same as JSON: one line, and nothing on standard error', async (t) => {
  const user = await home(t)
  for (const argv of [['--json'], ['lgoin', '--json'], ['get', '--json'], ['login', '--wrong', '--json']]) {
    const { code, lines, err } = await user.run(argv)
    t.is(code, 2)
    t.is(err, '')
    t.is(lines.length, 1)
    t.like(lines[0], { ok: false, error: { code: 'USAGE' } })
  }
})

test.serial('an unknown command suggests the nearest, when it is near', (t) => {
  const hint = (name: string) => t.throws(() => unknownCommand(name, NAMES), { code: 'USAGE' })?.message ?? ''
  t.regex(hint('lgoin'), /did you mean login\?/)
  t.regex(hint('logot'), /did you mean logout\?/)
  t.regex(hint('enroll'), /did you mean enrol\?/)
  t.regex(hint('statsu'), /did you mean status\?/)
  t.notRegex(hint('constructor'), /did you mean/)
  t.notRegex(hint('x'.repeat(100_000)), /did you mean/)
})

test.serial('names that JavaScript brings along are no commands', async (t) => {
  const user = await home(t)
  for (const name of ['constructor', '__proto__', 'toString']) t.is((await user.run([name])).code, 2)
})

test.serial('without a keeper nobody is logged in', async (t) => {
  const user = await home(t)
  for (const argv of [['ls'], ['get', 'a'], ['logout']]) {
    const { code, last } = await user.run([...argv, '--json'])
    t.is(code, 1)
    t.like(last, { ok: false, error: { code: 'NOT_LOGGED_IN' } })
    t.deepEqual(Object.keys(last.error as object).sort(), ['code', 'cure', 'what'])
  }
})

test.serial('a card that is not there: exit code 4', async (t) => {
  const user = await home(t)
  const enrol = await user.run(['enrol', 'keyline:x', '--card', '/dev/keyline-none'])
  t.is(enrol.code, 4)
  t.regex(enrol.err, /CARD_NOT_FOUND/)
  const login = await user.run(['login', '--user', 'a', '--card', '/dev/keyline-none', '--json'], 'secret\n')
  t.is(login.code, 4)
  t.like(login.last, { ok: false, error: { code: 'CARD_NOT_FOUND' } })
})

test.serial('status without anything is no failure', async (t) => {
  const user = await home(t)
  const { code, last } = await user.run(['status', '--card', '/dev/keyline-none', '--json'])
  t.is(code, 0)
  t.like(last, { ok: true, session: null, card: null, cardError: { code: 'CARD_NOT_FOUND' } })
  const plain = await user.run(['status', '--card', '/dev/keyline-none'])
  t.regex(plain.out, /nobody is logged in/)
})

test.serial('an unsafe state folder stops before anything is said in it', async (t) => {
  const user = await home(t)
  await mkdir(user.state, { mode: 0o755 })
  for (const argv of [['ls'], ['status', '--card', '/dev/null'], ['login', '--user', 'a', '--card', '/dev/null']]) {
    const { code, last } = await user.run([...argv, '--json'], 'password\n')
    t.is(code, 1, argv.join(' '))
    t.like(last, { error: { code: 'STATE_UNSAFE' } })
  }
})

test.serial('a wrong configuration file is told', async (t) => {
  const user = await home(t)
  await mkdir(join(user.folder, '.config', 'keyline'), { recursive: true })
  await writeFile(join(user.folder, '.config', 'keyline', 'config.json'), '{"crad":1}')
  const { code, err } = await user.run(['enrol', 'keyline:x'])
  t.is(code, 2)
  t.regex(err, /CONFIG_INVALID/)
})

test.serial('no password on standard input, or one that is endless', async (t) => {
  const user = await home(t)
  const login = ['login', '--user', 'a', '--card', '/dev/null', '--json']
  for (const input of ['', '\n', 'x'.repeat(10_000)]) {
    const { code, last, out } = await user.run(login, input)
    t.is(code, 2)
    t.like(last, { error: { code: 'INPUT_INVALID' } })
    t.false(out.includes('xxx'))
  }
})
