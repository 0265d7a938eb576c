import { once } from 'node:events'
import test, { type ExecutionContext } from 'ava'
import type { PayRequest, Progress } from '../../../host-driver/index.ts'
import { Terminal } from '../../../host-driver/index.ts'
import { decodeBinaryRequest, encodeBinaryResponse } from '../../../wire/line/bhttp.ts'
import type { Field } from '../../../wire/line/bhttp-fields.ts'
import { decodePayment, PERSONAL_DATA_TYPE } from '../../../wire/line/personal-data.ts'
import { encodeReceipt, RECEIPT_TYPE, type Receipt } from '../../../wire/line/receipt.ts'
import type { Params, Result } from '../../../wire/usb/methods.ts'
import { CALL, CardRefusal, cardOnStream, until } from '../fake-card.ts'
import { EXPECTED, PAY, TAG } from '../payment.ts'
import { steps } from '../world.ts'

const TERMS = { ...EXPECTED, items: 3, lapsesInSeconds: 900 }
const RECEIPT: Receipt = {
  order: 'K-000012',
  at: 1_774_000_000,
  ...EXPECTED,
  items: [{ product: 'CAM-1', quantity: 1, price: 129_800 }],
  brand: 'Visa',
  lastFour: '1486',
}
const JSON_TYPE: Field = ['content-type', 'application/json']
const PROBLEM = { code: 'PAYMENT_REFUSED', what: 'the card company said no', cure: 'take another card' }

type Answer = Result<'line.pay'>

function accepted(status: number, content: Uint8Array | string, header: Field = JSON_TYPE, terms = TERMS): Answer {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content
  const response = encodeBinaryResponse({ status, headers: [header], content: bytes })
  return { verdict: 'accepted', terms, response: Buffer.from(response).toString('base64url'), call: CALL }
}

const paid = (receipt: Receipt = RECEIPT, type: string = RECEIPT_TYPE): Answer =>
  accepted(200, encodeReceipt(receipt), ['content-type', type])

/** A terminal whose card answers `line.pay` like this. */
async function terminal(t: ExecutionContext, answer: (params: Params<'line.pay'>) => Answer | Promise<Answer>) {
  const { card, stream } = cardOnStream()
  card.answers['line.pay'] = answer
  const events: Progress[] = []
  const it = await Terminal.open({ card: stream, onProgress: (event) => void events.push(event) })
  t.teardown(() => it.close())
  return { terminal: it, card, stream, events }
}

/** A card under way until the test ends its call. */
async function calling(t: ExecutionContext, signal?: AbortSignal) {
  const end = Promise.withResolvers<Answer>()
  const it = await terminal(t, () => end.promise)
  const outcome = it.terminal.pay({ ...PAY, ...(signal && { signal }) })
  outcome.catch(() => {})
  await until(() => it.card.asked.some(({ method }) => method === 'line.pay'))
  return { ...it, end, outcome }
}

test('S29–S36: paid, with the receipt and its very bytes', async (t) => {
  const it = await terminal(t, () => {
    for (const [state, step] of [
      ['exchanging', 'S30'],
      ['exchanging', 'S33'],
      ['paying', 'S34'],
      ['paying', 'S35'],
      ['hanging-up', 'S36'],
    ] as const) {
      it.card.state(state, step)
    }
    return paid()
  })
  const outcome = await it.terminal.pay(PAY)
  const receiptBytes = encodeReceipt(RECEIPT)
  t.deepEqual(outcome, {
    outcome: 'paid',
    receipt: RECEIPT,
    receiptBytes: Uint8Array.from(receiptBytes),
    terms: TERMS,
    call: CALL,
  })
  t.deepEqual(steps(it.events), ['S29', 'S30', 'S33', 'S34', 'S35', 'S36'])
  t.like(it.events[0], { step: 'S29', path: 'here' })
  t.true(it.events.some((event) => event.type === 'line' && event.state === 'paying'))
})

