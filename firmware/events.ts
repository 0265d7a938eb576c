import type { KeeperEvent } from '../line/modem/keeper.ts'
import type { NotificationParams } from '../wire/usb/methods.ts'
import type { CardProblem } from './card/errors.ts'

/** What the program tells about itself. No secrets, no user IDs, no numbers. */
export type ProgramEvent =
  | {
      readonly event: 'ready'
      readonly usb: string
      readonly modem: string
      readonly store: string
      readonly enrolled: boolean
      readonly cardId: string
    }
  | ({ readonly event: 'line' } & NotificationParams<'line.state'>)
  | ({ readonly event: 'job.failed' | 'usb.closed' | 'button.stuck' } & CardProblem)
  | { readonly event: 'enrolled'; readonly cardId: string }
  | { readonly event: 'usb.open' | 'usb.gone' }
  /** A code that a PC asked for: good once, for two minutes, and for whoever reads this. */
  | { readonly event: 'pairing.code'; readonly code: string; readonly seconds: number }
  | { readonly event: 'ticket.refused'; readonly code: string }
  | { readonly event: 'pin.set' }
  | ({ readonly event: 'pin.refused' } & CardProblem)
  | { readonly event: 'update.healthy'; readonly version: string }
  | { readonly event: 'update.rolled-back'; readonly version: string; readonly why: string }
  | KeeperEvent

/** One line for people. */
export function describe(it: ProgramEvent): string {
  switch (it.event) {
    case 'ready':
      return `ready: PC on ${it.usb}, modem ${it.modem}, ${it.enrolled ? `enrolled as ${it.cardId}` : 'not enrolled'}`
    case 'line':
      return `line ${it.state}${it.step ? ` ${it.step}` : ''}: ${it.text}`
    case 'job.failed':
    case 'usb.closed':
    case 'button.stuck':
      return `${it.code}: ${it.what}; ${it.cure}`
    case 'enrolled':
      return `enrolled as ${it.cardId}`
    case 'usb.open':
      return 'the port to the PC is open'
    case 'usb.gone':
      return 'the PC is gone'
    case 'pairing.code':
      return `pairing code ${it.code}, good for ${it.seconds} s`
    case 'ticket.refused':
      return `the ticket that was put on the card is not taken: ${it.code}`
    case 'pin.refused':
      return `the PIN that was put on the card is not taken: ${it.code}: ${it.what}`
    case 'pin.set':
      return 'the PIN that was put on the card is set'
    case 'update.healthy':
      return `version ${it.version} works: older ones are refused from now on`
    case 'update.rolled-back':
      return `the update to ${it.version} was rolled back: ${it.why}`
    case 'modem.usable':
      return `the modem is usable: ${it.detail}`
    case 'modem.lost':
      return `the modem is not usable: ${it.detail}`
    case 'modem.recovering':
      return `the modem is got back by ${it.rung}: ${it.detail}`
  }
}
