import test from 'ava'
import { LINE_HTTP_MAX } from '../../../wire/limits.ts'
import { decodeBinaryResponse, encodeBinaryResponse } from '../../../wire/line/bhttp.ts'
import { decodePayment } from '../../../wire/line/personal-data.ts'
import { PURCHASE_REFUSALS } from '../../../wire/line/purchase.ts'
import { decodeReceipt } from '../../../wire/line/receipt.ts'
import { METHODS } from '../../../wire/usb/methods.ts'
import { CARD_NUMBER, codeOf, enrolledCard, paymentRequest, payParams, TestCard, verdictOf } from './card.ts'
import { FakeLine } from './fake-line.ts'
import { bytes, NUMBER } from './fixture.ts'
import { MemoryDisk, PowerCut } from './memory-disk.ts'
import { TERMS } from './server-double.ts'

type Card = Awaited<ReturnType<typeof enrolledCard>>

/** What a payment ended with, in a word. */
function endOf(outcome: Awaited<ReturnType<Card['pay']>>): string {
  if (!outcome.ok) return outcome.problem.code
  const { result } = outcome
  return result.verdict === 'refused' ? result.reason : `${statusOf(result.response)}`
}

function statusOf(response: string): number {
  return decodeBinaryResponse(Buffer.from(response, 'base64url')).status
}

const told = (card: Card): string[] => card.notes.map(({ state, step }) => `${state} ${step ?? ''}`.trim())
const kinds = (card: Card): (number | undefined)[] =>
  card.line.calls.flatMap(({ requests }) => requests.map((it) => it[0]))

test('S30–S36: tag, then the personal data in the same call, and the receipt comes back', async (t) => {
  const card = await enrolledCard()
  const before = card.vault.record.enrolled?.ratchet
  const outcome = await card.pay()
  if (!outcome.ok || outcome.result.verdict !== 'accepted') return t.fail(codeOf(outcome))
  const { result } = outcome
  t.true(METHODS['line.pay'].result.safeParse(result).success)
  t.deepEqual(result.terms, TERMS)
  const response = decodeBinaryResponse(Buffer.from(result.response, 'base64url'))
  t.is(response.status, 200)
  t.is(decodeReceipt(response.content).order, 'K-000012')
  t.like(card.server.openings[0], { userId: 'alice' })
  t.deepEqual(Buffer.from(card.server.openings[0]?.tag ?? []), Buffer.from(bytes('tag a').subarray(0, 16)))
  const [paid] = card.server.paid
  t.like(paid, { method: 'POST', scheme: 'https', authority: 'keyline', path: '/pay' })
  t.is(decodePayment(paid?.content ?? new Uint8Array(0)).data.cardNumber, CARD_NUMBER)
  t.like(result.call, { attempts: 1, messagesUp: 2, messagesDown: 2 })
  t.is(card.line.calls[0]?.address, NUMBER)
  t.is(card.line.calls[0]?.hungUp, 1)
  t.deepEqual(kinds(card), [1, 3])
  t.is(card.vault.record.enrolled?.pending, undefined)
  t.true(before?.wiped)
  t.is(card.jobs.state, 'idle')
  t.is(card.clock.waiting, 0)
  t.is(card.ends.at(-1), undefined)
  return undefined
})

test('states and steps are told in their order, those of the embodiment that was asked for', async (t) => {
  const card = await enrolledCard()
  for (const [embodiment, steps] of [
    [2, ['S30', 'S33', 'S34', 'S35', 'S36']],
    [3, ['S64', 'S67', 'S68', 'S69', 'S70']],
  ] as const) {
    card.notes.length = 0
    t.is(endOf(await card.pay('a', { embodiment })), '200')
    const [tag, good, data, settled, end] = steps
    const exchange = ['exchanging', `exchanging ${tag}`, `exchanging ${good}`]
    const payment = ['paying', `paying ${data}`, `paying ${settled}`]
    const all = [
      'preparing',
      'dialling',
      'connected',
      ...exchange,
      ...payment,
      'hanging-up',
      `hanging-up ${end}`,
      'idle',
    ]
    t.deepEqual(told(card), all)
  }
})

