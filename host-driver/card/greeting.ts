import type { Duplex } from 'node:stream'
import { API_VERSION, type Result } from '../../wire/usb/methods.ts'
import { fault, KeylineError } from '../errors.ts'
import { isStep, type OnProgress } from '../events.ts'
import { type After, afterUnheld } from '../timers.ts'
import { VERSION } from '../version.ts'
import { type CardSource, openAttached } from './attached.ts'
import { type CardCable, CardClient, type CardNotification } from './card-client.ts'
import { listPorts, openCardPort, type PortInfo } from './card-port.ts'
import { apiPortOf, cardPorts, portNow } from './find.ts'
import { cardOfSerial, pairingFolder, prove } from './pairing.ts'

/** Told to the card, for its log. */
const DRIVER = `keyline/${VERSION}`
/** A card that was just plugged in may be held for seconds by a program that probes modems. */
const HELLO_TRIES = 3

/** Where a card is, and what goes with it. */
export interface CardPlace {
  /** Path of the card's serial port, a modem at this computer, or a byte stream where something else carries the card API. */
  readonly card: CardSource | Duplex
  readonly onProgress?: OnProgress
  /** Folder with what this computer was given when it was paired; pairingFolder(process.env) if nothing is said. */
  readonly pairings?: string
  /** Where a card's serial number and, plugged in again, its port are looked up. */
  readonly listPorts?: () => Promise<readonly PortInfo[]>
  /** Tests hold time-outs and pauses in their hands. */
  readonly after?: After
}

/** Opened, asked who it is, and shown who this is. @param serial of the card, where it is known */
export async function greeted(
  options: CardPlace,
  serial: string | undefined,
): Promise<{ client: CardClient; hello: Result<'card.hello'> }> {
  const client = await openClient(options)
  try {
    const greeting = await hello(client)
    const { pairing } = greeting
    if (serial !== undefined) await checkSerial(options, serial, pairing?.card)
    if (pairing === undefined) return { client, hello: greeting }
    await prove(client, pairing, options.pairings ?? pairingFolder(process.env))
    const { card } = await client.call('card.status', {})
    return { client, hello: { ...greeting, card } }
  } catch (error) {
    await client.close()
    throw error
  }
}

/** A paired card proves who it is; one that takes its serial number must not get around that by wanting no pairing. */
async function checkSerial(options: CardPlace, serial: string, card: string | undefined): Promise<void> {
  const folder = options.pairings ?? knownFolder()
  const known = folder === undefined ? undefined : await cardOfSerial(folder, serial)
  if (known !== undefined && known !== card) throw fault('CARD_FOREIGN')
}

/** An account without a home has no pairings, and may use cards that want none. */
function knownFolder(): string | undefined {
  return process.env.XDG_DATA_HOME || process.env.HOME ? pairingFolder(process.env) : undefined
}

/** Without serial number or pairing another card can only be told by its enrolment. */
export function isSame(first: Result<'card.hello'>, now: Result<'card.hello'>): boolean {
  if (first.pairing?.card !== now.pairing?.card) return false
  return first.card.cardId === '' || now.card.cardId === '' || first.card.cardId === now.card.cardId
}

/** Plugged in again a card may have another port: its serial number stays. */
export async function whereNow(options: CardPlace, serial: string | undefined): Promise<CardPlace> {
  if (serial === undefined) return options
  return { ...options, card: portNow(serial, await (options.listPorts ?? listPorts)()) }
}

export async function serialOf(options: CardPlace): Promise<string | undefined> {
  const { card } = options
  return typeof card === 'string' ? apiPortOf(card, await (options.listPorts ?? listPorts)())?.serialNumber : undefined
}

export async function openClient(options: CardPlace): Promise<CardClient> {
  const onProgress = options.onProgress ?? (() => {})
  const cable = await openCable(options.card)
  return new CardClient(cable, (it) => tell(it, onProgress), options.after ?? afterUnheld)
}

export async function hello(client: CardClient): Promise<Result<'card.hello'>> {
  for (let tries = 1; ; tries++) {
    try {
      return await client.call('card.hello', { version: API_VERSION, driver: DRIVER })
    } catch (error) {
      const silent = error instanceof KeylineError && error.code === 'CARD_SILENT'
      if (!silent || tries >= HELLO_TRIES) throw error
    }
  }
}

function tell({ name, params }: CardNotification, onProgress: OnProgress): void {
  if (name !== 'line.state') return
  const { state, step, text } = params
  onProgress(state === 'consenting' ? { type: 'line', state, text } : { type: 'line', state })
  if (step !== undefined && isStep(step)) onProgress({ type: 'step', step, path: 'line', text })
}

async function openCable(card: CardPlace['card']): Promise<CardCable> {
  if (typeof card === 'string') return openCardPort(card)
  return 'modem' in card ? openAttached(card) : streamCable(card)
}

function streamCable(stream: Duplex): CardCable {
  const close = async (): Promise<void> => {
    stream.destroy()
  }
  return { stream, close }
}

/**
 * For a program that opens one card again and again: where that card is now. The first look, at once, says which is meant.
 * @returns undefined while it is unplugged; another card at its old port is not taken for it
 */
export function followed(
  card: CardSource,
  ports: () => Promise<readonly PortInfo[]> = listPorts,
): () => Promise<CardSource | undefined> {
  let serial: string | undefined
  const look = async (): Promise<CardSource | undefined> => {
    if (typeof card !== 'string') return card
    const found = await ports()
    serial ??= apiPortOf(card, found)?.serialNumber
    if (serial === undefined) return card
    return cardPorts(found).find(({ serialNumber }) => serialNumber === serial)?.path
  }
  look().catch(() => {}) // who asks next is told
  return look
}
