import { existsSync, realpathSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { fault, systemCode } from '../errors.ts'
import type { PortInfo } from './card-port.ts'

/** USB identities that cards have: vendor and product, hexadecimal (pid.codes gives 1209:0001 for such gadgets). */
const CARDS = [{ vendorId: '1209', productId: '0001' }] as const

/** A card has two ports: this one is the API, the other its log console. */
const API_INTERFACE = 0

/** Before a serial number that could be taken for something else. */
const SERIAL = 'serial:'
const CONFIG_MAX = 65_536
const path = z.string().min(1).max(4096).optional()
const config = z
  .strictObject({ card: path, modem: path })
  .refine(({ card, modem }) => !(card && modem), 'either card or modem')

export type FoundCard = { readonly card: string } | { readonly modem: string }

export interface Where {
  /** `--card`. */
  readonly given?: string | undefined
  /** `--modem`: one at this computer, and no card (D-5). */
  readonly modem?: string | undefined
  readonly env: Readonly<Record<string, string | undefined>>
  readonly listPorts: () => Promise<readonly PortInfo[]>
}

/**
 * The card's port, or a modem's: what was given, else KEYLINE_CARD or KEYLINE_MODEM, else the configuration file, else the only card on USB.
 * @throws KeylineError CARD_NOT_FOUND, CARD_AMBIGUOUS, CONFIG_INVALID
 */
export async function findCard({ given, modem, env, listPorts }: Where): Promise<FoundCard> {
  if (given !== undefined) return { card: await pathOf(given, listPorts) }
  if (modem !== undefined) return { modem }
  if (env.KEYLINE_CARD) return { card: await pathOf(env.KEYLINE_CARD, listPorts) }
  if (env.KEYLINE_MODEM) return { modem: env.KEYLINE_MODEM }
  const named = await configured(env)
  if (named !== undefined) return named
  const cards = cardPorts(await listPorts())
  const [card, other] = cards
  if (card === undefined) throw fault('CARD_NOT_FOUND')
  if (other !== undefined) {
    const names = cards.map(({ path, serialNumber }) => (serialNumber ? `${path} (${serialNumber})` : path))
    throw fault('CARD_AMBIGUOUS', { what: `several cards were found: ${names.join(', ')}` })
  }
  return { card: card.path }
}

/** All ports of cards, their log consoles too. */
function portsOfCards(ports: readonly PortInfo[]): readonly PortInfo[] {
  return ports.filter((port) =>
    CARDS.some(({ vendorId, productId }) => port.vendorId === vendorId && port.productId === productId),
  )
}

/** The ports of cards that are their API. */
export function cardPorts(ports: readonly PortInfo[]): readonly PortInfo[] {
  return portsOfCards(ports).filter(({ usbInterface = API_INTERFACE }) => usbInterface === API_INTERFACE)
}

/** @param path as it was given, perhaps of a link that udev made @returns its card's API, or undefined where no card is known there */
export function apiPortOf(path: string, ports: readonly PortInfo[]): PortInfo | undefined {
  const real = realPath(path)
  return cardPorts(ports).find((port) => port.path === real)
}

/** @returns path of the card's API @throws KeylineError CARD_NOT_FOUND, CARD_AMBIGUOUS */
export function portNow(serial: string, ports: readonly PortInfo[]): string {
  const cards = cardPorts(ports)
  const [found, other] = cards.filter(({ serialNumber }) => serialNumber === serial)
  if (found !== undefined && other !== undefined) {
    const what = `two cards have the serial number ${serial}: ${found.path}, ${other.path}`
    throw fault('CARD_AMBIGUOUS', { what, cure: 'name the port of one with --card' })
  }
  if (found !== undefined) return found.path
  const there = cards.map(({ serialNumber, path }) => serialNumber ?? path)
  const what = `no card has the serial number ${serial}; plugged in: ${there.length === 0 ? 'none' : there.join(', ')}`
  throw fault('CARD_NOT_FOUND', { what })
}

/**
 * @param given a path, or the serial number of a card that is plugged in, with or without `serial:` before it
 * @throws KeylineError CARD_NOT_FOUND, CARD_AMBIGUOUS
 */
async function pathOf(given: string, listPorts: Where['listPorts']): Promise<string> {
  if (given.startsWith(SERIAL)) return portNow(given.slice(SERIAL.length), await listPorts())
  // Serial numbers have no slash; a name without one may be a file here, too.
  if (given.includes('/')) return notConsole(given, await listPorts())
  const ports = await listPorts()
  const isCard = cardPorts(ports).some(({ serialNumber }) => serialNumber === given)
  return !isCard && existsSync(given) ? given : portNow(given, ports)
}

/** A card has two ports that look alike; on the wrong one nobody would answer. @throws KeylineError CARD_NOT_FOUND */
function notConsole(path: string, ports: readonly PortInfo[]): string {
  const real = realPath(path)
  const port = portsOfCards(ports).find((it) => it.path === real)
  if (port === undefined || (port.usbInterface ?? API_INTERFACE) === API_INTERFACE) return path
  const api = cardPorts(ports).find(({ serialNumber }) => serialNumber === port.serialNumber)
  const cure = api === undefined ? 'name its other port' : `use --card ${api.path}`
  throw fault('CARD_NOT_FOUND', { what: `${path} is the log console of a card, not the card itself`, cure })
}

function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}

/** $XDG_CONFIG_HOME/keyline/config.json, or the same in ~/.config; {"card": PATH} or {"modem": PATH}. */
async function configured(env: Where['env']): Promise<FoundCard | undefined> {
  const base = env.XDG_CONFIG_HOME || (env.HOME && join(env.HOME, '.config'))
  if (!base) return undefined
  const path = join(base, 'keyline', 'config.json')
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return undefined
    throw fault('CONFIG_INVALID', { what: `${path} cannot be read`, cause: error })
  }
  try {
    if (text.length > CONFIG_MAX) throw new RangeError('too long')
    const { card, modem } = config.parse(JSON.parse(text))
    return card !== undefined ? { card } : modem !== undefined ? { modem } : undefined
  } catch (error) {
    throw fault('CONFIG_INVALID', {
      what: `expected {"card": "/dev/…"} or {"modem": "/dev/…"} in ${path}`,
      cause: error,
    })
  }
}
