import test, { type ExecutionContext } from 'ava'
import { CLONED } from '../../../server/sessions/exchange.ts'
import type { AnsweredCall } from '../../../server/sessions/line-service.ts'
import { REQUESTS_MAX } from '../../../server/sessions/purchase-channel.ts'
import { LINE_HTTP_MAX } from '../../../wire/limits.ts'
import { type BinaryRequest, encodeBinaryRequest } from '../../../wire/line/bhttp.ts'
import { encodeArray } from '../../../wire/line/cbor.ts'
import { encodeMessage } from '../../../wire/line/message.ts'
import { PURCHASE_REFUSALS } from '../../../wire/line/purchase.ts'
import { seeded } from '../../random.ts'
import { enrolled, type TestCard } from '../test-card.ts'
import { hex, START, startNode, USER, type World, world } from '../world.ts'
import { FakeShop, PAY, PurchaseCall, TAG, TAG_TEXT, TERMS, text } from './purchase-call.ts'

const SEED = 314_159

interface Scene extends World {
  readonly shop: FakeShop
  readonly card: TestCard
  /** A call that stands. */
  readonly call: AnsweredCall
}

async function scene(t: ExecutionContext, shop = new FakeShop()): Promise<Scene> {
  const it = await world(t, { shop: shop.parts })
  const card = await enrolled(it)
  const call = it.line.answer('+81900000000')
  t.teardown(() => call.close())
  return { ...it, shop, card, call }
}

/** A call in which the tag was accepted. */
async function accepted(t: ExecutionContext, shop?: FakeShop): Promise<Scene & { readonly purchase: PurchaseCall }> {
  const it = await scene(t, shop)
  const purchase = new PurchaseCall(it.card)
  t.is(purchase.accept(await it.call.handle(purchase.message)).verdict, 'accepted')
  return { ...it, purchase }
}

test('S30–S35: a tag that is accepted, one request, one answer, in one call', async (t) => {
  const it = await scene(t)
  const purchase = new PurchaseCall(it.card)
  t.deepEqual(purchase.accept(await it.call.handle(purchase.message)), { verdict: 'accepted', ...TERMS })
  t.deepEqual(it.shop.opened, [{ cardId: 'card-1', userId: USER, tag: TAG_TEXT }])
  t.deepEqual(it.shop.asked, [])
  const answer = purchase.open(await it.call.handle(purchase.seal()))
  t.is(answer.status, 200)
  t.is(text(answer.content), 'paid with 16')
  t.like(it.shop.asked[0], {
    method: 'POST',
    url: 'https://keyline/pay',
    body: '4242424242424242',
    access: { path: 'line', cardId: 'card-1', userId: USER, tag: TAG_TEXT },
  })
  t.is(it.shop.asked[0]?.headers['content-type'], 'text/plain')
  t.is(it.argon2.runs, 0)
  // The ratchet is where it is after any call.
  t.is((await it.card.login(it)).verdict.verdict, 'permitted')
})

test('the events hold no user ID, tag or personal data', async (t) => {
  const it = await accepted(t)
  it.shop.answer = () => {
    throw new Error('4242424242424242')
  }
  it.purchase.open(await it.call.handle(it.purchase.seal()))
  await it.call.handle(it.purchase.seal().subarray(0, -1))
  const events = JSON.stringify(it.events)
  for (const secret of [USER, TAG_TEXT, hex(TAG), '4242']) t.false(events.includes(secret), secret)
  for (const event of ['channel.opened', 'line.fault', 'request.answered', 'channel.broken']) {
    t.true(
      it.events.some((one) => one.event === event && one.path === 'line'),
      event,
    )
  }
})

for (const reason of new Set(Object.values(PURCHASE_REFUSALS))) {
  test(`S32: ${reason} moves the ratchet, and opens no channel`, async (t) => {
    const it = await scene(t)
    it.shop.verdict = () => ({ verdict: 'refused', reason, retryAfterSeconds: 3 })
    const purchase = new PurchaseCall(it.card)
    const verdict = purchase.accept(await it.call.handle(purchase.message))
    t.deepEqual(verdict, { verdict: 'refused', reason, retryAfterSeconds: 3 })
    t.is(await it.call.handle(purchase.seal()), undefined)
    t.deepEqual(it.shop.asked, [])
    // In the same call another one may follow.
    it.shop.verdict = () => ({ verdict: 'accepted', ...TERMS })
    const again = new PurchaseCall(it.card)
    t.is(again.accept(await it.call.handle(again.message)).verdict, 'accepted')
    t.is(again.open(await it.call.handle(again.seal())).status, 200)
  })
}

