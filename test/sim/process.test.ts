import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test, { type ExecutionContext } from 'ava'
import { startSim } from '../../sim/process.ts'
import { A, folder, simulator } from './fixture.ts'

const MAIN = fileURLToPath(new URL('../../sim/main.ts', import.meta.url))

function run(t: ExecutionContext, stdin: 'pipe' | 'ignore', ...args: readonly string[]) {
  const child: ChildProcess = spawn(process.execPath, [MAIN, ...args], { stdio: [stdin, 'pipe', 'pipe'] })
  t.teardown(() => child.kill('SIGKILL'))
  const said = { out: '', err: '' }
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    said.out += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said.err += text
  })
  const closed = once(child, 'close')
  const until = async (text: string): Promise<void> => {
    while (!said.out.includes(text)) await Promise.race([once(child.stdout ?? child, 'data'), closed])
  }
  return { child, said, until, code: closed.then(([code]) => code as number | null) }
}

test('ready tells ports, seed and the rest; stop ends it with 0 and leaves no child and no port', async (t) => {
  const sim = await startSim(['--modem', A, '--cable', 'usb', '--relay', 'net=', '--seed', '5'])
  t.teardown(() => sim.stop())
  const { seed, modems, cables, relays } = sim.ready
  t.is(seed, 5)
  t.deepEqual(
    modems.map(({ number }) => number),
    [A],
  )
  t.deepEqual(
    relays.map(({ name }) => name),
    ['net'],
  )
  for (const path of [modems[0]?.path, cables[0]?.card, cables[0]?.pc]) t.regex(path ?? '', /^\/dev\/pts\/\d+$/)
  t.deepEqual(slavesHeldBy(sim.pid), [])
  t.is(await sim.stop(), 0)
  t.false(existsSync(`/proc/${sim.pid}`))
  t.is(await sim.stop(), 0)
})

/** Whether the simulator keeps a port open itself; then it could not see others close it. */
function slavesHeldBy(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      const path = readlinkSync(`/proc/${pid}/fd/${fd}`)
      return /^\/dev\/pts\/\d+$/.test(path) ? [path] : []
    } catch {
      return [] // closed in the meantime
    }
  })
}

test('stop, SIGTERM, SIGINT and the end of a pipe end it with 0', async (t) => {
  for (const end of [
    (child: ChildProcess) => child.stdin?.write('{"do":"stop"}\n'),
    (child: ChildProcess) => child.kill('SIGTERM'),
    (child: ChildProcess) => child.kill('SIGINT'),
    (child: ChildProcess) => child.stdin?.end(),
  ]) {
    const { child, until, code, said } = run(t, 'pipe', '--modem', A, '--json')
    await until('\n')
    end(child)
    t.is(await code, 0)
    t.is(said.err, '')
  }
})

test('a null device at standard input does not end it', async (t) => {
  const { child, until, code } = run(t, 'ignore', '--modem', A, '--json')
  await until('"ready"')
  child.kill('SIGTERM')
  t.is(await code, 0)
})

test('for people: a table, and a line for each event', async (t) => {
  const { child, said, until } = run(t, 'pipe', '--modem', A, '--cable', 'usb', '--relay', 'net=', '--seed', '5')
  await until('127.0.0.1')
  t.regex(said.out, /seed 5/)
  t.regex(said.out, /modem {2}\+8131 +\/dev\/pts\/\d+\n/)
  t.regex(said.out, /cable {2}usb, card end {2}\/dev\/pts\/\d+\n/)
  t.regex(said.out, /relay {2}net +127\.0\.0\.1:\d+\n/)
  child.stdin?.write('{"do":"cut-now"}\nrubbish\n')
  await until('COMMAND_INVALID')
  t.regex(said.out, /done: cut-now\nCOMMAND_INVALID: Expected a line of JSON, got "rubbish"\. /)
})

test('help is printed and ends with 0', async (t) => {
  const { code, said } = run(t, 'pipe', '--help')
  t.is(await code, 0)
  t.regex(said.out, /--modem NUMBER/)
})

