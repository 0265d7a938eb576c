import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import type { Check } from '../../wire/usb/methods.ts'
import type { BoardProfile } from './profile.ts'

/** No clock that is right shows an earlier year than that of this firmware. */
const YEAR = 2026
const CMDLINE = '/proc/cmdline'

export interface BoardLook {
  readonly board: BoardProfile
  /** Path of the modem's port. */
  readonly modem: string
  readonly sealed: boolean
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** File with the kernel's command line, where this is Linux. */
  readonly cmdline?: string
}

/** What a board may have wrong, whatever its modem says. */
export function boardChecks({ board, modem, sealed, now, cmdline = CMDLINE }: BoardLook): readonly Check[] {
  const year = new Date(now()).getUTCFullYear()
  const consoles = consolesOf(cmdline)
  const port = basename(modem)
  const isConsole = consoles.includes(port)
  return [
    { name: 'board', verdict: 'ok', what: `${board.title} (${board.name})` },
    isConsole
      ? {
          name: 'console on the UART',
          verdict: 'failed',
          what: `the kernel writes its own messages to ${port}, where the modem is`,
          cure: `take console=${port} (or serial0) out of cmdline.txt, and start the board again`,
        }
      : { name: 'console on the UART', verdict: 'ok', what: `none on ${port}` },
    board.gpio?.powerKey
      ? {
          name: 'power key',
          verdict: 'ok',
          what: `GPIO ${board.gpio.powerKey.line}, pressed when the modem does not answer`,
        }
      : {
          name: 'power key',
          verdict: 'unproved',
          what: 'the profile has none: a modem that hangs must be switched off and on by hand',
        },
    year >= YEAR
      ? { name: "card's clock", verdict: 'ok', what: `${new Date(now()).toISOString().slice(0, 10)}` }
      : {
          name: "card's clock",
          verdict: 'unproved',
          what: `it shows the year ${year}; nothing but the lapse of a ticket depends on it`,
          cure: 'a board without a clock of its own is right once its modem knows the time',
        },
    sealed
      ? { name: "card's memory", verdict: 'ok', what: 'sealed with the secret of this board' }
      : {
          name: "card's memory",
          verdict: 'unproved',
          what: 'it lies open in the store',
          cure: 'start the card with --board-secret',
        },
  ]
}

function consolesOf(file: string): readonly string[] {
  try {
    return [...readFileSync(file, 'latin1').matchAll(/\bconsole=([A-Za-z0-9]+)/g)].map(([, name]) => name ?? '')
  } catch {
    return []
  }
}
