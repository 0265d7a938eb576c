import { once } from 'node:events'
import { fstatSync, mkdirSync } from 'node:fs'
import type { Server } from 'node:http'
import { join } from 'node:path'
import { type Clock, systemClock } from '../clock.ts'
import { CommandLines } from '../control.ts'
import { SimError } from '../fault.ts'
import { readArguments, USAGE } from './arguments.ts'
import { Behaviours } from './behaviour.ts'
import { readCommand } from './control.ts'
import { type AcquirerEvent, describe } from './events.ts'
import { readKeyFile } from './key-file.ts'
import { Ledger } from './ledger.ts'
import { makeService } from './service.ts'

/** A request that still waits does not keep the program waiting. */
const clock: Clock = { ...systemClock, after: (ms, run) => cancelled(setTimeout(run, ms).unref()) }
/** Exit codes: an argument was wrong; it could not be set up. */
const WRONG_ARGUMENT = 2
const FAILED = 1

async function main(argv: readonly string[]): Promise<void> {
  const wanted = readArguments(argv)
  if (wanted.type === 'help') return void process.stdout.write(USAGE)
  const tell = (event: AcquirerEvent): void => {
    process.stdout.write(`${wanted.json ? JSON.stringify(event) : describe(event)}\n`)
  }
  const stopping = stopped()
  const key = readKeyFile(wanted.keyFile)
  const ledger = openLedger(wanted.data)
  const behaviours = new Behaviours(wanted.behaviour)
  const server = makeService({ ledger, key, behaviours, clock, now: Date.now, tell })
  const port = await listen(server, wanted.host, wanted.port)
  tell({ event: 'ready', url: `http://${wanted.host}:${port}`, seed: wanted.behaviour.seed })
  const lines = new CommandLines()
  process.stdin.setEncoding('utf8').on('error', stopping.stop)
  process.stdin.on('data', (text: string) => {
    for (const line of lines.push(text)) answer(line, ledger, behaviours, tell, stopping.stop)
  })
  await stopping.promise
  process.stdin.destroy()
  server.close()
  server.closeAllConnections()
  ledger.close()
}

/** One command, or what was wrong with its line. */
function answer(
  line: string | SimError,
  ledger: Ledger,
  behaviours: Behaviours,
  tell: (event: AcquirerEvent) => void,
  stop: () => void,
): void {
  try {
    if (line instanceof SimError) throw line
    const command = readCommand(line)
    if (command.do === 'behave') behaviours.order(command)
    tell({ event: 'done', do: command.do, ...(command.do === 'ledger' ? { payments: ledger.payments() } : {}) })
    if (command.do === 'stop') stop()
  } catch (error) {
    if (!(error instanceof SimError)) throw error
    tell({ event: 'error', code: error.code, what: error.message, cure: error.cure })
  }
}

/** @throws SimError LEDGER_UNUSABLE */
function openLedger(folder: string): Ledger {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
  } catch (cause) {
    const what = cause instanceof Error ? cause.message : String(cause)
    throw new SimError('LEDGER_UNUSABLE', `The folder ${folder} cannot be made: ${what}.`, 'Name another --data.')
  }
  return new Ledger(join(folder, 'ledger.db'))
}

/** @returns the port @throws SimError LISTEN_FAILED */
async function listen(server: Server, host: string, port: number): Promise<number> {
  try {
    await once(server.listen(port, host), 'listening')
  } catch (cause) {
    const what = cause instanceof Error ? cause.message : String(cause)
    throw new SimError('LISTEN_FAILED', `The port cannot be opened: ${what}.`, 'Name another --listen.')
  }
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : port
}

function cancelled(timer: NodeJS.Timeout): () => void {
  return () => clearTimeout(timer)
}

/** Resolves on a signal, on `stop`, when a piped standard input ends, or when nobody reads the events any more. */
function stopped(): { readonly promise: Promise<void>; readonly stop: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>()
  const stop = (): void => resolve()
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
  process.stdout.on('error', stop)
  const input = fstatSync(0)
  if (input.isFIFO() || input.isSocket()) process.stdin.once('close', stop)
  return { promise, stop }
}

try {
  await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof SimError)) throw error
  process.stderr.write(`${error.code}: ${error.message} ${error.cure}\n`)
  process.exitCode = error.code === 'ARGUMENT_INVALID' ? WRONG_ARGUMENT : FAILED
}