for (const reason of new Set(Object.values(PURCHASE_REFUSALS))) {
  test(`S32, S66: ${reason} is a result, and no personal data go`, async (t) => {
    const card = await enrolledCard()
    card.server.verdict = () => ({ verdict: 'refused', reason, retryAfterSeconds: 9 })
    for (const [embodiment, refused, end] of [
      [2, 'S32', 'S36'],
      [3, 'S66', 'S70'],
    ] as const) {
      card.notes.length = 0
      const outcome = await card.pay('a', { embodiment })
      t.like(outcome, { ok: true, result: { verdict: 'refused', reason, retryAfterSeconds: 9 } })
      t.is(outcome.ok && METHODS['line.pay'].result.safeParse(outcome.result).success, true)
      t.deepEqual(told(card).slice(-4), [`exchanging ${refused}`, 'hanging-up', `hanging-up ${end}`, 'idle'])
    }
    t.deepEqual(kinds(card), [1, 1])
    t.deepEqual(card.server.paid, [])
    card.server.verdict = () => ({ verdict: 'accepted', ...TERMS })
    t.is(endOf(await card.pay()), '200')
  })
}

for (const other of [{ amount: 129_801 }, { amount: 0 }, { currency: 'USD' }]) {
  test(`AMOUNT_CHANGED: the server would charge ${JSON.stringify(other)}: nothing is sent, and the ratchet has moved`, async (t) => {
    const card = await enrolledCard()
    card.server.verdict = () => ({ verdict: 'accepted', ...TERMS, ...other })
    t.is(endOf(await card.pay()), 'AMOUNT_CHANGED')
    t.deepEqual(kinds(card), [1])
    t.is(card.line.calls[0]?.hungUp, 1)
    t.deepEqual(told(card).slice(-3), ['hanging-up', 'hanging-up S36', 'idle'])
    t.false(told(card).some((it) => it.startsWith('paying') || it.includes('S33')))
    t.is(card.vault.record.enrolled?.pending, undefined)
    t.is(endOf(await card.pay('b', { expected: { amount: TERMS.amount, currency: TERMS.currency, ...other } })), '200')
  })
}

test('other answers than a receipt are results too, and only a receipt is S35', async (t) => {
  const card = await enrolledCard()
  for (const status of [202, 204, 400, 402, 409, 422, 500, 599]) {
    card.notes.length = 0
    card.server.settle = () => ({ status, headers: [], content: new Uint8Array(0) })
    t.is(endOf(await card.pay(`${status}`)), `${status}`)
    t.false(told(card).some((it) => it.includes('S35')))
    t.deepEqual(told(card).slice(-5), ['paying', 'paying S34', 'hanging-up', 'hanging-up S36', 'idle'])
  }
})

for (const lost of ['request-lost', 'response-lost', 'silent'] as const) {
  test(`${lost} at the tag: the next call settles it, then asks afresh, and never takes the old answer for its own`, async (t) => {
    const card = await enrolledCard()
    card.line.script = [lost, lost]
    const outcome = await card.pay()
    t.is(endOf(outcome), '200')
    t.is(outcome.ok && outcome.result.call.attempts, 3)
    const [one, two, three] = card.line.calls.map(({ requests }) => requests.map((it) => it.toString('hex')))
    t.deepEqual(two, one)
    t.is(three?.[0], one?.[0])
    t.is(three?.length, 3)
    t.not(three?.[1], three?.[0])
    t.deepEqual(kinds(card), [1, 1, 1, 1, 3])
    t.is(card.server.paid.length, 1)
    t.is(card.server.refusedMessages, 0)
    t.false(card.server.locked)
    // The tag is told once it is this job's own.
    t.is(card.notes.filter(({ step }) => step === 'S33').length, 1)
    t.deepEqual(
      card.line.calls.map(({ hungUp }) => hungUp),
      [1, 1, 1],
    )
  })

  test(`${lost} at the personal data: the outcome is unknown, and the card does not call again`, async (t) => {
    const card = await enrolledCard()
    card.line.scriptAt = 1
    card.line.script = [lost]
    const outcome = await card.pay()
    t.is(endOf(outcome), 'LINE_OUTCOME_UNKNOWN')
    t.regex(outcome.ok ? '' : outcome.problem.what, lost === 'silent' ? /does not answer/ : /broke off/)
    t.regex(outcome.ok ? '' : outcome.problem.cure, /look at the order/)
    t.is(card.line.calls.length, 1)
    t.is(card.line.calls[0]?.hungUp, 1)
    t.is(card.server.paid.length, lost === 'response-lost' ? 1 : 0)
    t.deepEqual(told(card).slice(-5), ['paying', 'paying S34', 'hanging-up', 'hanging-up S36', 'idle'])
    // The ratchet is whole: the next job needs no repetition.
    t.is(card.vault.record.enrolled?.pending, undefined)
    t.is(verdictOf(await card.login()), 'permitted')
  })
}

