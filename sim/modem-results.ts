import type { Result } from './at-result.ts'
import type { Settings } from './at-settings.ts'
import { MAKERS, type Profile } from './profile.ts'
import type { SimCard } from './sim-card.ts'

/** What a modem says by itself when it has started. */
export function bootLines(profile: Profile, card: SimCard | undefined): string[] {
  return MAKERS[profile].boot.map((line) => (line === 'CPIN' ? `+CPIN: ${card?.state ?? 'NOT INSERTED'}` : line))
}

/** What it says when the network takes a context away (TS 27.007 §10.1.19). */
export function contextLost(cid: number, address: string, profile: Profile, { cgerep }: Settings): string[] {
  const event = cgerep === 0 ? [] : [`+CGEV: NW DEACT "IP","${address}",${cid}`]
  if (profile === 'simcom') return [...event, '+CIPEVENT: NETWORK CLOSED UNEXPECTEDLY']
  return profile === 'quectel' ? [...event, `+QIURC: "pdpdeact",${cid}`] : event
}

/** What it says when a socket was closed by the far end. @param held the terminal was at commands */
export function socketClosed(held: boolean, profile: Profile): Result {
  if (profile !== 'quectel') return { words: 'CLOSED' }
  return held ? { words: '+QIURC: "closed",0' } : 'no-carrier'
}
