import { type Clock, systemClock } from '../line/clock.ts'
import type { NotificationParams } from '../wire/usb/methods.ts'
import type { CardOptions } from './arguments.ts'
import { type BoardPins, openBoard } from './board/board.ts'
import type { Gpio } from './board/gpio.ts'
import { folderDisk } from './card/disk.ts'
import { CardError, type CardProblem } from './card/errors.ts'
import { LineJobs } from './card/jobs.ts'
import type { LinePort } from './card/line-call.ts'
import type { BearerBudget } from './card/policy.ts'
import { lockStore } from './card/store-lock.ts'
import { Vault } from './card/vault.ts'
import type { ProgramEvent } from './events.ts'
import { cardApi } from './usb/api.ts'
import { UsbKeeper } from './usb/usb-keeper.ts'
import type { UsbPort } from './usb/usb-link.ts'

/** What is real in the program and not in a test. */
export interface CardWorld {
  readonly openUsb: () => Promise<UsbPort>
  /** Closed by the program. */
  readonly line: LinePort & { close(): Promise<void> }
  /** Bearers of `line` with the time that each gets, best first. */
  readonly policy: readonly BearerBudget[]
  readonly gpio: Gpio
  /** Where its lights and button are, if not at the usual pins. */
  readonly pins?: BoardPins
  readonly print: (event: ProgramEvent) => void
  /** The PC is gone for good: only where it started this program. */
  readonly onPcGone: () => void
  readonly clock?: Clock
  readonly nowSeconds?: () => number
}

export interface CardProgram {
  /** Hangs up, frees ports, pins and store. Bounded by the hanging up. */
  close(): Promise<void>
}

/**
 * The card, put together.
 * @throws CardError VAULT_DAMAGED, VAULT_UNWRITABLE, VAULT_IN_USE, USB_PORT_UNUSABLE (as a rejection); nothing is left open
 */
export async function startCard(options: Pick<CardOptions, 'usb' | 'store'>, world: CardWorld): Promise<CardProgram> {
  const { line, print, policy } = world
  const clock = world.clock ?? systemClock
  const nowSeconds = world.nowSeconds ?? (() => Math.floor(Date.now() / 1000))
  const disk = storeOf(options.store)
  const unlock = lockStore(options.store)
  try {
    const vault = Vault.open(disk)
    const events = {
      line: (it: NotificationParams<'line.state'>) => onLine(it),
      ended: (it?: CardProblem) => onEnded(it),
    }
    const jobs = new LineJobs({ vault, line, clock, nowSeconds, policy, events })
    const onEnrolled = (cardId: string): void => print({ event: 'enrolled', cardId })
    const usb = new UsbKeeper({
      open: world.openUsb,
      api: cardApi({ vault, jobs, line, onEnrolled }),
      clock,
      onGone: () => {
        jobs.cancel()
        world.onPcGone()
      },
      log: (event, problem) => print(event === 'usb.closed' ? { event, ...(problem as CardProblem) } : { event }),
    })
    const board = await openBoard({
      gpio: world.gpio,
      ...(world.pins && { pins: world.pins }),
      clock,
      onLongPress: () => jobs.cancel(),
    })
    const onLine = (it: NotificationParams<'line.state'>): void => {
      board.lights.state(it.state)
      usb.link?.notify('line.state', it)
      print({ event: 'line', ...it })
    }
    const onEnded = (problem?: CardProblem): void => {
      if (problem === undefined) return
      // Who cancelled knows it.
      if (problem.code !== 'LINE_CANCELLED') board.lights.failed()
      usb.link?.notify('card.log', { level: 'warning', text: `${problem.code}: ${problem.what}` })
      print({ event: 'job.failed', ...problem })
    }
    try {
      await usb.start()
    } catch (error) {
      board.close()
      throw error
    }
    const { enrolled } = vault.record
    const { usb: path, store } = options
    const cardId = enrolled?.cardId ?? ''
    print({ event: 'ready', usb: path, modem: line.modem(), store, enrolled: enrolled !== undefined, cardId })
    return {
      close: async () => {
        await jobs.close()
        await usb.close()
        await line.close()
        board.close()
        unlock()
      },
    }
  } catch (error) {
    unlock()
    await line.close()
    throw error
  }
}

function storeOf(folder: string): ReturnType<typeof folderDisk> {
  try {
    return folderDisk(folder)
  } catch (cause) {
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown reason'
    throw new CardError('VAULT_UNWRITABLE', `${folder} cannot be used as a store (${why})`, { cause })
  }
}
