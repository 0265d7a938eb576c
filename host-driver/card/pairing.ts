import { randomBytes, timingSafeEqual } from 'node:crypto'
import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { type PairingNeeded, proofOf } from '../../wire/usb/pairing.ts'
import { fault, systemCode } from '../errors.ts'
import type { CardCalls } from './card-link.ts'

type Environment = Readonly<Record<string, string | undefined>>

const schema = z.strictObject({
  pc: z.string().regex(/^[0-9a-f]{16}$/),
  key: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
})
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

async function pairingOf(folder: string, card: string): Promise<Pairing | undefined> {
  try {
    return schema.parse(JSON.parse(await readFile(join(folder, `${card}.json`), 'utf8')))
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw fault('CONFIG_INVALID', { what: `the pairing with this card in ${folder} cannot be used`, cause: error })
  }
}
