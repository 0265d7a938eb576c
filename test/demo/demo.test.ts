import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import test from 'ava'
import type { AllReport } from '../../demo/report.ts'

const MAIN = fileURLToPath(new URL('../../demo/main.ts', import.meta.url))
const run = promisify(execFile)

async function demo(...argv: string[]) {
  const args = ['--disable-warning=ExperimentalWarning', MAIN, ...argv]
  const ended = run(process.execPath, args)
  const { stdout, stderr } = await ended.catch((error: { stdout: string; stderr: string }) => error)
  return { code: ended.child.exitCode, stdout, stderr }
}

test('arguments that are none: exit code 2 and one sentence', async (t) => {
  for (const argv of [['--embodiment', '4'], ['--embodiment', ''], ['--embodiment', '1,2'], ['--fast'], ['x']]) {
    const { code, stdout, stderr } = await demo(...argv)
    t.is(code, 2, argv.join(' '))
    t.is(stdout, '')
    t.regex(stderr, /^USAGE: .*; see npm run demo -- --help\n$/)
  }
})

test('help tells all three', async (t) => {
  const { code, stdout } = await demo('--help')
  t.is(code, 0)
  t.regex(stdout, /--embodiment 1\|2\|3/)
})

test('all three in one world: paid once, on both paths the same, nothing secret on either wire', async (t) => {
  t.timeout(180_000)
  const { code, stdout, stderr } = await demo('--json')
  t.is(code, 0, stderr)
  const lines = stdout.trimEnd().split('\n')
  const report = JSON.parse(lines.at(-1) ?? '') as AllReport // our own program's output
  t.true(report.ok)
  t.true(report.first.ok)
  t.deepEqual(report.second.steps, [
    ...['S21', 'S22', 'S23', 'S24', 'S25', 'S26', 'S27', 'S28'],
    ...['S29', 'S30', 'S31', 'S33', 'S34', 'S35', 'S36'],
  ])
  const { steps } = report.third
  t.deepEqual(
    steps.filter((step) => Number.parseInt(step.slice(1), 10) > 50),
    ['S56', 'S57', 'S58', 'S59', 'S60', 'S61', 'S62', 'S63', 'S64', 'S65', 'S67', 'S68', 'S69', 'S70', 'S66'],
  )
  for (const play of [report.second, report.third]) {
    t.is(play.charges, 1)
    t.is(play.orderState, 'paid')
    t.is(play.stock.after, play.stock.before - 1)
    t.true(play.receiptEqual)
    t.deepEqual(play.secretsFound, { line: 0, internet: 0 })
    t.is(play.line.messagesUp, 2)
    t.is(play.line.messagesDown, 2)
    t.true(play.line.bytesUp > 100 && play.line.bytesDown > 50 && play.internet.bytes > 10_000)
  }
  t.deepEqual(report.second.refusals, ['do-not-honour'])
  t.deepEqual(report.third.refusals, ['OUT_OF_STOCK', 'TAG_USED'])
  t.deepEqual(report.third.stock, { product: 'T-1961', before: 1, after: 0 })
  for (const secret of ['4242424242424242', 'Käthe', 'correct-horse']) t.false(stdout.includes(secret), secret)
})
