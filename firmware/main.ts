import { systemClock } from '../line/clock.ts'
import { openSerialPort } from '../line/modem/serial-port.ts'
import { type CardOptions, readArguments, USAGE } from './arguments.ts'
import { pinsOf } from './board/board.ts'
import { boardChecks } from './board/board-checks.ts'
import { openGpio } from './board/open-gpio.ts'
import { openPowerKey } from './board/power-key.ts'
import { boardSecret } from './board/secret.ts'
import { folderDisk } from './card/disk.ts'
import { CardError } from './card/errors.ts'
import { ModemLine } from './card/modem-line.ts'
import { pinMarks } from './card/pin-marks.ts'
import { describe, type ProgramEvent } from './events.ts'
import { showFailedStart, startCard } from './program.ts'
import { systemd } from './systemd.ts'
import { versionOf } from './update/format.ts'
import { NODE_MAJOR, openSlots, trustedKeys } from './update/open.ts'
import { Updates } from './update/updates.ts'
import { Console } from './usb/console.ts'
import { stdioPort } from './usb/stdio-port.ts'
import { openUsbPort } from './usb/usb-port.ts'
import { VERSION } from './version.ts'

/** Exit codes. */
const FAILED = 1
const WRONG_ARGUMENT = 2
/** Left to what is open after a start that failed, milliseconds. */
const EXIT_MS = 3000

/** Runs until it is told to stop. @returns the exit code */
async function main(argv: readonly string[]): Promise<number> {
  const wanted = readArguments(argv)
  if (wanted.type === 'help') {
    process.stdout.write(USAGE)
    return 0
  }
  const { options } = wanted
  const stdio = options.usb === 'stdio'
  const output = stdio ? process.stderr : process.stdout
  const print = (event: ProgramEvent): void => {
    output.write(`${options.json ? JSON.stringify(event) : describe(event)}\n`)
  }
  const stopping = stopped()
  const gpio = await openGpio(options.board, systemClock, options.panel)
  // Whoever read the events is gone; the card goes on.
  output.on('error', () => {})
  const pin = options.simPin
  const key = options.board.gpio?.powerKey ?? undefined
  const powerKey = key && openPowerKey(gpio, systemClock, key)
  const line = new ModemLine({
    path: options.modem,
    clock: systemClock,
    openPort: (path) => openSerialPort(path),
    sim: { pin: () => pin, marks: pinMarks(() => folderDisk(options.store)) },
    ...(key !== undefined && powerKey !== undefined && { powerKey: { press: () => powerKey.press(key.onMs) } }),
    log: print,
  })
  const service = systemd({ env: process.env, pid: process.pid, clock: systemClock, progress: () => line.progressing })
  const pins = options.board.gpio === null ? undefined : pinsOf(options.board.gpio)
  const { boardSecret: secretFile, console: consolePath, baud } = options
  const card = await startCard(options, {
    updates: openUpdates(options.update),
    boardChecks: () =>
      boardChecks({
        board: options.board,
        modem: options.modem,
        sealed: secretFile !== undefined,
        now: Date.now,
      }),
    restart: stopping.stop,
    modemKnown: () => line.known,
    boardSecret: secretFile === undefined ? undefined : boardSecret(secretFile),
    console: consolePath === undefined ? undefined : new Console(() => openUsbPort(consolePath, baud), systemClock),
    openUsb: () => (stdio ? Promise.resolve(stdioPort()) : openUsbPort(options.usb, options.baud)),
    line,
    policy: options.policy,
    consent: options.consent,
    gpio,
    ...(pins && { pins }),
    print,
    onPcGone: stdio ? stopping.stop : () => {},
  }).catch(async (error: unknown) => {
    // Found before the board was opened; what is found later is shown there.
    if (pins !== undefined && error instanceof CardError && error.code.startsWith('VAULT_')) {
      await showFailedStart({ pins }, () => gpio.write(pins.fault, 1))
    }
    gpio.close()
    throw error
  })
  service.ready()
  const probing = line.probe()
  await stopping.promise
  service.stopping()
  await card.close()
  await probing
  return 0
}

function openUpdates(where: CardOptions['update']): Updates | undefined {
  if (where === undefined) return undefined
  const trusted = trustedKeys(where.keys)
  const slot = process.env.KEYLINE_SLOT
  return new Updates({
    slots: openSlots(where.slots, trusted, VERSION),
    trusted,
    slot: slot === 'a' || slot === 'b' ? slot : null,
    running: versionOf(VERSION) ?? [0, 0, 0],
    architecture: process.arch,
    node: NODE_MAJOR,
  })
}

/** Resolves on a signal, or when the program that started this one is gone. */
function stopped(): { readonly promise: Promise<void>; readonly stop: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>()
  process.once('SIGTERM', () => resolve())
  process.once('SIGINT', () => resolve())
  return { promise, stop: () => resolve() }
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof CardError)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exitCode = error.code === 'USAGE' ? WRONG_ARGUMENT : FAILED
  // Whatever is still open: who starts it again must not wait for it.
  setTimeout(() => process.exit(), EXIT_MS).unref()
}
