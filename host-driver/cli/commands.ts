import { fault } from '../errors.ts'
import { cardFiles } from './card-files.ts'
import { CARD_PAIR } from './card-pair.ts'
import { cardPin } from './card-pin.ts'
import { cardUpdate } from './card-update.ts'
import type { Command } from './command.ts'
import { doctor } from './doctor.ts'
import { enrol } from './enrol.ts'
import { forward } from './forward.ts'
import { gateway } from './gateway.ts'
import { get } from './get.ts'
import { KEYS } from './keys.ts'
import { login } from './login.ts'
import { logout } from './logout.ts'
import { ls } from './ls.ts'
import { pay } from './pay.ts'
import { rekey } from './rekey.ts'
import { SHOP } from './shop.ts'
import { status } from './status.ts'

/** What `keyline NAME` does itself; the programs of programs.ts are started instead. */
export const COMMANDS: Readonly<Record<string, Command>> = {
  enrol,
  login,
  ls,
  get,
  ...SHOP,
  pay,
  gateway,
  forward,
  rekey,
  ...KEYS,
  logout,
  status,
  doctor,
  ...CARD_PAIR,
  'card pin': cardPin,
  'card files': cardFiles,
  'card update': cardUpdate,
}

/** Farthest slip of the pen that is taken for one, in letters. */
const SLIP_MAX = 2

/** @throws KeylineError USAGE with the nearest name there is */
export function unknownCommand(name: string, known: readonly string[]): never {
  const [nearest] = known.map((one) => ({ one, far: distance(name, one) })).sort((a, b) => a.far - b.far)
  const hint = nearest && nearest.far <= SLIP_MAX ? `; did you mean ${nearest.one}?` : ''
  throw fault('USAGE', { what: `there is no command ${JSON.stringify(name)}${hint}` })
}

/** Levenshtein's: letters to add, drop or change. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, n) => n)
  for (const [i, letter] of [...a.slice(0, 32)].entries()) {
    const next = [i + 1]
    for (let j = 0; j < b.length; j++) {
      const change = (row[j] ?? 0) + (letter === b[j] ? 0 : 1)
      next.push(Math.min(change, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