test('what the card is told: tag, amount, and a POST of /pay with the personal data', async (t) => {
  let params: Params<'line.pay'> | undefined
  const it = await terminal(t, (given) => {
    params = given
    return paid()
  })
  // What else the caller's objects hold goes nowhere.
  const expected = { ...EXPECTED, note: 'x' }
  await it.terminal.pay({ ...PAY, expected, embodiment: 3 })
  t.deepEqual(steps(it.events), ['S63'])
  if (params === undefined) return t.fail()
  const { request, ...rest } = params
  t.deepEqual(rest, { userId: 'alice', tag: TAG, expected: EXPECTED, embodiment: 3 })
  const { content, ...http } = decodeBinaryRequest(Buffer.from(request, 'base64url'))
  t.deepEqual(http, {
    method: 'POST',
    scheme: 'https',
    authority: 'keyline',
    path: '/pay',
    headers: [['content-type', PERSONAL_DATA_TYPE]],
    trailers: [],
  })
  t.deepEqual(decodePayment(content), { ...EXPECTED, data: PAY.data })
  return undefined
})

test('S32, S66: a refused tag is an answer', async (t) => {
  for (const reason of [
    'TAG_UNKNOWN',
    'TAG_FOREIGN',
    'TAG_USED',
    'TAG_LAPSED',
    'TAG_PENDING',
    'CARD_LOCKED',
    'SERVER_BUSY',
  ] as const) {
    const it = await terminal(t, () => ({ verdict: 'refused', reason, retryAfterSeconds: 7, call: CALL }))
    t.deepEqual(await it.terminal.pay(PAY), { outcome: 'refused', reason, retryAfterSeconds: 7, call: CALL })
  }
})

test('refused by the card company, not answered, not valid, not taken: answers, each with what it needs', async (t) => {
  const faults = { cardNumber: 'This card number has a typing error.', city: 'Please fill this in.' }
  const answers: readonly (readonly [status: number, body: object, outcome: object])[] = [
    [402, { ...PROBLEM, reason: 'insufficient-funds' }, { outcome: 'declined', reason: 'insufficient-funds' }],
    [202, { ...PROBLEM, code: 'PAYMENT_PENDING', order: 'K-000013' }, { outcome: 'pending', order: 'K-000013' }],
    [422, { ...PROBLEM, code: 'PERSONAL_DATA_INVALID', faults }, { outcome: 'invalid', faults }],
    [422, { ...PROBLEM, faults: {} }, { outcome: 'invalid', faults: {} }],
    [409, { ...PROBLEM, code: 'TAG_USED' }, { outcome: 'not-taken', ...PROBLEM, code: 'TAG_USED' }],
    [409, { ...PROBLEM, code: 'AMOUNT_CHANGED' }, { outcome: 'not-taken', ...PROBLEM, code: 'AMOUNT_CHANGED' }],
    [
      400,
      { ...PROBLEM, code: 'LINE_REQUEST_INVALID' },
      { outcome: 'not-taken', ...PROBLEM, code: 'LINE_REQUEST_INVALID' },
    ],
    [503, { ...PROBLEM, code: 'SERVER_BUSY', more: 1 }, { outcome: 'not-taken', ...PROBLEM, code: 'SERVER_BUSY' }],
  ]
  for (const [status, body, outcome] of answers) {
    for (const type of ['application/json', 'Application/JSON; charset=UTF-8']) {
      const it = await terminal(t, () => accepted(status, JSON.stringify(body), ['content-type', type]))
      t.deepEqual(await it.terminal.pay(PAY), { ...outcome, call: CALL })
    }
  }
})

