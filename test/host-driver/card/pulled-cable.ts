import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Duplex } from 'node:stream'
import type { ExecutionContext } from 'ava'
import { UsbKeeper } from '../../../firmware/usb/usb-keeper.ts'
import type { UsbPort } from '../../../firmware/usb/usb-link.ts'
import { CardClient } from '../../../host-driver/card/card-client.ts'
import { CardLink } from '../../../host-driver/card/card-link.ts'
import { keepPairing, prove } from '../../../host-driver/card/pairing.ts'
import { fault, KeylineError } from '../../../host-driver/errors.ts'
import type { TestCard } from '../../firmware/card/card.ts'

/** Nothing may take longer, milliseconds: what hangs is seen by this and never waited for. */
const HANG_MS = 20_000

/** One plugging in: two ends, cut after so many bytes of both ways together. */
export class Cable {
  readonly card: UsbPort
  readonly pc: Duplex
  left = Number.POSITIVE_INFINITY
  readonly #card: Duplex

  constructor() {
    this.pc = this.#end(() => this.#card)
    this.#card = this.#end(() => this.pc)
    this.card = { source: this.#card, sink: this.#card, close: async () => this.cut() }
  }

  cut(): void {
    this.pc.destroy()
    this.#card.destroy()
  }

  #end(other: () => Duplex): Duplex {
    return new Duplex({
      read: () => {},
      write: (chunk: Buffer, _encoding, done) => {
        const part = chunk.subarray(0, Math.max(0, this.left))
        this.left -= chunk.length
        if (part.length > 0) other().push(part)
        // Whatever was on its way stays half.
        if (this.left <= 0) setImmediate(() => this.cut())
        done()
      },
    })
  }
}

/** A card that wants pairing, on a cable that is pulled again and again, and the driver's link to it. */
export interface PulledCable {
  readonly link: CardLink
  /** The next plugging in is pulled after so many bytes: in the middle of hello or proof. */
  nextLeft: number | undefined
  /** Pluggings in that were pulled before the PC had proved itself. */
  early: number
  /** The one that is in now, if any. */
  current(): Cable | undefined
  /** Another program at the next plugging in, which has not proved itself. */
  stranger(): Promise<CardClient>
}

export async function pulledCable(t: ExecutionContext, card: TestCard): Promise<PulledCable> {
  const folder = mkdtempSync(join(tmpdir(), 'keyline-unplugs-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const pair = card.gate.api()
  await pair['card.pair.begin']({})
  const paired = await pair['card.pair.finish']({ code: card.codes.at(-1) ?? '', name: 'laptop' })
  if (!paired.ok) throw new Error(paired.problem.code)
  let waiting: Cable | undefined
  let current: Cable | undefined
  const keeper = new UsbKeeper({
    open: async () => {
      waiting = new Cable()
      return waiting.card
    },
    api: card.api(undefined, true),
    clock: card.clock,
    onGone: () => {
      card.jobs.cancel()
      card.files.cancel()
      card.gate.reset()
    },
    log: () => {},
  })
  await keeper.start()
  // The card's own time passes by itself.
  const ticking = setInterval(() => card.clock.advance(100).catch(() => {}), 1)
  t.teardown(async () => {
    clearInterval(ticking)
    await keeper.close()
  })
  const after = (ms: number, run: () => void) => {
    const timer = setTimeout(run, ms >= 3000 ? ms : 2)
    return () => clearTimeout(timer)
  }
  const open = (): CardClient => {
    const cable = waiting
    waiting = undefined
    if (cable === undefined || cable.pc.destroyed) throw fault('CARD_NOT_FOUND')
    current = cable
    return new CardClient({ stream: cable.pc, close: async () => cable.cut() }, () => {}, after)
  }
  const connect = async (): Promise<CardClient> => {
    const client = open()
    if (it.nextLeft !== undefined && current !== undefined) current.left = it.nextLeft
    it.nextLeft = undefined
    try {
      const { pairing } = await client.call('card.hello', { version: 1, driver: 'test' })
      if (pairing === undefined) throw new Error('expected a card that wants pairing')
      await keepPairing(folder, pairing.card, paired.result)
      await prove(client, pairing, folder)
      return client
    } catch (error) {
      if (error instanceof KeylineError && error.code === 'CARD_GONE') it.early++
      await client.close()
      throw error
    }
  }
  const stranger = async (): Promise<CardClient> => {
    current?.cut()
    for (;;) {
      try {
        const client = open()
        await client.call('card.hello', { version: 1, driver: 'stranger' })
        return client
      } catch (error) {
        if (!(error instanceof KeylineError && error.code === 'CARD_NOT_FOUND')) throw error
        await new Promise((resolve) => setTimeout(resolve, 2))
      }
    }
  }
  const it: Omit<PulledCable, 'link'> = { nextLeft: undefined, early: 0, current: () => current, stranger }
  const link = new CardLink({ client: await connect(), connect, after })
  t.teardown(() => link.close())
  return Object.assign(it, { link })
}

/** @returns ok, or the code that the caller was told */
export function outcomeOf(asked: Promise<unknown>): Promise<string> {
  return inTime(asked).then(
    () => 'ok',
    (error: unknown) => (error instanceof KeylineError ? error.code : String(error)),
  )
}

/** @throws KeylineError `hangs` where it does not end */
export async function inTime<T>(asked: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new KeylineError({ code: 'hangs', what: '', cure: '', origin: 'here' })), HANG_MS)
  })
  try {
    return await Promise.race([asked, late])
  } finally {
    clearTimeout(timer)
  }
}