test('without a shop, or without its application, every tag is unknown', async (t) => {
  const shop = new FakeShop()
  for (const parts of [{}, { purchases: shop }, { app: shop }]) {
    const it = await world(t, { shop: parts })
    const card = await enrolled(it)
    const call = it.line.answer(undefined)
    const purchase = new PurchaseCall(card)
    const verdict = purchase.accept(await call.handle(purchase.message))
    t.deepEqual(verdict, { verdict: 'refused', reason: 'TAG_UNKNOWN', retryAfterSeconds: 0 })
    t.is(await call.handle(purchase.seal()), undefined)
  }
  t.deepEqual([shop.opened, shop.asked], [[], []])
})

test('payloads that are no opening get the answer of an unknown payload, which a card reads as an unknown tag', async (t) => {
  const it = await scene(t)
  const payloads = [
    encodeArray([2, TAG]),
    encodeArray([2, TAG.subarray(1), USER]),
    encodeArray([2, TAG, 'u'.repeat(65)]),
    encodeArray([3, TAG, USER]),
    new Uint8Array(0),
    Buffer.from('ff', 'hex'),
  ]
  for (const payload of payloads) {
    const purchase = new PurchaseCall(it.card, { payload })
    const verdict = purchase.accept(await it.call.handle(purchase.message))
    t.deepEqual(verdict, { verdict: 'refused', reason: 'TAG_UNKNOWN', retryAfterSeconds: 0 })
    t.is(await it.call.handle(purchase.seal()), undefined)
  }
  t.deepEqual(it.shop.opened, [])
})

test('a locked card is told so, and the shop is not asked', async (t) => {
  const it = await scene(t)
  await it.store.lockCard('card-1', 'reported as lost', START)
  const purchase = new PurchaseCall(it.card)
  const verdict = purchase.accept(await it.call.handle(purchase.message))
  t.like(verdict, { verdict: 'refused', reason: 'CARD_LOCKED' })
  t.is(await it.call.handle(purchase.seal()), undefined)
  t.deepEqual([it.shop.opened, it.shop.asked], [[], []])
})

test('a card that is locked while its tag is looked at gets no channel', async (t) => {
  const it = await scene(t)
  it.shop.verdict = async () => {
    await it.store.lockCard('card-1', 'reported as lost', START)
    return { verdict: 'accepted', ...TERMS }
  }
  const purchase = new PurchaseCall(it.card)
  t.like(purchase.accept(await it.call.handle(purchase.message)), { reason: 'CARD_LOCKED' })
  t.is(await it.call.handle(purchase.seal()), undefined)
})

test('a repeated opening gets the very same bytes, and no channel: those keys have sealed already', async (t) => {
  const it = await scene(t)
  const purchase = new PurchaseCall(it.card)
  const first = await it.call.handle(purchase.message)
  const later = it.line.answer(undefined)
  for (const call of [it.call, later]) {
    t.is(hex(await call.handle(purchase.message)), hex(first))
    t.is(it.shop.opened.length, 1)
  }
  purchase.accept(first)
  for (const call of [it.call, later]) t.is(await call.handle(purchase.seal()), undefined)
  t.deepEqual(it.shop.asked, [])
  // Settled so, the card asks afresh in the same call.
  const fresh = new PurchaseCall(it.card)
  t.is(fresh.accept(await later.handle(fresh.message)).verdict, 'accepted')
  t.is(fresh.open(await later.handle(fresh.seal())).status, 200)
})

test('another node repeats the answer too, and has no channel for it', async (t) => {
  const it = await scene(t)
  const other = await startNode(t, it.path, { node: 'other', clock: it.clock, shop: it.shop.parts })
  const purchase = new PurchaseCall(it.card)
  const first = await it.call.handle(purchase.message)
  const there = other.line.answer(undefined)
  t.is(hex(await there.handle(purchase.message)), hex(first))
  purchase.accept(first)
  t.is(await there.handle(purchase.seal()), undefined)
  t.deepEqual(it.shop.asked, [])
})

test('a message in the channel without an exchange, after a login and after an enrolment: no answer', async (t) => {
  const it = await scene(t)
  t.is(await it.call.handle(encodeMessage('channel', new Uint8Array(40))), undefined)
  const login = it.card.begin()
  it.card.accept(login, (await it.call.handle(login.message)) ?? new Uint8Array(0))
  t.is(await it.call.handle(encodeMessage('channel', new Uint8Array(40))), undefined)
  t.deepEqual(it.shop.asked, [])
})

