import { randomBytes, timingSafeEqual } from 'node:crypto'
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { type PairingNeeded, proofOf } from '../../wire/usb/pairing.ts'
import { fault, systemCode } from '../errors.ts'
import type { CardCalls } from './card-link.ts'

type Environment = Readonly<Record<string, string | undefined>>

const schema = z.strictObject({
  pc: z.string().regex(/^[0-9a-f]{16}$/),
  key: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  /** Of the card on USB, where it has one. */
  serial: z.string().min(1).max(256).optional(),
})
/** File of a pairing. */
const NAME = /^([0-9a-f]{16})\.json$/
/** What this computer keeps of a card that it was paired with. */
export type Pairing = z.infer<typeof schema>

/** Where pairings are: $XDG_DATA_HOME/keyline/pairings, or the same in ~/.local/share. @throws KeylineError USAGE */
export function pairingFolder(env: Environment): string {
  const base = env.XDG_DATA_HOME || (env.HOME && join(env.HOME, '.local', 'share'))
  if (!base) throw fault('USAGE', { what: 'neither XDG_DATA_HOME nor HOME is set: pairings have no place' })
  return join(base, 'keyline', 'pairings')
}

/** Durable when it resolves; this user's alone. @param card as the card names itself */
export async function keepPairing(folder: string, card: string, pairing: Pairing): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const part = join(folder, `.${card}.${process.pid}`)
  const file = await open(part, 'w', 0o600)
  try {
    await file.writeFile(`${JSON.stringify(pairing)}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(part, join(folder, `${card}.json`))
}

/** Shows card and computer to each other. @throws KeylineError CARD_UNPAIRED, CARD_FOREIGN */
export async function prove(client: CardCalls, { card, challenge }: PairingNeeded, folder: string): Promise<void> {
  const pairing = await pairingOf(folder, card)
  if (pairing === undefined) throw fault('CARD_UNPAIRED')
  const key = Buffer.from(pairing.key, 'base64url')
  const nonce = randomBytes(32).toString('base64url')
  const own = Buffer.from(proofOf('pc', key, challenge, nonce)).toString('base64url')
  const { proof } = await client.call('card.prove', { pc: pairing.pc, nonce, proof: own })
  const right = timingSafeEqual(proofOf('card', key, challenge, nonce), Buffer.from(proof, 'base64url'))
  key.fill(0)
  if (!right) throw fault('CARD_FOREIGN')
}

/** @returns how the card with this serial number named itself when it was paired @throws KeylineError CONFIG_INVALID */
export async function cardOfSerial(folder: string, serial: string): Promise<string | undefined> {
  for (const card of await cardsIn(folder)) if ((await pairingOf(folder, card))?.serial === serial) return card
  return undefined
}

/** For a card that was emptied, and is to be paired anew: what was known of it is void. @throws KeylineError CONFIG_INVALID */
export async function forgetSerial(folder: string, serial: string): Promise<void> {
  const card = await cardOfSerial(folder, serial)
  if (card !== undefined) await rm(join(folder, `${card}.json`), { force: true })
}

async function cardsIn(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).flatMap((name) => NAME.exec(name)?.[1] ?? [])
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return []
    throw fault('CONFIG_INVALID', { what: `the folder of pairings ${folder} cannot be read`, cause: error })
  }
}

async function pairingOf(folder: string, card: string): Promise<Pairing | undefined> {
  try {
    return schema.parse(JSON.parse(await readFile(join(folder, `${card}.json`), 'utf8')))
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw fault('CONFIG_INVALID', { what: `the pairing with this card in ${folder} cannot be used`, cause: error })
  }
}
