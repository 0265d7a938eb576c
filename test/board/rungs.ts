import { emulated } from './emulated.ts'
import { gpio } from './gpio.ts'
import { image } from './image.ts'
import { packages } from './packages.ts'
import type { Rung } from './rung.ts'
import { twoMachines } from './two-machines.ts'
import { usbLoop } from './usb-loop.ts'

/** From what is quick and small to the whole. */
export const RUNGS: readonly Rung[] = [packages, emulated, usbLoop, gpio, image, twoMachines]