test('wrong arguments end with 2 and one sentence, an unusable folder with 1', async (t) => {
  const wrong = run(t, 'pipe', '--modem', 'x')
  t.is(await wrong.code, 2)
  t.regex(wrong.said.err, /^ARGUMENT_INVALID: .*got "x"\. See keyline sim --help\.\n$/)
  t.is(wrong.said.out, '')
  const file = join(folder(t), 'file')
  writeFileSync(file, '')
  const unusable = run(t, 'pipe', '--modem', A, '--record', file)
  t.is(await unusable.code, 1)
  t.regex(unusable.said.err, /^RECORD_FOLDER_UNUSABLE: /)
})

test('started with wrong arguments, startSim says what the program said', async (t) => {
  await t.throwsAsync(startSim(['--modem', 'x']), { code: 'SIM_ENDED', message: /ARGUMENT_INVALID/ })
})

test('wrong commands are answered and change nothing', async (t) => {
  const sim = await simulator(t, '--modem', A)
  await t.throwsAsync(sim.command({ do: 'unplug', modem: '+999' }), { code: 'UNKNOWN_NAME', message: /\+999/ })
  await t.throwsAsync(sim.command({ do: 'line', rate: 1 }), { code: 'COMMAND_INVALID' })
  const answers = await Promise.all([
    sim.command({ do: 'cut-now' }),
    sim.command({ do: 'line', rate: 2400 }),
    sim.command({ do: 'unplug', modem: A }),
    sim.command({ do: 'unplug', modem: A }),
  ])
  t.deepEqual(
    answers.map((answer) => answer.do),
    ['cut-now', 'line', 'unplug', 'unplug'],
  )
})

test('after its end commands and waiting are refused', async (t) => {
  const sim = await simulator(t, '--modem', A)
  const heard: string[] = []
  const silence = sim.onEvent((event) => heard.push(event.event))
  const never = sim.until(() => false)
  await sim.command({ do: 'cut-now' })
  silence()
  await sim.command({ do: 'stop' })
  await t.throwsAsync(never, { code: 'SIM_ENDED' })
  await t.throwsAsync(sim.command({ do: 'cut-now' }), { code: 'SIM_ENDED' })
  await t.throwsAsync(
    sim.until(() => false),
    { code: 'SIM_ENDED' },
  )
  t.deepEqual(heard, ['done'])
})

test('commands may come cut anywhere, many at once, and too long', async (t) => {
  const { child, said, until } = run(t, 'pipe', '--modem', A, '--json')
  await until('"ready"')
  for (const part of ['{"do":', '"cut-now"}', '\n\n{"do":"line"}\n{"do":"cu', 't-now"}\n']) child.stdin?.write(part)
  child.stdin?.write(`${'x'.repeat(200_000)}\n{"do":"line","rate":2400}\n`)
  child.stdin?.write('{"do":"stop"}\n')
  await once(child, 'close')
  const answers = said.out
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => JSON.parse(line) as { readonly event: string; readonly do?: string; readonly code?: string })
  t.deepEqual(
    answers.map((answer) => answer.do ?? answer.code),
    ['cut-now', 'line', 'cut-now', 'COMMAND_TOO_LONG', 'line', 'stop'],
  )
})

test('when nobody reads its events any more, it ends', async (t) => {
  const { child, until, code } = run(t, 'pipe', '--modem', A, '--json')
  await until('"ready"')
  child.stdout?.destroy()
  child.stdin?.write('{"do":"cut-now"}\n')
  t.is(await code, 0)
})

test('four modems that nobody uses cost little', async (t) => {
  const sim = await simulator(t, ...['1', '2', '3', '4'].flatMap((digit) => ['--modem', `+813${digit}`]))
  const ticks = (): number => {
    // proc(5): fields 14 and 15, of which the name's are the first two.
    const fields = readFileSync(`/proc/${sim.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
    return Number(fields[11]) + Number(fields[12])
  }
  await new Promise((resolve) => setTimeout(resolve, 500))
  const before = ticks()
  await new Promise((resolve) => setTimeout(resolve, 1000))
  // A tick is 10 ms: far above what is measured (1 % of one core), far below a loop without a pause.
  t.true(ticks() - before < 50)
})
