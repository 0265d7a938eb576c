import test, { type ExecutionContext } from 'ava'
import { LineJobs } from '../../../firmware/card/jobs.ts'
import type { LineCallResult, LinePort } from '../../../firmware/card/line-call.ts'
import { Vault } from '../../../firmware/card/vault.ts'
import type { AnsweredCall } from '../../../server/sessions/line-service.ts'
import { decodeBinaryResponse, encodeBinaryRequest } from '../../../wire/line/bhttp.ts'
import { encodeTicket } from '../../../wire/line/ticket.ts'
import type { Params } from '../../../wire/usb/methods.ts'
import { MemoryDisk } from '../../firmware/card/memory-disk.ts'
import { seeded } from '../../random.ts'
import { issueTicket } from '../test-card.ts'
import { NUMBER, PASSWORD, START, USER, world } from '../world.ts'
import { FakeShop, PAY, TAG_TEXT, TERMS, text } from './purchase-call.ts'

const SEED = 161_803

/** The real card's jobs and the real server's end of the line, with a wire between them that loses what the test says. */
class Wire implements LinePort {
  /** Told each message in its order; says what gets lost. */
  fate: (sent: number) => 'nothing' | 'request' | 'response' = () => 'nothing'
  calls = 0
  #sent = 0
  readonly #answer: () => AnsweredCall

  constructor(answer: () => AnsweredCall) {
    this.#answer = answer
  }

  network(): undefined {
    return undefined
  }

  async check(): Promise<readonly []> {
    return []
  }

  modem(): string {
    return '/dev/wire'
  }

  async call(): Promise<LineCallResult> {
    this.calls++
    const far = this.#answer()
    let lost = false
    const request = async (message: Uint8Array): Promise<Uint8Array | undefined> => {
      const fate = lost ? 'request' : this.fate(this.#sent++)
      lost = fate !== 'nothing'
      if (fate === 'request') return undefined
      const response = await far.handle(message)
      return fate === 'response' ? undefined : response
    }
    const report = () => ({ bytesUp: 0, bytesDown: 0, messagesUp: 0, messagesDown: 0, exchangeMs: 0 })
    const hangUp = async (): Promise<void> => far.close()
    const call = {
      request,
      report,
      hangUp,
      get lost() {
        return lost
      },
    }
    return { ok: true, call }
  }
}

async function scene(t: ExecutionContext) {
  const shop = new FakeShop()
  const it = await world(t, { shop: shop.parts })
  const wire = new Wire(() => it.line.answer(undefined))
  const jobs = new LineJobs({
    vault: Vault.open(new MemoryDisk()),
    line: wire,
    // Pauses between calls are no part of this: each is over at once.
    clock: { now: () => 0, after: (ms, run) => (ms < 60_000 ? immediately(run) : () => {}) },
    nowSeconds: () => START / 1000,
    policy: [{ bearer: 'call', budgetMs: 240_000 }],
    events: { line: () => {}, ended: () => {} },
  })
  const { cardId, secret, serverPublic } = await issueTicket(it)
  const place = { line: [{ bearer: 'call', address: NUMBER }], internet: 'server.example:443' } as const
  const expiresAtSeconds = START / 1000 + 3600
  const ticket = encodeTicket({ cardId, ...place, serverPublic, secret: secret.reveal(), expiresAtSeconds })
  t.true((await jobs.enrol({ ticket })).ok)
  return { ...it, shop, wire, jobs }
}

function immediately(run: () => void): () => void {
  const timer = setImmediate(run)
  return () => clearImmediate(timer)
}

function payment(label: string): Params<'line.pay'> {
  const request = encodeBinaryRequest({ ...PAY, content: Buffer.from(label) })
  const expected = { amount: TERMS.amount, currency: TERMS.currency }
  const binary = Buffer.from(request).toString('base64url')
  return { userId: USER, tag: TAG_TEXT, expected, request: binary, embodiment: 3 }
}

function login(): Params<'line.login'> {
  return { userId: USER, password: PASSWORD, terminalKeys: [Buffer.alloc(32, 9).toString('base64url')] }
}

test('card and server agree: tag, terms, personal data and answer, between two logins', async (t) => {
  const it = await scene(t)
  t.like(await it.jobs.login(login()), { ok: true, result: { verdict: 'permitted' } })
  const outcome = await it.jobs.pay(payment('one'))
  if (!outcome.ok || outcome.result.verdict !== 'accepted') return t.fail()
  t.deepEqual(outcome.result.terms, TERMS)
  const response = decodeBinaryResponse(Buffer.from(outcome.result.response, 'base64url'))
  t.is(text(response.content), 'paid with 3')
  t.is(it.shop.asked[0]?.body, 'one')
  t.like(await it.jobs.login(login()), { ok: true, result: { verdict: 'permitted' } })
  it.shop.verdict = () => ({ verdict: 'refused', reason: 'TAG_USED', retryAfterSeconds: 0 })
  t.like(await it.jobs.pay(payment('two')), { ok: true, result: { verdict: 'refused', reason: 'TAG_USED' } })
  t.is(it.shop.asked.length, 1)
  return undefined
})

test(`seed ${SEED}: 200 payments and logins over a bad line: each is paid once at most, and what the card says is true`, async (t) => {
  const it = await scene(t)
  const below = seeded(SEED)
  it.wire.fate = () => (['nothing', 'nothing', 'nothing', 'request', 'response'] as const)[below(5)] ?? 'nothing'
  const ends = new Map<string, number>()
  for (let n = 0; n < 200; n++) {
    if (below(4) === 0) {
      await it.jobs.login(login())
      continue
    }
    const outcome = await it.jobs.pay(payment(`payment ${n}`))
    const paid = it.shop.asked.filter(({ body }) => body === `payment ${n}`).length
    const end = outcome.ok ? 'paid' : outcome.problem.code
    ends.set(`${end} ${paid}`, (ends.get(`${end} ${paid}`) ?? 0) + 1)
  }
  t.log(Object.fromEntries(ends))
  const possible = ['paid 1', 'LINE_OUTCOME_UNKNOWN 0', 'LINE_OUTCOME_UNKNOWN 1', 'LINE_LOST 0']
  t.deepEqual(
    [...ends.keys()].filter((end) => !possible.includes(end)),
    [],
  )
  t.true((ends.get('paid 1') ?? 0) > 50)
  t.true(ends.has('LINE_OUTCOME_UNKNOWN 1') && ends.has('LINE_OUTCOME_UNKNOWN 0'))
  t.is((await it.store.cards())[0]?.lockReason, undefined)
})