test('an answer that is not as it should be is SERVER_PROTOCOL, and quotes nothing', async (t) => {
  const hostile = '<script>alert(1)</script>'
  const json = (status: number, body: unknown): Answer => accepted(status, JSON.stringify(body))
  const answers: readonly Answer[] = [
    accepted(200, encodeReceipt(RECEIPT)), // of another type
    accepted(200, JSON.stringify(PROBLEM)),
    accepted(200, 'no receipt', ['content-type', RECEIPT_TYPE]),
    accepted(200, new Uint8Array(0), ['content-type', RECEIPT_TYPE]),
    paid({ ...RECEIPT, amount: 129_801 }),
    paid({ ...RECEIPT, currency: 'USD' }),
    paid(RECEIPT, 'text/html'),
    accepted(402, hostile),
    accepted(402, JSON.stringify(PROBLEM)),
    json(402, { ...PROBLEM, reason: 7 }),
    json(402, { ...PROBLEM, reason: 'x'.repeat(101) }),
    json(202, PROBLEM),
    json(202, { ...PROBLEM, order: hostile }),
    json(202, { ...PROBLEM, order: "K-1'; DROP TABLE" }),
    json(422, { ...PROBLEM, faults: { [hostile]: 'x' } }),
    json(422, { ...PROBLEM, faults: { city: 7 } }),
    json(422, { ...PROBLEM, faults: ['city'] }),
    json(409, { ...PROBLEM, code: hostile }),
    json(409, { code: 'X', what: 'w' }),
    json(500, null),
    accepted(500, ''),
    accepted(204, ''),
    accepted(409, JSON.stringify(PROBLEM), ['content-type', 'text/html']),
    accepted(409, Buffer.from([0xff, 0xfe])),
    Object.assign(paid(), { response: Buffer.from('no Binary HTTP').toString('base64url') }),
    Object.assign(paid(), { response: 'AQ' }),
  ]
  for (const [n, answer] of answers.entries()) {
    const it = await terminal(t, () => answer)
    const error = await t.throwsAsync(it.terminal.pay(PAY), { code: 'SERVER_PROTOCOL' }, `${n}`)
    t.false(JSON.stringify(error).includes('script'), `${n}`)
  }
})

test('a server that failed meanwhile does not know either: the outcome is unknown', async (t) => {
  for (const status of [500, 501, 502, 504, 599]) {
    const it = await terminal(t, () => accepted(status, JSON.stringify({ ...PROBLEM, code: 'INTERNAL' })))
    const error = await t.throwsAsync(it.terminal.pay(PAY), { code: 'LINE_OUTCOME_UNKNOWN' })
    t.regex(error?.message ?? '', /INTERNAL.*look at the order/)
  }
})

test('a card that paid other terms than it was told is not believed', async (t) => {
  for (const other of [{ amount: 1 }, { currency: 'USD' }]) {
    const terms = { ...TERMS, ...other }
    const it = await terminal(t, () => accepted(402, JSON.stringify({ ...PROBLEM, reason: 'x' }), JSON_TYPE, terms))
    await t.throwsAsync(it.terminal.pay(PAY), { code: 'CARD_PROTOCOL' })
  }
})

test('what cannot be sent is refused before the card hears of it, without quoting it', async (t) => {
  const it = await terminal(t, () => paid())
  const wrong: Partial<PayRequest>[] = [
    { userId: '' },
    { userId: 'é'.repeat(33) },
    { tag: '' },
    { tag: 'x'.repeat(23) },
    { tag: `${'x'.repeat(20)}\n\n` },
    { expected: { amount: -1, currency: 'JPY' } },
    { expected: { amount: 1.5, currency: 'JPY' } },
    { expected: { amount: 1, currency: 'yen' } },
    { data: { ...PAY.data, name: 'geheim'.repeat(30) } },
    { data: { ...PAY.data, cardNumber: '4'.repeat(20) } },
    { data: { ...PAY.data, country: 'geheim' } },
    { data: { ...PAY.data, expiryYear: 20_300 } },
  ]
  for (const request of wrong) {
    const error = await t.throwsAsync(it.terminal.pay({ ...PAY, ...request }), { code: 'INPUT_INVALID' })
    t.false(JSON.stringify([error, error?.message, String(error?.cause)]).includes('geheim'))
  }
  t.is(it.card.asked.length, 1)
})

test('what the card says instead of a result is passed on unchanged', async (t) => {
  for (const code of [
    'AMOUNT_CHANGED',
    'LINE_OUTCOME_UNKNOWN',
    'LINE_BUSY',
    'LINE_TAMPERED',
    'CARD_BUSY',
    'CARD_NOT_ENROLLED',
  ]) {
    const it = await terminal(t, () => {
      throw new CardRefusal(code, 'what', 'cure')
    })
    t.like(await t.throwsAsync(it.terminal.pay(PAY), { code }), { what: 'what', cure: 'cure', origin: 'card' })
  }
})

