import { FACTORY } from '../../sim/at-settings.ts'
import type { ModemView } from '../../sim/at-step.ts'
import { identityOf } from '../../sim/identity.ts'
import { newParts } from '../../sim/modem-options.ts'
import type { Profile } from '../../sim/profile.ts'
import { FakeClock } from '../fake-clock.ts'

/** What commands see of a modem with this number that does nothing just now. */
export function modemView(number: string, over: Partial<ModemView> = {}, profile: Profile = 'generic'): ModemView {
  const clock = new FakeClock()
  let settings = FACTORY
  const parts = newParts(
    {
      name: number,
      clock,
      sender: () => ({ number, shownNumber: number }),
      settings: () => settings,
      change: (set) => {
        settings = { ...settings, ...set }
      },
      card: () => parts.card,
      attached: () => true,
      changed: () => {},
      urc: () => {},
    },
    { profile },
  )
  return {
    ...parts,
    profile,
    imei: identityOf(number).imei,
    number,
    clock,
    held: false,
    ringing: false,
    cause: 'none',
    urc: () => {},
    attempted: () => {},
    closeSocket: () => {},
    socketUser: { room: () => 0, deliver: () => {}, closed: () => {} },
    ...over,
  }
}