test('another exchange in the same call ends the channel before it, good or not', async (t) => {
  for (const next of ['login', 'garbage', 'enrolment'] as const) {
    const it = await accepted(t)
    const garbage = encodeMessage(next === 'enrolment' ? 'enrolment' : 'exchange', new Uint8Array(64))
    await it.call.handle(next === 'login' ? it.card.begin().message : garbage)
    t.is(await it.call.handle(it.purchase.seal()), undefined)
    t.deepEqual(it.shop.asked, [])
  }
})

test('the same message twice: the second does not open, and then nothing does', async (t) => {
  const it = await accepted(t)
  const message = it.purchase.seal()
  it.purchase.open(await it.call.handle(message))
  t.is(await it.call.handle(message), undefined)
  t.is(await it.call.handle(it.purchase.seal()), undefined)
  t.is(it.shop.asked.length, 1)
})

test('messages out of order, of another call, or echoed: the channel is closed for good', async (t) => {
  const other = await accepted(t)
  const wrong: ((purchase: PurchaseCall) => Uint8Array)[] = [
    (purchase) => {
      purchase.seal()
      return purchase.seal()
    },
    () => other.purchase.seal(),
    () => encodeMessage('channel', new Uint8Array(1)),
    () => encodeMessage('channel', new Uint8Array(16_000)),
  ]
  for (const message of wrong) {
    const it = await accepted(t)
    t.is(await it.call.handle(message(it.purchase)), undefined)
    t.is(await it.call.handle(it.purchase.seal()), undefined)
    t.deepEqual(it.shop.asked, [])
  }
  const it = await accepted(t)
  const answer = await it.call.handle(it.purchase.seal())
  t.is(await it.call.handle(encodeMessage('channel', answer ?? new Uint8Array(1))), undefined)
  t.is(await it.call.handle(it.purchase.seal()), undefined)
})

test('after the call nothing is answered, and what was under way is not sent', async (t) => {
  const it = await accepted(t)
  const settled = Promise.withResolvers<Response>()
  it.shop.answer = () => settled.promise
  const answer = it.call.handle(it.purchase.seal())
  while (it.shop.asked.length === 0) await new Promise((resolve) => setImmediate(resolve))
  it.call.close()
  it.call.close()
  settled.resolve(new Response('paid'))
  t.is(await answer, undefined)
  t.is(await it.call.handle(it.purchase.seal()), undefined)
  t.is(await it.call.handle(it.card.begin().message), undefined)
  t.is(it.shop.asked.length, 1)
})

test('a call that ends while its tag is looked at leaves no channel', async (t) => {
  const it = await scene(t)
  it.shop.verdict = () => {
    it.call.close()
    return { verdict: 'accepted', ...TERMS }
  }
  const purchase = new PurchaseCall(it.card)
  purchase.accept(await it.call.handle(purchase.message))
  t.is(await it.call.handle(purchase.seal()), undefined)
})

test('the channel of one call is none of another’s', async (t) => {
  const it = await accepted(t)
  const other = it.line.answer(undefined)
  t.is(await other.handle(it.purchase.seal()), undefined)
  t.deepEqual(it.shop.asked, [])
})

test('one request at a time: what comes meanwhile is not taken, and does no harm', async (t) => {
  const it = await accepted(t)
  const settled = Promise.withResolvers<Response>()
  it.shop.answer = () => settled.promise
  const first = it.call.handle(it.purchase.seal())
  while (it.shop.asked.length === 0) await new Promise((resolve) => setImmediate(resolve))
  const second = it.purchase.seal()
  t.is(await it.call.handle(second), undefined)
  settled.resolve(new Response('first'))
  t.is(text(it.purchase.open(await first).content), 'first')
  it.shop.answer = () => new Response('second')
  t.is(text(it.purchase.open(await it.call.handle(second)).content), 'second')
})

test(`${REQUESTS_MAX} requests in a call, and not one more`, async (t) => {
  const it = await accepted(t)
  for (let n = 0; n < REQUESTS_MAX; n++) t.is(it.purchase.open(await it.call.handle(it.purchase.seal())).status, 200)
  t.is(await it.call.handle(it.purchase.seal()), undefined)
  t.is(await it.call.handle(it.purchase.seal()), undefined)
  t.is(it.shop.asked.length, REQUESTS_MAX)
})