test('a pending login is settled first, in the same call; a pending payment before a login too', async (t) => {
  const card = await enrolledCard()
  card.line.script = ['response-lost', 'response-lost', 'response-lost']
  t.is(codeOf(await card.login('x')), 'LINE_LOST')
  t.is(endOf(await card.pay()), '200')
  t.is(card.line.calls.at(-1)?.requests.length, 3)
  card.line.script = ['response-lost', 'response-lost', 'response-lost']
  t.is(codeOf(await card.pay('y')), 'LINE_LOST')
  t.is(verdictOf(await card.login('z')), 'permitted')
  t.is(card.line.calls.at(-1)?.requests.length, 2)
  t.false(card.server.locked)
})

test('the very same payment after a failed one asks afresh', async (t) => {
  const card = await enrolledCard()
  card.line.script = ['response-lost', 'response-lost', 'response-lost']
  t.is(codeOf(await card.pay('a')), 'LINE_LOST')
  t.is(card.server.openings.length, 1)
  t.is(endOf(await card.pay('a')), '200')
  t.is(card.server.openings.length, 2)
  t.is(card.server.paid.length, 1)
})

test('garbage for the verdict: refused at once, nothing is sent, and nothing has changed', async (t) => {
  const card = await enrolledCard()
  card.line.script = ['garbage']
  t.is(endOf(await card.pay()), 'LINE_TAMPERED')
  t.is(card.line.calls.length, 1)
  t.deepEqual(card.server.paid, [])
  t.truthy(card.vault.record.enrolled?.pending)
  t.is(endOf(await card.pay()), '200')
})

test('an authentic verdict of another version does not leave the ratchet behind, and nothing is sent', async (t) => {
  const card = await enrolledCard()
  for (const payload of [bytes('what is this'), new Uint8Array(0), Buffer.from('8502', 'hex')]) {
    card.server.payload = payload
    t.is(endOf(await card.pay()), 'LINE_FORMAT')
  }
  card.server.payload = undefined
  t.deepEqual(card.server.paid, [])
  t.is(endOf(await card.pay()), '200')
})

