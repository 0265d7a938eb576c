import type { ParseArgsOptionsConfig } from 'node:util'
import { RUN, readOptions } from './arguments.ts'
import { asServerError, ServerError } from './errors.ts'
import { describe, type ServerEvent } from './events.ts'
import { CARD_COMMANDS } from './manage/cards.ts'
import type { Command } from './manage/command.ts'
import { GOODS_COMMANDS } from './manage/goods.ts'
import { ORDER_COMMANDS } from './manage/orders.ts'
import { TICKET_COMMANDS } from './manage/tickets.ts'
import { USER_COMMANDS } from './manage/users.ts'
import { startServer } from './program.ts'
import { systemTime } from './time.ts'
import { USAGE } from './usage.ts'

/** Exit codes. */
const FAILED = 1
const WRONG_ARGUMENT = 2

const MANAGE: Readonly<Record<string, Command>> = {
  ...USER_COMMANDS,
  ...TICKET_COMMANDS,
  ...CARD_COMMANDS,
  ...GOODS_COMMANDS,
  ...ORDER_COMMANDS,
}
const RUN_OPTIONS: ParseArgsOptionsConfig = {
  data: { type: 'string' },
  content: { type: 'string' },
  modem: { type: 'string', multiple: true },
  number: { type: 'string', multiple: true },
  listen: { type: 'string' },
  'packet-listen': { type: 'string', multiple: true },
  'sms-modem': { type: 'string', multiple: true },
  'allow-x25519': { type: 'boolean' },
  node: { type: 'string' },
  lifetime: { type: 'string' },
  'keys-lifetime': { type: 'string' },
  backend: { type: 'string', multiple: true },
  'tag-minutes': { type: 'string' },
  'require-consent': { type: 'string' },
  certificate: { type: 'string' },
  'certificate-key': { type: 'string' },
  acquirer: { type: 'string' },
  'acquirer-key': { type: 'string' },
  json: { type: 'boolean' },
}

async function main(argv: readonly string[]): Promise<void> {
  if (argv.includes('--help') || argv.includes('-h') || argv[0] === 'help') {
    process.stdout.write(USAGE)
    return
  }
  const [first = '', second = ''] = argv
  if (first === 'run') return run(argv.slice(1))
  const two = `${first} ${second}`
  const name = Object.hasOwn(MANAGE, two) ? two : first
  const command = Object.hasOwn(MANAGE, name) ? MANAGE[name] : undefined
  if (command === undefined) {
    throw new ServerError('USAGE', first === '' ? 'expected a command' : `there is no command ${first}`)
  }
  const context = { input: process.stdin, prompt: process.stderr, now: systemTime.now }
  const { text, fields } = await command(context, argv.slice(name.split(' ').length))
  if (argv.includes('--json')) process.stdout.write(`${JSON.stringify({ ok: true, ...fields })}\n`)
  else if (text !== '') process.stdout.write(`${text}\n`)
}

/** Runs until it is told to stop. */
async function run(argv: readonly string[]): Promise<void> {
  const { options } = readOptions(RUN, RUN_OPTIONS, [], argv)
  const print = (event: ServerEvent): void => {
    process.stdout.write(`${options.json ? JSON.stringify(event) : describe(event)}\n`)
  }
  // Whoever read the events is gone; the server goes on.
  process.stdout.on('error', () => {})
  const stopped = new Promise<void>((resolve) => {
    process.once('SIGTERM', () => resolve())
    process.once('SIGINT', () => resolve())
  })
  const server = await startServer(options, systemTime, print)
  print({ event: 'ready', internet: server.internet, modems: options.modem.length })
  await stopped
  await server.close()
}

const argv = process.argv.slice(2)
try {
  await main(argv)
} catch (error) {
  const { code, what, cure } = asServerError(error)
  const line = argv.includes('--json')
    ? JSON.stringify({ ok: false, error: { code, what, cure } })
    : `keyline server: ${what} (${code}); ${cure}.`
  process.stderr.write(`${line}\n`)
  process.exitCode = code === 'USAGE' ? WRONG_ARGUMENT : FAILED
}
// A terminal's input would keep the process waiting.
process.stdin.destroy()
