import test from 'ava'
import { KeylineError } from '../../../host-driver/errors.ts'
import type { Progress } from '../../../host-driver/events.ts'
import type { PayOutcome } from '../../../host-driver/flows/pay.ts'
import { payAndLearn } from '../../../host-driver/flows/settled.ts'
import type { Tag } from '../../../host-driver/requests/shop-api.ts'
import type { After } from '../../../host-driver/timers.ts'
import { decodeReceipt, encodeReceipt, type Receipt } from '../../../wire/line/receipt.ts'
import { CALL } from '../fake-card.ts'
import { TAG } from '../fake-shop.ts'

const RECEIPT: Receipt = {
  order: 'K-000012',
  at: 1_774_000_000,
  amount: 4990,
  currency: 'EUR',
  items: [{ product: 'L-100', quantity: 1, price: 4990 }],
  brand: 'Visa',
  lastFour: '4242',
}
const BYTES = Uint8Array.from(encodeReceipt(RECEIPT))
const OPEN: Tag = {
  tag: TAG,
  basket: 'B1',
  userId: 'alice',
  state: 'open',
  amount: 4990,
  currency: 'EUR',
  items: [{ product: 'L-100', name: 'Lamp', quantity: 1, price: 4990 }],
  issuedAt: new Date(0),
  lapsesAt: new Date(900_000),
  order: null,
  orderState: null,
  receipt: null,
}
const PAYING: Tag = { ...OPEN, state: 'paying', order: 'K-000012', orderState: 'authorising' }
const USED: Tag = { ...PAYING, state: 'used', orderState: 'paid', receipt: BYTES }
const terms = { amount: 4990, currency: 'EUR', items: 1, lapsesInSeconds: 9 }
const PAID: PayOutcome = { outcome: 'paid', receipt: RECEIPT, receiptBytes: BYTES, terms, call: CALL }
const PENDING: PayOutcome = { outcome: 'pending', order: 'K-000012', call: CALL }

const fault = (code: string) => new KeylineError({ code, what: 'w', cure: 'c', origin: 'card' })
const LOST = fault('LINE_OUTCOME_UNKNOWN')
const GONE = new KeylineError({ code: 'INTERNET_UNREACHABLE', what: 'w', cure: 'c', origin: 'here' })

/** Looks at a shop that answers these in order, the last one again and again; pauses pass at once. */
function shop(...answers: readonly (Tag | Error)[]) {
  const pauses: number[] = []
  const events: Progress[] = []
  const seen = { looks: 0 }
  // Limits of a look are never reached here, and are told apart from pauses by their length.
  const after: After = (ms, run) => {
    if (ms !== 10_000) {
      pauses.push(ms)
      setImmediate(run)
    }
    return () => {}
  }
  const tag = async (): Promise<Tag> => {
    const answer = answers[Math.min(seen.looks++, answers.length - 1)]
    if (answer === undefined || answer instanceof Error) throw answer
    return answer
  }
  const parts = {
    shop: { tag },
    embodiment: 2 as 2 | 3,
    after,
    onProgress: (event: Progress) => void events.push(event),
  }
  return { parts, pauses, events, seen }
}

const lost = async (): Promise<PayOutcome> => {
  throw LOST
}

test('paid, and the shop shows the same bytes', async (t) => {
  const { parts, seen, events } = shop(USED)
  const purchase = await payAndLearn(parts, OPEN, async () => PAID)
  t.deepEqual(purchase, { ...PAID, learned: 'line', shown: 'same' })
  t.is(seen.looks, 1)
  t.deepEqual(events, [])
})

test('paid, and the shop shows other bytes, or none: that is told', async (t) => {
  const other = Uint8Array.from(encodeReceipt({ ...RECEIPT, lastFour: '4243' }))
  const shown = [{ ...USED, receipt: other }, { ...USED, receipt: BYTES.slice(1) }, { ...USED, receipt: null }, OPEN]
  for (const answer of shown) {
    t.like(await payAndLearn(shop(answer).parts, OPEN, async () => PAID), { outcome: 'paid', shown: 'differs' })
  }
})

test('what was paid stays paid, whatever keeps the shop from telling', async (t) => {
  for (const code of ['INTERNET_UNREACHABLE', 'SESSION_EXPIRED', 'SERVER_PROTOCOL', 'TAG_UNKNOWN']) {
    const { parts, seen, pauses } = shop(fault(code))
    t.like(await payAndLearn(parts, OPEN, async () => PAID), { outcome: 'paid', shown: 'unseen', receipt: RECEIPT })
    t.is(seen.looks, 3)
    t.deepEqual(pauses, [0, 500, 1000], 'nobody waits long for a comparison')
  }
  const back = shop(GONE, USED)
  t.like(await payAndLearn(back.parts, OPEN, async () => PAID), { shown: 'same' })
})

test('refusals need no second word of the shop', async (t) => {
  const outcomes: readonly PayOutcome[] = [
    { outcome: 'refused', reason: 'TAG_USED', retryAfterSeconds: 0, call: CALL },
    { outcome: 'declined', reason: 'do-not-honour', call: CALL },
    { outcome: 'invalid', faults: { name: 'Please fill this in.' }, call: CALL },
    { outcome: 'not-taken', code: 'TAG_LAPSED', what: 'w', cure: 'c', call: CALL },
  ]
  for (const outcome of outcomes) {
    const { parts, seen } = shop(USED)
    t.is(await payAndLearn(parts, OPEN, async () => outcome), outcome as never)
    t.is(seen.looks, 0)
  }
})