test('without the word of the card the outcome is unknown: cable, card, nonsense, a fault of its program', async (t) => {
  const ends: readonly ((it: Awaited<ReturnType<typeof calling>>) => unknown)[] = [
    ({ stream }) => stream.destroy(),
    ({ terminal }) => terminal.close(),
    ({ end }) => end.resolve(Object.assign(paid(), { extra: 1 })),
    ({ end }) => end.reject(new CardRefusal('CARD_FAULT')),
    ({ card }) => card.say('{"jsonrpc":"2.0","id":77,"method":"card.status","params":{}}\n'),
  ]
  for (const [n, end] of ends.entries()) {
    const it = await calling(t)
    await end(it)
    const error = await t.throwsAsync(it.outcome, { code: 'LINE_OUTCOME_UNKNOWN' }, `${n}`)
    t.regex(error?.message ?? '', /look at the order/)
  }
})

test('a card that was gone before is gone, and nothing was sent', async (t) => {
  const it = await terminal(t, () => paid())
  it.stream.destroy()
  await once(it.stream, 'close')
  await t.throwsAsync(it.terminal.pay(PAY), { code: 'CARD_GONE' })
  const closed = await terminal(t, () => paid())
  await closed.terminal.close()
  await t.throwsAsync(closed.terminal.pay(PAY), { code: 'TERMINAL_CLOSED' })
})

test('cancelled before it began: the card hears nothing', async (t) => {
  const it = await terminal(t, () => paid())
  await t.throwsAsync(it.terminal.pay({ ...PAY, signal: AbortSignal.abort() }), { code: 'CANCELLED' })
  t.is(it.card.asked.length, 1)
})

test('cancelled during the call: the card’s word counts', async (t) => {
  for (const [word, code] of [
    ['LINE_CANCELLED', 'CANCELLED'],
    ['LINE_BUSY', 'CANCELLED'],
    ['LINE_OUTCOME_UNKNOWN', 'LINE_OUTCOME_UNKNOWN'],
    ['CARD_FAULT', 'LINE_OUTCOME_UNKNOWN'],
  ] as const) {
    const stop = new AbortController()
    const it = await calling(t, stop.signal)
    it.card.answers['line.cancel'] = () => {
      it.end.reject(new CardRefusal(word))
      return { cancelled: true }
    }
    stop.abort()
    await t.throwsAsync(it.outcome, { code })
    t.is(it.card.asked.at(-1)?.method, 'line.cancel')
  }
})

test('cancelled too late: what was paid is paid, and is told', async (t) => {
  const stop = new AbortController()
  const it = await calling(t, stop.signal)
  it.card.answers['line.cancel'] = () => {
    it.end.resolve(paid())
    return { cancelled: true }
  }
  stop.abort()
  t.like(await it.outcome, { outcome: 'paid', receipt: RECEIPT })
})

test('cancelled, and the card or its cable says no word any more: the outcome is unknown', async (t) => {
  for (const end of ['unplugged', 'cancel refused'] as const) {
    const stop = new AbortController()
    const it = await calling(t, stop.signal)
    it.card.answers['line.cancel'] = () => {
      if (end === 'cancel refused') throw new CardRefusal('CARD_BUSY')
      it.stream.destroy()
      return { cancelled: true }
    }
    stop.abort()
    await t.throwsAsync(it.outcome, { code: 'LINE_OUTCOME_UNKNOWN' }, end)
  }
})

test('one after the other, and a login in between: the terminal is ready for the next', async (t) => {
  const it = await terminal(t, () => paid())
  t.is((await it.terminal.pay(PAY)).outcome, 'paid')
  await t.throwsAsync(it.terminal.login({ userId: 'alice', password: 'x' }), { code: 'NOT_TOLD' })
  t.is((await it.terminal.pay(PAY)).outcome, 'paid')
})
