import test from 'ava'
import { fault } from '../../../host-driver/errors.ts'
import type { OnProgress } from '../../../host-driver/events.ts'
import type { Purchase } from '../../../host-driver/flows/settled.ts'
import type { StreamAnswer } from '../../../host-driver/gateway/answer.ts'
import { answerLocally, type LocalParts } from '../../../host-driver/gateway/local.ts'
import { Payments } from '../../../host-driver/gateway/payments.ts'
import { readRequestHead } from '../../../host-driver/gateway/request-head.ts'
import type { TerminalView } from '../../../host-driver/gateway/terminal-page.ts'
import type { Tag } from '../../../host-driver/requests/shop-api.ts'
import type { PersonalData } from '../../../wire/line/personal-data.ts'

const HOSTILE = '<script>alert(1)</script>"\'&'
const NOW = new Date('2026-11-23T12:00:00Z')
const TAG: Tag = {
  ...{ tag: 'T'.repeat(22), basket: 'B3', userId: 'alice', state: 'open', amount: 4990, currency: 'EUR' },
  items: [{ product: 'L-100', name: HOSTILE, quantity: 1, price: 4990 }],
  ...{ issuedAt: NOW, lapsesAt: new Date(NOW.getTime() + 900_000), order: null, orderState: null, receipt: null },
}
const TYPED = {
  ...{ cardNumber: '4242 4242 4242 4242', expiryMonth: '12', expiryYear: '33', securityCode: '737' },
  ...{ name: 'Ada', street: '1 Road', postalCode: '123', city: HOSTILE, country: 'de', contact: '' },
}
const VIEW: TerminalView = {
  card: {
    ...{ id: HOSTILE, modem: '/dev/ttyUSB2', firmware: 'f' },
    network: { modem: HOSTILE, sim: 'ready', registration: 'home', operator: HOSTILE, signalDbm: -71, signalBars: 4 },
  },
  line: 'idle',
  session: { userId: HOSTILE, server: 's', secondsLeft: 61 },
  keys: [{ userId: HOSTILE, server: 's', left: 2, expiresAt: new Date(0) }],
  openShop: undefined,
  traffic: {
    calls: 1,
    lineUp: 2,
    lineDown: 3,
    lineSeconds: 1,
    requests: 4,
    connections: 5,
    internetUp: 6,
    internetDown: 7,
  },
}

function gateway(state: Tag['state'] = 'open') {
  const calls: {
    data: PersonalData
    tell: OnProgress
    end: (purchase: Purchase) => void
    fail: (error: unknown) => void
  }[] = []
  const payments = new Payments({
    pay: (_tag, data, tell) => new Promise((end, fail) => calls.push({ data, tell, end, fail })),
    now: () => 0,
  })
  const parts: LocalParts = {
    shop: () => ({
      tag: async (text) => {
        if (text !== TAG.tag) throw fault('TAG_UNKNOWN')
        return { ...TAG, state }
      },
    }),
    payments,
    inSession: true,
    view: async (wrong) => ({ ...VIEW, wrong }),
    live: () => VIEW,
    login: async (userId) => (userId === 'alice' ? undefined : 'no'),
    erase: async () => {},
    enter: () => undefined,
    every: () => () => {},
    now: () => NOW,
  }
  const ask = async (method: string, target: string, body = '') => {
    const result = readRequestHead(Buffer.from(`${method} ${target} HTTP/1.1\r\nHost: x\r\n\r\n`))
    if (result.type !== 'head') throw new Error(result.type)
    return answerLocally({ method, target, head: result.head, body: Buffer.from(body) }, parts)
  }
  const page = async (method: string, target: string, body?: string) => {
    const answer = await ask(method, target, body)
    if ('stream' in answer) throw new Error('a stream')
    return answer
  }
  return { calls, ask, page, payments }
}

const form = (changes = {}): string => new URLSearchParams({ tag: TAG.tag, ...TYPED, ...changes }).toString()

test('a double click, a second tab and the back button are one payment', async (t) => {
  const { calls, page } = gateway()
  const first = await page('POST', '/pay', form())
  const second = await page('POST', '/pay', form())
  t.is(first.status, 303)
  t.is(second.headers?.location, first.headers?.location)
  t.is((await page('GET', `/pay?tag=${TAG.tag}`)).headers?.location, first.headers?.location)
  t.is(calls.length, 1)
  t.is(calls[0]?.data.cardNumber, '4242424242424242')
})

test('after it is over the server’s truth comes first', async (t) => {
  const used = gateway('used')
  t.regex((await used.page('POST', '/pay', form())).body, /paid for already/)
  t.is(used.calls.length, 0)
  for (const state of ['paying', 'lapsed', 'cancelled'] as const) {
    const it = gateway(state)
    t.regex((await it.page('POST', '/pay', form())).body, /cannot be paid for/, state)
    t.is(it.calls.length, 0)
  }
})

test('what is wrong is said at its field; card number and code never come back, hostile text comes back as text', async (t) => {
  const { calls, page } = gateway()
  const answer = await page('POST', '/pay', form({ cardNumber: '4242424242424241', securityCode: '12' }))
  t.is(answer.status, 422)
  t.regex(answer.body, /id="cardNumber-wrong"/)
  t.regex(answer.body, /id="securityCode-wrong"/)
  t.false(answer.body.includes('4242'))
  t.false(answer.body.includes('<script>alert'))
  t.true(answer.body.includes('&#60;script&#62;alert'))
  t.is(calls.length, 0)
})

