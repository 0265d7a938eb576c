import { accessSync, constants, existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Check } from '../../wire/usb/methods.ts'
import { runs } from '../card/holders.ts'
import { MODEM_MANAGER, rightsCure } from '../card/open-fault.ts'

const RULES = ['60-keyline-host.rules']
const RULE_FOLDERS = ['etc/udev/rules.d', 'run/udev/rules.d', 'usr/lib/udev/rules.d', 'lib/udev/rules.d']
/** No clock that is right shows an earlier year than that of this program. */
const YEAR = 2026

export interface PcLook {
  /** Port of the card, or undefined where a modem is used, or no card was found. */
  readonly port: string | undefined
  /** Milliseconds since 1970. */
  readonly now: number
  /** Where /proc, /etc and /usr are. */
  readonly root?: string
}

/** What may stand between this computer and a card that is plugged in. */
export function pcChecks({ port, now, root = '/' }: PcLook): readonly Check[] {
  const year = new Date(now).getUTCFullYear()
  const checks: Check[] = []
  if (year < YEAR) {
    checks.push({
      name: 'clock',
      verdict: 'failed',
      what: `this computer shows the year ${year}`,
      cure: 'set it: sudo timedatectl set-ntp true',
    })
  } else checks.push({ name: 'clock', verdict: 'ok', what: new Date(now).toISOString().slice(0, 10) })
  if (port === undefined) return checks
  checks.push(permission(port, root))
  const ruled = RULE_FOLDERS.some((folder) => RULES.some((name) => existsSync(join(root, folder, name))))
  if (!runs(MODEM_MANAGER, root)) checks.push({ name: 'ModemManager', verdict: 'ok', what: 'it does not run' })
  else if (ruled) checks.push({ name: 'ModemManager', verdict: 'ok', what: 'it is told to leave cards alone' })
  else {
    checks.push({
      name: 'ModemManager',
      verdict: 'failed',
      what: 'it runs, and may take the card for a modem',
      cure: 'install the package keyline-host (npm run package -- host), then plug the card in again',
    })
  }
  return checks
}

function permission(port: string, root: string): Check {
  const name = 'permission'
  try {
    accessSync(port, constants.R_OK | constants.W_OK)
    return { name, verdict: 'ok', what: `this account may use ${port}` }
  } catch (error) {
    const isGone = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    if (isGone) return { name, verdict: 'failed', what: `there is no ${port}`, cure: 'plug the card in' }
    return { name, verdict: 'failed', what: `this account may not use ${port}`, cure: rightsCure(port, root) }
  }
}

/** Of a card that answers: one that does not know this computer says nothing, and its cure stands with the card itself. */
export function pairingCheck(wantsPairing: boolean): Check {
  const name = 'pairing'
  if (wantsPairing) return { name, verdict: 'ok', what: 'card and computer know each other' }
  const cure = 'start the card with --pairing required, then keyline card pair'
  return { name, verdict: 'unproved', what: 'the card works for any computer', cure }
}
