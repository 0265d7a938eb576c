import { type Commands, fixed, flag } from './at-command.ts'
import type { Settings } from './at-settings.ts'

/**
 * Modulation, error control and compression (V.250 §6.4 to §6.6): there is one of each, as the bearer has it, and a request for
 * another one is refused. The four reports precede CONNECT.
 */
export const MODULATION: Commands = {
  '+GCI': fixed('00'),
  '+MS': fixed('V32,1', '("V32"),(1)'),
  '+ES': fixed('1,0,1', '(1),(0),(1)'),
  '+DS': fixed('0,0,512,6', '(0),(0),(512),(6)'),
  '+MR': flag('mr', 1),
  '+ER': flag('er', 1),
  '+DR': flag('dr', 1),
  '+ILRR': flag('ilrr', 1),
}

/** What is told of a call before CONNECT, in this order (V.250 §6.4.3, §6.5.5, §6.6.2, §6.2.13). @param rate of the call, bit/s */
export function connectReports({ mr, er, dr, ilrr, speed }: Settings, rate: number): string[] {
  return [
    ...(mr === 1 ? ['+MCR: V32', `+MRR: ${rate}`] : []),
    ...(er === 1 ? ['+ER: NONE'] : []),
    ...(dr === 1 ? ['+DR: NONE'] : []),
    ...(ilrr === 1 ? [`+ILRR: ${speed === 0 ? 115_200 : speed}`] : []),
  ]
}