test('hostile fields, unknown tags and other paths: an answer, and no call', async (t) => {
  const { calls, page } = gateway()
  const long = 'x'.repeat(10_000)
  for (const name of Object.keys(TYPED)) {
    for (const text of [long, '\0', '\u202e', '<script>'.repeat(100)]) {
      t.is((await page('POST', '/pay', form({ [name]: text }))).status, 422, `${name} ${text.slice(0, 9)}`)
    }
  }
  for (const tag of ['', 'x', 'U'.repeat(22), "'; DROP TABLE orders; --", long]) {
    t.is((await page('POST', '/pay', form({ tag }))).status, 404)
    t.is((await page('GET', `/pay?tag=${encodeURIComponent(tag).slice(0, 500)}`)).status, 404)
  }
  for (const path of ['/pay/xyz', '/keyline/other', `/pay/${'A'.repeat(22)}`, `/pay/${'A'.repeat(22)}/events`]) {
    t.is((await page('GET', path)).status, 404, path)
    t.is((await page('DELETE', path)).status, 405, path)
  }
  t.is(calls.length, 0)
})

test('the call is followed live, and by whoever comes later from its beginning', async (t) => {
  const { calls, ask, page } = gateway()
  const location = (await page('POST', '/pay', form())).headers?.location ?? ''
  const follow = async () => {
    const answer = (await ask('GET', `${location}/events`)) as StreamAnswer // of a job that exists
    const seen: string[] = []
    let ended = false
    answer.stream(
      (text) =>
        seen.push(/event: (\w+)/.exec(text)?.[1] === 'step' ? (/"step":"([\w-]+)"/.exec(text)?.[1] ?? '') : 'over'),
      () => {
        ended = true
      },
    )
    return { seen, ended: () => ended }
  }
  const [call] = calls
  if (call === undefined) return t.fail()
  const early = await follow()
  call.tell({ type: 'line', state: 'dialling' })
  call.tell({ type: 'line', state: 'connected' })
  call.tell({ type: 'line', state: 'connected' })
  call.tell({ type: 'step', step: 'S67', path: 'line', text: '' })
  const late = await follow()
  t.deepEqual(early.seen, ['dialling', 'connected', 'accepted'])
  t.deepEqual(late.seen, early.seen)
  t.regex((await page('GET', location)).body, /data-step="accepted" data-done/)
  call.tell({ type: 'step', step: 'S68', path: 'line', text: '' })
  call.fail(fault('LINE_OUTCOME_UNKNOWN'))
  await new Promise((resolve) => setImmediate(resolve))
  t.deepEqual(late.seen, ['dialling', 'connected', 'accepted', 'sent', 'over'])
  t.true(early.ended() && late.ended())
  t.regex((await page('GET', location)).body, /data-outcome="pending"/)
  t.deepEqual((await follow()).seen, late.seen)
})

test('every end has its page, in plain words', async (t) => {
  const call = {
    bytesUp: 1,
    bytesDown: 1,
    messagesUp: 1,
    messagesDown: 1,
    setupMs: 1,
    exchangeMs: 1,
    attempts: 1,
    tried: [],
  }
  const receipt = {
    order: 'K-000001',
    at: 1_700_000_000,
    amount: 4990,
    currency: 'EUR',
    items: [],
    brand: HOSTILE.slice(0, 20),
    lastFour: '4242',
  }
  const bytes = Uint8Array.of(1)
  const terms = { amount: 4990, currency: 'EUR', items: 1, lapsesInSeconds: 1 }
  const paid = { outcome: 'paid', receipt, receiptBytes: bytes, terms, call, learned: 'line' } as const
  const ends: readonly (readonly [Purchase, string, RegExp])[] = [
    [{ ...paid, shown: 'same' }, 'paid', /byte for byte/],
    [{ ...paid, shown: 'differs' }, 'paid', /another receipt/],
    [{ outcome: 'paid', receipt, receiptBytes: bytes, learned: 'internet' }, 'paid', /answer by telephone was lost/],
    [{ outcome: 'declined', reason: HOSTILE, call }, 'declined', /Nothing was charged/],
    [{ outcome: 'pending', order: 'K-000001', call, learned: 'line' }, 'pending', /the order tells/],
    [{ outcome: 'not-charged', tag: TAG, learned: 'internet' }, 'failed', /nothing was charged/],
    [{ outcome: 'refused', reason: 'TAG_LAPSED', retryAfterSeconds: 0, call }, 'refused', /goods went back/],
    [{ outcome: 'invalid', faults: { city: HOSTILE }, call }, 'invalid', /Nothing was charged/],
    [{ outcome: 'not-taken', code: 'AMOUNT_CHANGED', what: HOSTILE, cure: 'look', call }, 'refused', /Look\./],
  ]
  for (const [purchase, name, words] of ends) {
    const { calls, page } = gateway()
    const location = (await page('POST', '/pay', form())).headers?.location ?? ''
    calls[0]?.end(purchase)
    await new Promise((resolve) => setImmediate(resolve))
    const { body } = await page('GET', location)
    t.true(body.includes(`data-outcome="${name}"`), name)
    t.regex(body, words)
    t.false(body.includes('<script>alert'), name)
  }
})

test('the terminal page shows text as text, and a login that was refused', async (t) => {
  const { page } = gateway()
  const { body } = await page('GET', '/keyline')
  t.false(body.includes('<script>alert'))
  t.regex(body, /1:01/)
  t.is((await page('POST', '/keyline/login', 'userId=alice&password=x')).status, 303)
  t.is((await page('POST', '/keyline/login', 'userId=bob&password=x')).status, 422)
})
