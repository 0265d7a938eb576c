import { join } from 'node:path'
import type { Secret } from '../keys/secret.ts'
import { type Clock, systemClock } from '../line/clock.ts'
import type { Check, NotificationParams } from '../wire/usb/methods.ts'
import type { CardOptions } from './arguments.ts'
import { type BoardPins, openBoard } from './board/board.ts'
import type { Gpio } from './board/gpio.ts'
import { CardPin } from './card/card-pin.ts'
import { ConsentGate, type ConsentPolicy, NEVER_ASK } from './card/consent.ts'
import { folderDisk } from './card/disk.ts'
import { CardError, type CardProblem, onDisk, problemOf, problem as problemWith } from './card/errors.ts'
import { FileArea } from './card/file-area.ts'
import { LineJobs } from './card/jobs.ts'
import type { LinePort } from './card/line-call.ts'
import { Pairings } from './card/pairings.ts'
import { PinTries } from './card/pin-tries.ts'
import type { BearerBudget } from './card/policy.ts'
import { Provision } from './card/provision.ts'
import { lockStore } from './card/store-lock.ts'
import { Vault } from './card/vault.ts'
import { within } from './card/waiting.ts'
import { describe, type ProgramEvent } from './events.ts'
import { judged } from './update/judged.ts'
import type { Updates } from './update/updates.ts'
import { cardApi } from './usb/api.ts'
import type { Console } from './usb/console.ts'
import { PairingGate } from './usb/pairing-gate.ts'
import { UsbKeeper } from './usb/usb-keeper.ts'
import type { UsbLink, UsbPort } from './usb/usb-link.ts'

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
  /** When the user is asked; never, where it is left out. */
  readonly consent?: { readonly policy: ConsentPolicy; readonly waitMs: number }
  readonly print: (event: ProgramEvent) => void
  /** The log console, where there is one. Closed by the program. */
  readonly console?: Console | undefined
  readonly updates?: Updates | undefined
  readonly boardChecks?: (() => readonly Check[]) | undefined
  /** After an update: ends the program, which is started again. */
  readonly restart?: () => void
  /** The modem was brought up, or it is known why not. */
  readonly modemKnown?: () => boolean
  /** What the card's memory is sealed with; it is plain without. */
  readonly boardSecret?: Secret | undefined
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
export async function startCard(
  options: Pick<CardOptions, 'usb' | 'store'> & Partial<Pick<CardOptions, 'pairing' | 'ticket' | 'pin'>>,
  world: CardWorld,
): Promise<CardProgram> {
  const { line, policy, boardSecret, updates, boardChecks, restart = () => {} } = world
  const print = (event: ProgramEvent): void => {
    world.print(event)
    world.console?.say(describe(event))
  }
  const clock = world.clock ?? systemClock
  const nowSeconds = world.nowSeconds ?? (() => Math.floor(Date.now() / 1000))
  let unlock = (): void => {}
  try {
    const disk = storeOf(options.store)
    unlock = lockStore(options.store)
    const vault = Vault.open(disk, boardSecret)
    const pairing = options.pairing ?? false
    const files = new FileArea(storeOf(join(options.store, 'files')), vault)
    const pin = new CardPin({
      vault,
      tries: boardSecret && new PinTries(disk, boardSecret),
      clock,
      onErase: () => files.erase(),
    })
    const gate = new PairingGate(new Pairings(disk, boardSecret), clock, (code, seconds) =>
      print({ event: 'pairing.code', code, seconds }),
    )
    const events = {
      line: (it: NotificationParams<'line.state'>) => onLine(it),
      ended: (it: CardProblem | undefined, refused: boolean) => onEnded(it, refused),
    }
    const consent = new ConsentGate({
      policy: NEVER_ASK,
      ...world.consent,
      asker: { ask: (wish, signal) => board.button.ask(wish, signal) },
      clock,
    })
    const jobs = new LineJobs({ vault, line, clock, nowSeconds, policy, events, consent })
    const onEnrolled = (cardId: string): void => print({ event: 'enrolled', cardId })
    const judge = judged(updates, { clock, modemKnown: world.modemKnown ?? (() => true), print })
    const onHello = (): void => {
      consent.forget()
      // A PC that can talk to it can also give it another update: a new version has done enough.
      judge.hello()
    }
    const usb = new UsbKeeper({
      open: world.openUsb,
      api: cardApi({
        vault,
        jobs,
        line,
        pin,
        files,
        gate,
        pairing,
        updates,
        boardChecks,
        restart,
        onEnrolled,
        onHello,
      }),
      clock,
      onGone: () => {
        jobs.cancel()
        consent.forget()
        files.cancel()
        updates?.cancel()
        gate.reset()
        world.onPcGone()
      },
      log: (event, problem) => print(event === 'usb.closed' ? { event, ...(problem as CardProblem) } : { event }),
    })
    const board = await openBoard({
      gpio: world.gpio,
      ...(world.pins && { pins: world.pins }),
      clock,
      onLongPress: () => jobs.cancel(),
      onStuck: () => onStuck(),
    })
    // Who is not paired is told nothing.
    const toPc = (): UsbLink | undefined => (!pairing || gate.proved ? usb.link : undefined)
    const onLine = (it: NotificationParams<'line.state'>): void => {
      board.lights.state(it.state)
      toPc()?.notify('line.state', it)
      print({ event: 'line', ...it })
    }
    const onStuck = (): void => {
      const stuck = problemWith('BUTTON_STUCK')
      const text = `${stuck.code}: ${stuck.what}; ${stuck.cure}`
      toPc()?.notify('card.log', { level: 'error', text })
      print({ event: 'button.stuck', ...stuck })
    }
    const onEnded = (problem: CardProblem | undefined, refused: boolean): void => {
      if (refused) board.lights.failed()
      if (problem === undefined) return
      // Who cancelled knows it.
      if (problem.code !== 'LINE_CANCELLED') board.lights.failed()
      const text = `${problem.code}: ${problem.what}`
      toPc()?.notify('card.log', { level: 'warning', text })
      print({ event: 'job.failed', ...problem })
    }
    try {
      // Under the launcher it is a board, whose cable may come later; else a wrong path is told at once.
      await usb.start(updates !== undefined)
    } catch (error) {
      await showFailedStart(world, () => board.lights.failed())
      board.close()
      throw error
    }
    const enrolled = pin.state === 'locked' ? undefined : vault.record.enrolled
    const { usb: path, store } = options
    const provision = new Provision({
      ticket: options.ticket,
      pin: options.pin,
      jobs,
      cardPin: pin,
      clock,
      onPin: () => print({ event: 'pin.set' }),
      onPinRefused: (refused) => print({ event: 'pin.refused', ...refused }),
      onEnrolled,
      onRefused: ({ code }) => print({ event: 'ticket.refused', code }),
    })
    const cardId = enrolled?.cardId ?? ''
    print({ event: 'ready', usb: path, modem: line.modem(), store, enrolled: enrolled !== undefined, cardId })
    judge.started((text) => {
      const pc = toPc()
      pc?.notify('card.log', { level: 'warning', text })
      return pc !== undefined
    })
    const provisioning = provision.start().catch((error: unknown) => onEnded(problemOf(error), false))
    return {
      close: async () => {
        judge.close()
        provision.close()
        await jobs.close()
        await provisioning
        await usb.close()
        await line.close()
        board.close()
        await world.console?.close()
        unlock()
      },
    }
  } catch (error) {
    unlock()
    await line.close()
    await world.console?.close()
    throw error
  }
}

/** So long the refusal light of a board says that the card cannot start, milliseconds; then its pins are given back. */
const FAILED_START_MS = 3000

/** Where there are lights: a card without a screen must not just stay dark. */
export async function showFailedStart(
  { pins, clock = systemClock }: Pick<CardWorld, 'pins' | 'clock'>,
  light: () => void,
): Promise<void> {
  if (pins === undefined) return
  try {
    light()
  } catch (error) {
    // A light that cannot be had must not hide why the card does not start.
    if (error instanceof CardError) return
    throw error
  }
  await within(clock, FAILED_START_MS, new Promise(() => {}))
}

function storeOf(folder: string): ReturnType<typeof folderDisk> {
  return onDisk(`${folder} cannot be used as a store`, () => folderDisk(folder))
}
