import type { Clock } from '../../line/clock.ts'
import { ChardevGpio } from './chardev-gpio.ts'
import { type Gpio, MemoryGpio } from './gpio.ts'
import { linuxKernel } from './gpio-kernel.ts'
import { openPanelGpio } from './panel-gpio.ts'
import type { BoardProfile } from './profile.ts'

/**
 * The pins of a board; remembered ones for a board that has none. A profile that is not this board's ends the start rather than
 * leave a user with lights that never speak.
 * @param panel port of the simulator's panel, where that stands in for the board's pins
 * @throws CardError GPIO_ABSENT, GPIO_PERMISSION, GPIO_UNUSABLE (as a rejection)
 */
export async function openGpio({ gpio }: BoardProfile, clock: Clock, panel?: string): Promise<Gpio> {
  if (panel !== undefined) return await openPanelGpio(panel, clock)
  return gpio === null ? new MemoryGpio() : new ChardevGpio(await linuxKernel(), clock, gpio.chips)
}
