import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { readArguments } from '../../../sim/acquirer/arguments.ts'
import { readCommand } from '../../../sim/acquirer/control.ts'
import { type AcquirerEvent, describe } from '../../../sim/acquirer/events.ts'
import { makeKeyFile, startAcquirer } from '../../../sim/acquirer/process.ts'
import { SimError } from '../../../sim/fault.ts'
import { folder } from '../fixture.ts'
import { client } from './client.ts'

const MAIN = fileURLToPath(new URL('../../../sim/acquirer/main.ts', import.meta.url))

test('arguments: defaults, everything, and what is wrong', (t) => {
  const least = ['--data', 'd', '--key-file', 'k']
  t.like(readArguments(least), { type: 'run', json: false, host: '127.0.0.1', port: 0, data: 'd', keyFile: 'k' })
  const all = ['--listen', 'localhost:9000', '--slow', '20', '--refuse-rate', '0.5', '--seed', '3', '--json']
  const rates = ['--timeout-after-charge', '1', '--answer-twice', '0.25']
  t.deepEqual(readArguments([...least, ...all, ...rates]), {
    type: 'run',
    json: true,
    host: 'localhost',
    port: 9000,
    data: 'd',
    keyFile: 'k',
    behaviour: { seed: 3, slowMs: 20, refuseRate: 0.5, timeoutAfterCharge: 1, answerTwice: 0.25 },
  })
  t.deepEqual(readArguments(['--help']), { type: 'help' })
  for (const argv of [
    ...[[], ['--data', 'd'], ['--key-file', 'k'], ['--data', '', '--key-file', 'k'], [...least, 'word']],
    ...[
      [...least, '--listen', 'x'],
      [...least, '--listen', 'x:70000'],
      [...least, '--listen', ':80'],
    ],
    ...[
      [...least, '--refuse-rate', '2'],
      [...least, '--refuse-rate', '-1'],
      [...least, '--slow', 'x'],
    ],
    ...[
      [...least, '--slow', '1.5'],
      [...least, '--seed', '9999999999'],
      [...least, '--unknown', '1'],
    ],
  ]) {
    t.throws(() => readArguments(argv), { instanceOf: SimError, code: 'ARGUMENT_INVALID' }, argv.join(' '))
  }
})

test('commands: what they are, and what is none', (t) => {
  for (const command of [
    { do: 'behave', as: 'down' },
    { do: 'behave', as: 'slow', requests: 3, on: 'capture', ms: 100 },
    { do: 'ledger' },
    { do: 'stop' },
  ]) {
    t.deepEqual(readCommand(JSON.stringify(command)), command as ReturnType<typeof readCommand>)
  }
  for (const line of [
    ...['', '{', 'null', '[]', '{"do":"x"}', '{"do":"behave"}', '{"do":"behave","as":"kind"}', '{"do":"ledger","x":1}'],
    ...[
      '{"do":"behave","as":"slow","requests":0}',
      '{"do":"behave","as":"slow","ms":-1}',
      '{"do":"behave","as":"down","on":"pay"}',
    ],
  ]) {
    t.throws(() => readCommand(line), { instanceOf: SimError, code: 'COMMAND_INVALID' }, line)
  }
})

test('each event has a line for people', (t) => {
  const lines: readonly (readonly [AcquirerEvent, RegExp])[] = [
    [{ event: 'ready', url: 'http://x', seed: 1 }, /http:\/\/x \(seed 1\)/],
    [{ event: 'payment', ask: 'look', as: 'normal', key: 'k', state: 'unknown' }, /^look +unknown$/],
    [
      {
        ...{ event: 'payment', ask: 'capture', as: 'time-out-after', key: 'k', state: 'captured', amount: 5 },
        ...{ currency: 'JPY', brand: 'Visa', lastFour: '4242' },
      },
      /^capture +captured +5 JPY Visa …4242 +\(time-out-after\)$/,
    ],
    [{ event: 'held', ask: 'void', as: 'slow' }, /^void +held +\(slow\)$/],
    [{ event: 'rejected', status: 401, why: 'replay' }, /^rejected: 401 replay$/],
    [{ event: 'done', do: 'behave' }, /^done: behave$/],
    [{ event: 'done', do: 'ledger', payments: [] }, /^ledger: \[\]$/],
    [{ event: 'error', code: 'X', what: 'y.', cure: 'z.' }, /^X: y. z.$/],
  ]
  for (const [event, line] of lines) t.regex(describe(event), line)
})

test.serial('wrong commands are answered in their turn and change nothing', async (t) => {
  const { acquirer, ask } = await client(t)
  const wrong = acquirer.command({ do: 'behave', as: 'kind' } as never) // what a caller without types may send
  const right = acquirer.command({ do: 'ledger' })
  await t.throwsAsync(wrong, { code: 'COMMAND_INVALID' })
  t.deepEqual((await right).payments, [])
  t.is((await ask('look')).json.state, 'unknown')
  t.is(await acquirer.stop(), 0)
  await t.throwsAsync(acquirer.command({ do: 'ledger' }), { code: 'SIM_ENDED' })
})

test.serial('it ends with 0 on stop, and its ledger is its owner’s alone', async (t) => {
  const { acquirer, data } = await client(t)
  t.is(statSync(data).mode & 0o777, 0o700)
  await acquirer.command({ do: 'stop' })
  t.is(await acquirer.stop(), 0)
  t.false(existsSync(`/proc/${acquirer.pid}`))
})

test.serial('what it cannot begin with: exit code, code and sentence, without the key', async (t) => {
  const own = folder(t)
  const [key, data] = [join(own, 'key'), join(own, 'data')]
  makeKeyFile(key)
  const run = (...args: readonly string[]) =>
    spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, ...args], { encoding: 'utf8' })
  t.is(run('--help').status, 0)
  const file = (name: string, content: string, mode = 0o600): string => {
    writeFileSync(join(own, name), content)
    chmodSync(join(own, name), mode)
    return join(own, name)
  }
  const secret = Buffer.alloc(32, 1).toString('base64')
  for (const [args, status, code] of [
    [[], 2, 'ARGUMENT_INVALID'],
    [['--data', data, '--key-file', join(own, 'absent')], 1, 'KEY_FILE_UNUSABLE'],
    [['--data', data, '--key-file', file('short', 'shop:AAAA')], 1, 'KEY_FILE_UNUSABLE'],
    [['--data', data, '--key-file', file('open', `shop:${secret}`, 0o644)], 1, 'KEY_FILE_UNUSABLE'],
    [['--data', join(key, 'below'), '--key-file', key], 1, 'LEDGER_UNUSABLE'],
    [['--data', data, '--key-file', key, '--listen', '192.0.2.1:0'], 1, 'LISTEN_FAILED'],
  ] as const) {
    const ended = run(...args)
    t.is(ended.status, status, ended.stderr)
    t.regex(ended.stderr, new RegExp(`^${code}: .+\\. .+\\.\\n$`))
    t.false(ended.stderr.includes(secret))
  }
  await t.throwsAsync(startAcquirer([]), { code: 'SIM_ENDED', message: /ARGUMENT_INVALID/ })
})