test('errors that are certain go through, and the shop is not asked', async (t) => {
  for (const code of ['AMOUNT_CHANGED', 'NO_DIALTONE', 'CARD_GONE', 'CANCELLED']) {
    const { parts, seen } = shop(USED)
    await t.throwsAsync(
      payAndLearn(parts, OPEN, async () => {
        throw fault(code)
      }),
      { code },
    )
    t.is(seen.looks, 0)
  }
  await t.throwsAsync(
    payAndLearn(shop(USED).parts, OPEN, () => Promise.reject(new RangeError('x'))),
    {
      instanceOf: RangeError,
    },
  )
})

test('no answer came, and it was paid: learned over the Internet', async (t) => {
  for (const answers of [[USED], [PAYING, PAYING, USED], [GONE, OPEN, USED], [OPEN, PAYING, GONE, USED]]) {
    const { parts, events, seen } = shop(...answers)
    const purchase = await payAndLearn(parts, OPEN, lost)
    t.deepEqual(purchase, { outcome: 'paid', receipt: RECEIPT, receiptBytes: BYTES, learned: 'internet' })
    t.is(seen.looks, answers.length)
    t.deepEqual(
      events.map((event) => event.type === 'step' && [event.step, event.path]),
      [
        ['S35', 'internet'],
        ['S35', 'internet'],
      ],
    )
  }
})

test('in the third embodiment the step is S69', async (t) => {
  const { parts, events } = shop(USED)
  await payAndLearn({ ...parts, embodiment: 3 }, OPEN, lost)
  t.true(events.every((event) => event.type === 'step' && event.step === 'S69'))
})

test('an answer that cannot be read is no answer: the shop is asked', async (t) => {
  const strange = async (): Promise<PayOutcome> => {
    throw fault('SERVER_PROTOCOL')
  }
  t.like(await payAndLearn(shop(USED).parts, OPEN, strange), { outcome: 'paid', learned: 'internet' })
})

test('no answer came, and nothing was charged: only after all looks, for it may still be on its way', async (t) => {
  const { parts, seen, pauses } = shop(OPEN)
  t.deepEqual(await payAndLearn(parts, OPEN, lost), { outcome: 'not-charged', tag: OPEN, learned: 'internet' })
  t.is(seen.looks, 8)
  const waited = pauses.reduce((sum, ms) => sum + ms, 0)
  t.true(waited > 30_000 && waited < 60_000, 'longer than the server waits for the card company, and bounded')
})

test('a tag that came to another end can never be charged: told at once', async (t) => {
  for (const state of ['lapsed', 'cancelled'] as const) {
    const { parts, seen } = shop({ ...OPEN, state })
    t.like(await payAndLearn(parts, OPEN, lost), { outcome: 'not-charged', tag: { state } })
    t.is(seen.looks, 1)
  }
})

test('nobody can be asked: the error of the call stands', async (t) => {
  const { parts, seen } = shop(GONE)
  await t.throwsAsync(payAndLearn(parts, OPEN, lost), { is: LOST })
  t.is(seen.looks, 8)
})

test('pending, then paid', async (t) => {
  const { parts, seen } = shop(PAYING, PAYING, USED)
  t.like(await payAndLearn(parts, OPEN, async () => PENDING), { outcome: 'paid', learned: 'internet' })
  t.is(seen.looks, 3)
})

test('pending, then open again: the order was voided, told at once', async (t) => {
  const { parts, seen } = shop(PAYING, OPEN)
  t.like(await payAndLearn(parts, OPEN, async () => PENDING), { outcome: 'not-charged', tag: { state: 'open' } })
  t.is(seen.looks, 2)
})

test('pending to the end, or nobody to ask: it stays pending', async (t) => {
  for (const answer of [PAYING, GONE]) {
    t.deepEqual(await payAndLearn(shop(answer).parts, OPEN, async () => PENDING), { ...PENDING, learned: 'line' })
  }
  t.deepEqual(await payAndLearn(shop(PAYING).parts, OPEN, lost), {
    outcome: 'pending',
    order: 'K-000012',
    learned: 'internet',
  })
})

test('a shop that lies: no receipt, garbage, another amount, another tag', async (t) => {
  const cheap = Uint8Array.from(encodeReceipt({ ...RECEIPT, amount: 1 }))
  const yen = Uint8Array.from(encodeReceipt({ ...RECEIPT, currency: 'JPY' }))
  for (const receipt of [null, new Uint8Array(), Uint8Array.of(1, 2, 3), BYTES.slice(0, -1), cheap, yen]) {
    const { parts } = shop({ ...USED, receipt })
    await t.throwsAsync(payAndLearn(parts, OPEN, lost), { code: 'SERVER_PROTOCOL' })
  }
  const { parts } = shop({ ...USED, tag: `${'z'.repeat(21)}A` })
  await t.throwsAsync(payAndLearn(parts, OPEN, lost), { is: LOST })
})

test('who left is told after one look, without waiting', async (t) => {
  const { parts, seen, pauses } = shop(PAYING)
  const purchase = await payAndLearn({ ...parts, signal: AbortSignal.abort() }, OPEN, lost)
  t.like(purchase, { outcome: 'pending' })
  t.is(seen.looks, 1)
  t.deepEqual(pauses, [])
})

test('a look that hangs is given up, and the next one tells', async (t) => {
  let looks = 0
  const tag = (_tag: string, signal?: AbortSignal): Promise<Tag> => {
    if (looks++ > 0) return Promise.resolve(USED)
    return new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(GONE)))
  }
  const after: After = (_ms, run) => {
    const soon = setImmediate(run)
    return () => clearImmediate(soon)
  }
  const parts = { shop: { tag }, embodiment: 2, after, onProgress: () => {} } as const
  t.like(await payAndLearn(parts, OPEN, lost), { outcome: 'paid' })
  t.is(looks, 2)
})

test('the receipt of these tests is one', (t) => t.deepEqual(decodeReceipt(BYTES), RECEIPT))