const BAD_ANSWERS: readonly (readonly [what: string, word: RegExp, sealed: Card['server']['sealed']])[] = [
  [
    'one changed bit',
    /not the enrolled server's/,
    (it) => Uint8Array.from(it, (byte, n) => (n === 3 ? byte ^ 1 : byte)),
  ],
  ['garbage', /not the enrolled server's/, () => Buffer.alloc(40, 0x55)],
  ['nothing', /not the enrolled server's/, () => new Uint8Array(0)],
  [
    'a message in clear',
    /not the enrolled server's/,
    () => encodeBinaryResponse({ status: 200, headers: [], content: new Uint8Array(0) }),
  ],
  ['a message too far', /not the enrolled server's/, (_, seal) => seal(new Uint8Array(5))],
  ['15,000 bytes in clear', /not the enrolled server's/, () => new Uint8Array(15_000)],
]
for (const [what, word, sealed] of BAD_ANSWERS) {
  test(`${what} for the receipt: the outcome is unknown, and the line hung up`, async (t) => {
    const card = await enrolledCard()
    card.server.sealed = sealed
    const outcome = await card.pay()
    t.is(endOf(outcome), 'LINE_OUTCOME_UNKNOWN')
    t.regex(outcome.ok ? '' : outcome.problem.what, word)
    t.is(card.line.calls.length, 1)
    t.is(card.line.calls[0]?.hungUp, 1)
    t.is(verdictOf(await card.login()), 'permitted')
  })
}

for (const [what, plain] of [
  ['no Binary HTTP', new Uint8Array(40)],
  ['a request', paymentRequest()],
  ['a giant', new Uint8Array(LINE_HTTP_MAX + 1)],
] as const) {
  test(`an authentic answer that is ${what}: the outcome is unknown`, async (t) => {
    const card = await enrolledCard()
    card.server.plain = () => plain
    const outcome = await card.pay()
    t.is(endOf(outcome), 'LINE_OUTCOME_UNKNOWN')
    t.regex(outcome.ok ? '' : outcome.problem.what, /does not know/)
  })
}

test('cancelled before the personal data: nothing of them is sent, whatever was under way', async (t) => {
  for (const [state, script, scriptAt] of [
    ['dialling', 'never-dials', 0],
    ['exchanging', 'never-ends', 0],
    ['preparing', 'busy', 0],
    ['preparing', 'request-lost', 0],
  ] as const) {
    const card = await enrolledCard()
    card.line.scriptAt = scriptAt
    card.line.script = [script]
    const job = card.jobs.pay(payParams('a'))
    await card.clock.advance(0)
    t.is(card.jobs.state, state)
    t.true(card.jobs.cancel())
    t.is(codeOf(await card.end(job)), 'LINE_CANCELLED')
    t.deepEqual(card.server.paid, [])
    t.false(kinds(card).includes(3))
    t.is(endOf(await card.pay('b')), '200')
    t.false(card.server.locked)
  }
})

test('cancelled in the moment the tag is accepted: nothing of the personal data is sent', async (t) => {
  const card = await enrolledCard()
  card.server.verdict = () => {
    card.jobs.cancel()
    return { verdict: 'accepted', ...TERMS }
  }
  t.is(endOf(await card.pay()), 'LINE_CANCELLED')
  t.deepEqual(kinds(card), [1])
  t.is(card.line.calls[0]?.hungUp, 1)
})

test('cancelled while paying, or out of time: hung up at once, and the outcome is unknown', async (t) => {
  for (const cancel of [true, false]) {
    const card = await enrolledCard()
    card.line.scriptAt = 1
    card.line.script = ['never-ends']
    const job = card.jobs.pay(payParams('a'))
    await card.clock.advance(0)
    t.is(card.jobs.state, 'paying')
    if (cancel) card.jobs.cancel()
    t.is(codeOf(await card.end(job)), 'LINE_OUTCOME_UNKNOWN')
    t.is(card.line.calls.length, 1)
    t.is(card.line.calls[0]?.hungUp, 1)
    t.true(card.clock.now() < 300_000)
    t.is(card.clock.waiting, 0)
    t.is(endOf(await card.pay('b')), '200')
  }
})

test('one job at a time: a second payment in the same moment is refused', async (t) => {
  const card = await enrolledCard()
  const jobs = [card.jobs.pay(payParams('a')), card.jobs.pay(payParams('a'))]
  t.deepEqual((await card.end(Promise.all(jobs))).map(codeOf), ['ok', 'CARD_BUSY'])
  t.is(card.server.paid.length, 1)
})

test('a request that is no Binary HTTP, or a card without an enrolment, calls nobody', async (t) => {
  const card = await enrolledCard()
  for (const request of ['AAAA', Buffer.from('POST /pay').toString('base64url'), '_'.repeat(16_384)]) {
    const outcome = await card.pay('a', { request })
    t.is(endOf(outcome), 'PARAMS_INVALID')
  }
  t.is(card.line.calls.length, 0)
  t.is(endOf(await new TestCard().pay()), 'CARD_NOT_ENROLLED')
})

test('a store that cannot be written: neither tag nor personal data are sent', async (t) => {
  const disk = new MemoryDisk()
  const card = await enrolledCard('one', disk)
  const write = disk.write.bind(disk)
  let left = 0
  disk.write = (name, it) => {
    if (left-- === 0) throw Object.assign(new Error('disk full'), { code: 'ENOSPC' })
    write(name, it)
  }
  t.is(endOf(await card.pay()), 'VAULT_UNWRITABLE')
  t.deepEqual(kinds(card), [])
  // The ratchet's step must be durable before the personal data go.
  left = 1
  t.is(endOf(await card.pay()), 'VAULT_UNWRITABLE')
  t.deepEqual(kinds(card), [1])
  t.deepEqual(card.server.paid, [])
  left = -1
  t.is(endOf(await card.pay()), '200')
  t.false(card.server.locked)
})

test('tag, user ID and personal data are nowhere on the disk, in no state, no error, and in no message in clear', async (t) => {
  const disk = new MemoryDisk()
  const seen: Buffer[] = []
  const card = await enrolledCard('one', disk)
  const write = disk.write.bind(disk)
  disk.write = (name, it) => {
    seen.push(Buffer.from(it))
    write(name, it)
  }
  const userId = 'user-very-unlikely'
  const params = payParams('a', { userId })
  card.line.script = ['response-lost']
  const paid = await card.pay('a', { userId })
  card.line.scriptAt = 1
  card.line.script = ['garbage']
  const lost = await card.pay('a', { userId })
  t.deepEqual([endOf(paid), endOf(lost)], ['200', 'LINE_OUTCOME_UNKNOWN'])
  t.true(seen.length >= 4)
  const wire = card.line.calls.flatMap(({ requests }) => requests)
  const tag = Buffer.from(params.tag, 'base64url')
  const secrets = [CARD_NUMBER, userId, 'Unlikely', 'Nowhere Street', params.tag].map((it) => Buffer.from(it))
  for (const secret of [...secrets, tag, Buffer.from(tag.toString('hex'))]) {
    for (const it of [...seen, ...wire]) t.false(it.includes(secret))
    t.false(Buffer.from(JSON.stringify([card.notes, card.ends, paid, lost])).includes(secret))
  }
})

test('no two messages of a channel are ever sealed with one key and number', async (t) => {
  const card = await enrolledCard()
  card.line.scriptAt = 1
  const sealed = new Set<string>()
  for (let n = 0; n < 12; n++) {
    // In turn: whole, without the answer, without anything, with the tag's answer lost first.
    card.line.scriptAt = n % 4 === 3 ? 0 : 1
    card.line.script = n % 4 === 0 ? [] : [n % 4 === 2 ? 'request-lost' : 'response-lost']
    await card.pay('same')
  }
  const channel = card.line.calls.flatMap(({ requests }) => requests.filter((it) => it[0] === 3))
  t.is(channel.length, 12)
  // The same plaintext each time: the same key stream would give the same first bytes.
  for (const it of channel) sealed.add(it.subarray(1, 17).toString('hex'))
  t.is(sealed.size, channel.length)
  for (const { requests } of card.line.calls) t.true(requests.filter((it) => it[0] === 3).length <= 1)
})

for (const script of ['answered', 'response-lost'] as const) {
  test(`a power cut at any moment of a payment (${script}): the next one works, and the card never pays by itself`, async (t) => {
    let cuts = 0
    for (let step = 1; ; step++) {
      const disk = new MemoryDisk()
      const card = await enrolledCard('one', disk)
      disk.steps = 0
      disk.cutAfter = step
      // What a program without power would do is not done.
      card.line.onRequest = () => {
        if (disk.steps >= step) throw new PowerCut()
      }
      card.line.script = [script, script]
      await card.pay('cut')
      const before = card.server.paid.length
      t.true(before <= 1)
      for (const survivor of [...disk.survivors()].filter(
        (_, n, all) => n % Math.max(1, Math.floor(all.length / 8)) === 0,
      )) {
        const server = card.server.clone()
        const next = new TestCard(new FakeLine(server), survivor)
        const end = endOf(await next.pay('next'))
        if (end !== '200' || server.locked || server.paid.length !== 1) t.fail(`step ${step}: ${end}`)
        cuts++
      }
      if (disk.steps < step) break
    }
    t.true(cuts > 30, `${cuts} cuts`)
  })
}