const NOT_TAKEN: readonly (readonly [what: string, request: Partial<BinaryRequest>])[] = [
  ['another scheme', { scheme: 'http' }],
  ['another authority', { authority: 'shop.example' }],
  ['no authority', { authority: '' }],
  ['an authority in capitals', { authority: 'KEYLINE' }],
  ['a port', { authority: 'keyline:443' }],
  ['dots in its path', { path: '/x/../pay' }],
  ['an encoded dot in its path', { path: '/%2e%2e/pay' }],
  ['a character that a URL does not have', { path: '/pay"' }],
  ['a method that the web forbids', { method: 'TRACE' }],
  ['CONNECT', { method: 'CONNECT' }],
  ['a GET with content', { method: 'GET' }],
]
for (const [what, request] of NOT_TAKEN) {
  test(`a request with ${what} is 400, and the application never sees it`, async (t) => {
    const it = await accepted(t)
    const answer = it.purchase.open(await it.call.handle(it.purchase.seal({ ...PAY, ...request })))
    t.is(answer.status, 400)
    t.like(JSON.parse(text(answer.content)), { code: 'LINE_REQUEST_INVALID' })
    t.deepEqual(it.shop.asked, [])
    // The next one is taken.
    t.is(it.purchase.open(await it.call.handle(it.purchase.seal())).status, 200)
  })
}

test('authentic bytes that are no request are 400 too', async (t) => {
  const it = await accepted(t)
  for (const bytes of [
    new Uint8Array(0),
    new Uint8Array(30),
    Buffer.from('POST /pay'),
    new Uint8Array(LINE_HTTP_MAX + 1),
  ]) {
    t.is(it.purchase.open(await it.call.handle(it.purchase.seal(bytes))).status, 400)
  }
  t.deepEqual(it.shop.asked, [])
})

test('paths, queries, headers and methods come to the application as they are', async (t) => {
  const it = await accepted(t)
  for (const [method, path, content] of [
    ['GET', '/shop/tag/x?a=%2F&b', ''],
    ['DELETE', '//pay', ''],
    ['PUT', '/', 'body'],
  ] as const) {
    const headers = [
      ['x-one', 'caf\xe9'],
      ['x-two', ''],
    ] as const
    it.purchase.open(
      await it.call.handle(it.purchase.seal({ ...PAY, method, path, headers, content: Buffer.from(content) })),
    )
    t.like(it.shop.asked.at(-1), { method, url: `https://keyline${path}`, body: content })
    t.like(it.shop.asked.at(-1)?.headers, { 'x-one': 'caf\xe9', 'x-two': '' })
  }
})

test('of an answer, status, type and content go over the line, and nothing that only costs', async (t) => {
  const it = await accepted(t)
  it.shop.answer = () => {
    const headers = { 'content-type': 'application/json', 'retry-after': '9', 'x-long': 'x'.repeat(500), etag: '"x"' }
    return new Response('{}', { status: 409, headers })
  }
  const answer = it.purchase.open(await it.call.handle(it.purchase.seal()))
  t.is(answer.status, 409)
  t.deepEqual(answer.headers, [
    ['content-type', 'application/json'],
    ['retry-after', '9'],
  ])
  it.shop.answer = () => new Response(null, { status: 204 })
  t.like(it.purchase.open(await it.call.handle(it.purchase.seal())), { status: 204, headers: [] })
})

test('an answer that the line cannot carry is 500, in few bytes: too long, endless, broken, no answer at all', async (t) => {
  const endless = (): Response =>
    new Response(
      new ReadableStream({
        pull: (controller) => {
          controller.enqueue(new Uint8Array(1000))
        },
      }),
    )
  const broken = (): Response =>
    new Response(
      new ReadableStream({
        pull: (controller) => {
          controller.error(new Error('4242424242424242'))
        },
      }),
    )
  const answers = [() => new Response('x'.repeat(LINE_HTTP_MAX)), endless, broken, () => Response.error()]
  const it = await accepted(t)
  for (const answer of answers) {
    it.shop.answer = answer
    const sealed = await it.call.handle(it.purchase.seal())
    t.true((sealed?.length ?? 1000) < 300)
    t.is(it.purchase.open(sealed).status, 500)
  }
  it.shop.answer = () => new Response('x'.repeat(LINE_HTTP_MAX - 600))
  t.is(it.purchase.open(await it.call.handle(it.purchase.seal())).content.length, LINE_HTTP_MAX - 600)
})

