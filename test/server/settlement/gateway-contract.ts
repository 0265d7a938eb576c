import { randomBytes } from 'node:crypto'
import type { ExecutionContext, TestFn } from 'ava'
import type { PaymentGateway, PaymentState } from '../../../server/settlement/payment-gateway.ts'
import { GOOD_CARD, REFUSED_CARD } from './memory-gateway.ts'

export interface GatewayWorld {
  readonly gateway: PaymentGateway
  /** How often money moved under this key. */
  charges(key: string): Promise<number>
  /** The next request is lost on its way there, or on its way back. */
  lose(when: 'before' | 'after'): Promise<void>
}

/** The rules of payment-gateway.ts, for whoever implements it. */
export function gatewayContract(
  test: TestFn,
  name: string,
  open: (t: ExecutionContext) => Promise<GatewayWorld>,
): void {
  const fresh = (): string => randomBytes(16).toString('base64url')
  const payment = (key: string, card = GOOD_CARD) => ({ key, amount: 1999, currency: 'JPY', card })
  const authorised: PaymentState = { state: 'authorised' }
  const captured: PaymentState = { state: 'captured' }
  const voided: PaymentState = { state: 'voided' }
  const unknown: PaymentState = { state: 'unknown' }
  const unreachable: PaymentState = { state: 'unreachable' }
  const refused: PaymentState = { state: 'refused', reason: 'do-not-honour' }

  test.serial(`${name}: authorise, capture, and all of it again: one charge`, async (t) => {
    const { gateway, charges } = await open(t)
    const key = fresh()
    t.deepEqual(await gateway.look(key), unknown)
    for (let n = 0; n < 3; n++) t.deepEqual(await gateway.authorise(payment(key)), authorised)
    t.is(await charges(key), 0)
    for (let n = 0; n < 3; n++) t.deepEqual(await gateway.capture(key), captured)
    t.deepEqual(await gateway.look(key), captured)
    t.deepEqual(await gateway.authorise(payment(key)), captured)
    t.is(await charges(key), 1)
  })

  test.serial(`${name}: what is captured cannot be voided`, async (t) => {
    const { gateway, charges } = await open(t)
    const key = fresh()
    await gateway.authorise(payment(key))
    await gateway.capture(key)
    t.deepEqual(await gateway.void(key), captured)
    t.deepEqual(await gateway.look(key), captured)
    t.is(await charges(key), 1)
  })

  test.serial(`${name}: a voided authorisation is never captured`, async (t) => {
    const { gateway, charges } = await open(t)
    const key = fresh()
    await gateway.authorise(payment(key))
    for (let n = 0; n < 2; n++) t.deepEqual(await gateway.void(key), voided)
    t.deepEqual(await gateway.capture(key), voided)
    t.deepEqual(await gateway.authorise(payment(key)), voided)
    t.deepEqual(await gateway.look(key), voided)
    t.is(await charges(key), 0)
  })

  test.serial(`${name}: a void that comes first refuses the late authorise for ever`, async (t) => {
    const { gateway, charges } = await open(t)
    const key = fresh()
    t.deepEqual(await gateway.void(key), voided)
    t.deepEqual(await gateway.authorise(payment(key)), voided)
    t.deepEqual(await gateway.capture(key), voided)
    t.is(await charges(key), 0)
  })

  test.serial(`${name}: a refusal is final, with its reason; nothing is done to unknown keys`, async (t) => {
    const { gateway, charges } = await open(t)
    const key = fresh()
    t.deepEqual(await gateway.authorise(payment(key, REFUSED_CARD)), refused)
    t.deepEqual(await gateway.authorise(payment(key, REFUSED_CARD)), refused)
    t.deepEqual(await gateway.capture(key), refused)
    t.deepEqual(await gateway.void(key), refused)
    t.deepEqual(await gateway.look(key), refused)
    t.deepEqual(await gateway.capture(fresh()), unknown)
    t.is(await charges(key), 0)
  })

  test.serial(`${name}: after a lost request look tells how it stands`, async (t) => {
    const { gateway, charges, lose } = await open(t)
    const [never, done] = [fresh(), fresh()]
    await lose('before')
    t.deepEqual(await gateway.authorise(payment(never)), unreachable)
    t.deepEqual(await gateway.look(never), unknown)
    await lose('after')
    t.deepEqual(await gateway.authorise(payment(done)), unreachable)
    t.deepEqual(await gateway.look(done), authorised)
    await lose('after')
    t.deepEqual(await gateway.capture(done), unreachable)
    t.deepEqual(await gateway.capture(done), captured)
    t.is(await charges(done), 1)
  })

  test.serial(`${name}: captures and voids at once: the first one decides, and all hear the same`, async (t) => {
    const { gateway, charges } = await open(t)
    const key = fresh()
    await gateway.authorise(payment(key))
    const all = await Promise.all(
      Array.from({ length: 6 }, (_, n) => (n % 2 === 0 ? gateway.capture(key) : gateway.void(key))),
    )
    t.is(new Set(all.map(({ state }) => state)).size, 1)
    t.is(await charges(key), all[0]?.state === 'captured' ? 1 : 0)
  })
}
