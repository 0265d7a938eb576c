import type { CardPin } from '../card/card-pin.ts'
import type { CardApi } from './usb-link.ts'

/** The methods of the card's PIN. */
export function pinApi(pin: CardPin): Pick<CardApi, 'card.pin.unlock' | 'card.pin.set'> {
  return {
    'card.pin.unlock': (params) => pin.unlock(params.pin),
    'card.pin.set': ({ current, wanted }) => pin.change(current, wanted),
  }
}
