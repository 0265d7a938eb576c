import { encodeBinaryResponse } from '../../wire/line/bhttp.ts'
import { RECEIPT_TYPE } from '../../wire/line/receipt.ts'
import type { Params, Result } from '../../wire/usb/methods.ts'
import { CALL, type FakeCard } from './fake-card.ts'
import type { FakeShop } from './fake-shop.ts'

type Paying = Params<'line.pay'>
type Paid = Result<'line.pay'>

/** The server's answer of this status in the purchase call. */
export function answered({ expected }: Paying, status: number, content: Uint8Array | object): Paid {
  const receipt = content instanceof Uint8Array
  const type = receipt ? RECEIPT_TYPE : 'application/json'
  const bytes = receipt ? content : Buffer.from(JSON.stringify(content))
  const response = encodeBinaryResponse({ status, headers: [['content-type', type]], content: bytes })
  const terms = { ...expected, items: 1, lapsesInSeconds: 800 }
  return { verdict: 'accepted', terms, response: Buffer.from(response).toString('base64url'), call: CALL }
}

/** Does as a card, a server and its card company do in one good call, steps included. */
export function paying(card: FakeCard, shop: FakeShop): void {
  card.answers['line.pay'] = (params) => {
    const steps = params.embodiment === 2 ? ['S30', 'S33', 'S34', 'S35', 'S36'] : ['S64', 'S67', 'S68', 'S69', 'S70']
    for (const step of steps) card.state('paying', step)
    shop.state = 'used'
    return answered(params, 200, shop.receipt)
  }
}