test('a shop that fails at the tag gives no answer, an event, and leaves the ratchet for another try', async (t) => {
  const it = await scene(t)
  it.shop.verdict = () => Promise.reject(new Error('disk gone'))
  const purchase = new PurchaseCall(it.card)
  t.is(await it.call.handle(purchase.message), undefined)
  t.like(it.events.at(-1), { event: 'line.fault', code: 'UNEXPECTED' })
  it.shop.verdict = () => ({ verdict: 'accepted', ...TERMS })
  t.is(purchase.accept(await it.call.handle(purchase.message)).verdict, 'accepted')
  t.is(purchase.open(await it.call.handle(purchase.seal())).status, 200)
})

test('two cards with one memory: the second is told of the lock, and has no channel', async (t) => {
  const it = await scene(t)
  const clone = it.card.clone()
  const [one, two] = [new PurchaseCall(it.card), new PurchaseCall(clone)]
  t.is(one.accept(await it.call.handle(one.message)).verdict, 'accepted')
  const other = it.line.answer(undefined)
  t.like(two.accept(await other.handle(two.message)), { verdict: 'refused', reason: 'CARD_LOCKED' })
  t.is(await other.handle(two.seal()), undefined)
  t.is((await it.store.cards())[0]?.lockReason, CLONED)
  t.deepEqual(it.shop.asked, [])
})

test('two continuations at once: one call has a channel at most', async (t) => {
  const it = await scene(t)
  const calls = [new PurchaseCall(it.card), new PurchaseCall(it.card.clone())]
  const lines = calls.map(() => it.line.answer(undefined))
  const answers = await Promise.all(calls.map((call, n) => lines[n]?.handle(call.message)))
  const verdicts = calls.map((call, n) => call.accept(answers[n]).verdict)
  t.deepEqual(verdicts.sort(), ['accepted', 'refused'])
  const sent = await Promise.all(calls.map((call, n) => lines[n]?.handle(call.seal())))
  t.is(sent.filter((it) => it !== undefined).length, 1)
  t.is(it.shop.asked.length, 1)
})

test('the same opening at once on two calls: the same answer, one channel', async (t) => {
  const it = await scene(t)
  const purchase = new PurchaseCall(it.card)
  const lines = [it.call, it.line.answer(undefined)]
  const answers = await Promise.all(lines.map((line) => line.handle(purchase.message)))
  t.is(hex(answers[0]), hex(answers[1]))
  purchase.accept(answers[0])
  const message = purchase.seal()
  const sent = await Promise.all(lines.map((line) => line.handle(message)))
  t.is(sent.filter((it) => it !== undefined).length, 1)
  t.is(it.shop.asked.length, 1)
})

test(`seed ${SEED}: mutated messages in the channel get no answer, and close it`, async (t) => {
  const below = seeded(SEED)
  const it = await scene(t)
  for (let round = 0; round < 150; round++) {
    const call = it.line.answer(undefined)
    const purchase = new PurchaseCall(it.card)
    t.is(purchase.accept(await call.handle(purchase.message)).verdict, 'accepted')
    const golden = purchase.seal()
    const bytes = Buffer.from(golden)
    for (let k = below(3); k >= 0; k--) bytes[1 + below(bytes.length - 1)] = below(256)
    const mutant = below(3) === 0 ? bytes.subarray(0, 2 + below(bytes.length - 2)) : bytes
    if (mutant.equals(golden)) continue
    t.is(await call.handle(mutant), undefined, `round ${round}`)
    t.is(await call.handle(golden), undefined, `round ${round}`)
    call.close()
  }
  t.deepEqual(it.shop.asked, [])
  t.is(it.events.filter(({ event }) => event === 'line.fault').length, 0)
})

test(`seed ${SEED}: 5,000 mutated requests in clear, sealed rightly: each has an answer, and no rejection`, async (t) => {
  const below = seeded(SEED)
  const it = await scene(t)
  const golden = encodeBinaryRequest(PAY)
  let taken = 0
  for (let round = 0; round < 5000 / REQUESTS_MAX; round++) {
    const call = it.line.answer(undefined)
    const purchase = new PurchaseCall(it.card)
    purchase.accept(await call.handle(purchase.message))
    for (let n = 0; n < REQUESTS_MAX; n++) {
      const bytes = Buffer.from(golden)
      for (let k = below(3); k >= 0; k--) bytes[below(bytes.length)] = below(256)
      const { status } = purchase.open(await call.handle(purchase.seal(bytes)))
      if (status === 200) taken++
      else t.is(status, 400)
    }
    call.close()
  }
  t.true(taken > 500)
  t.is(it.shop.asked.length, taken)
  // What was taken was for this server, under a path that is read in one way.
  for (const { url } of it.shop.asked) if (!url.startsWith('https://keyline/')) t.fail(url)
})
