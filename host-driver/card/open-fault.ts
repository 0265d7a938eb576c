import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fault, type KeylineError } from '../errors.ts'
import { type Holder, holdersOf, runs } from './holders.ts'

export const MODEM_MANAGER = 'ModemManager'
/** With it neither rights nor ModemManager are in the way. */
const PACKAGE = 'install the package keyline-host and plug the card in again'
/** Where nothing tells the group of a port, Debian's. */
const GROUP = 'dialout'

/**
 * Why a port cannot be opened, with the command that cures it. The binding's errors have texts only.
 * @param root where /proc and /etc are
 */
export function openFault(path: string, error: Error, root = '/'): KeylineError {
  const text = error.message
  const cause = error
  if (/No such (file|device)/i.test(text)) {
    const cure = 'plug the card in; ls /dev/keyline-* /dev/ttyACM* shows what there is'
    return fault('CARD_NOT_FOUND', { what: `there is no port ${path}`, cure, cause })
  }
  if (/Permission denied|not permitted/i.test(text)) {
    return fault('CARD_FORBIDDEN', { what: `this account may not open ${path}`, cure: rightsCure(path, root), cause })
  }
  if (/lock|busy|temporarily unavailable/i.test(text)) {
    const holders = holdersOf(path, root)
    const names = holders.map(({ name, pid }) => `${name} (process ${pid})`)
    const what = `${names.length === 0 ? 'another program' : names.join(', ')} uses ${path}`
    return fault('CARD_IN_USE', { what, cure: inUseCure(holders, root), cause })
  }
  return fault('CARD_GONE', { what: `${path} cannot be opened as a serial port`, cause })
}

/** The command that lets this account use a port. */
export function rightsCure(path: string, root = '/'): string {
  const group = groupOf(path, root)
  // A port of root alone: no udev rule has seen it.
  if (group === 'root') return PACKAGE
  return `sudo usermod -aG ${group} $USER, then log in to this computer again; or ${PACKAGE}`
}

function inUseCure(holders: readonly Holder[], root: string): string {
  const [holder] = holders
  if (holder !== undefined && holder.name !== MODEM_MANAGER) {
    return `wait for it to end, or end it: kill ${holder.pid}`
  }
  if (holder !== undefined || runs(MODEM_MANAGER, root)) {
    return `${holder === undefined ? 'if it is ModemManager: ' : ''}${PACKAGE}, or: sudo systemctl stop ModemManager`
  }
  return `wait for it to end, or end it; sudo fuser -v on the port shows which it is`
}

function groupOf(path: string, root: string): string {
  try {
    const { gid, mode } = statSync(path)
    if (gid === 0 || (mode & 0o060) !== 0o060) return 'root'
    const line = readFileSync(join(root, 'etc/group'), 'utf8')
      .split('\n')
      .find((it) => it.split(':')[2] === String(gid))
    const [name = ''] = line?.split(':') ?? []
    return /^[a-z_][a-z0-9_-]{0,31}$/.test(name) ? name : GROUP
  } catch {
    return GROUP
  }
}
