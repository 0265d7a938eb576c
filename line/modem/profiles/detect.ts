import { A7670 } from './a7670.ts'
import { BG96 } from './bg96.ts'
import { EC25 } from './ec25.ts'
import { GENERIC } from './generic.ts'
import { IRIDIUM } from './iridium.ts'
import type { ModemProfile } from './profile.ts'
import { PSTN } from './pstn.ts'
import { SIM800 } from './sim800.ts'
import { SIM7070 } from './sim7070.ts'
import { SIM7600 } from './sim7600.ts'

/** What a modem says of itself; empty where it refused to. */
export interface ModemIdentity {
  /** Lines of AT+CGMI. */
  readonly manufacturer: readonly string[]
  /** Lines of AT+CGMM. */
  readonly model: readonly string[]
  /** Lines of ATI. */
  readonly about: readonly string[]
}

/** In the order in which they are tried; an operator may also name one of them. */
export const PROFILES: readonly ModemProfile[] = [SIM7600, A7670, SIM7070, SIM800, EC25, BG96, IRIDIUM, PSTN, GENERIC]

/**
 * The first profile that recognises the model, then the lines of ATI, then the manufacturer; the generic one when none does.
 * Blanks, quotes and `+CGMM:` before the value do not matter.
 */
export function detectProfile({ model, about, manufacturer }: ModemIdentity): ModemProfile {
  for (const lines of [model, about, manufacturer]) {
    const said = lines.map(plain).join('\n')
    const found = PROFILES.find(({ recognise }) => recognise.test(said))
    if (found !== undefined) return found
  }
  return GENERIC
}

function plain(line: string): string {
  return line
    .replace(/^\s*(?:\+C?GM[IM]|MANUFACTURER|MODEL)\s*:/i, '')
    .replaceAll('"', '')
    .trim()
    .toUpperCase()
}

/** @returns undefined for a name that none has */
export function profileNamed(id: string): ModemProfile | undefined {
  return PROFILES.find((profile) => profile.id === id)
}
