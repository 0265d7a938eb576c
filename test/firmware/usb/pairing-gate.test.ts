import { randomBytes } from 'node:crypto'
import test from 'ava'
import type { CardApi } from '../../../firmware/usb/usb-link.ts'
import { METHODS } from '../../../wire/usb/methods.ts'
import { proofOf } from '../../../wire/usb/pairing.ts'
import { codeOf, TestCard } from '../card/card.ts'
import { MemoryDisk } from '../card/memory-disk.ts'

const OPEN = ['card.hello', 'card.pair.begin', 'card.pair.finish', 'card.prove']
const HELLO = { version: 1, driver: 'test' } as const

/** A card that wants its PCs paired, as one of them sees it. */
class Pc {
  readonly card: TestCard
  readonly api: CardApi

  constructor(card = new TestCard(undefined, new MemoryDisk())) {
    this.card = card
    this.api = card.api(() => {}, true)
  }

  async hello(): Promise<{ readonly card: string; readonly challenge: string }> {
    const answer = await this.api['card.hello'](HELLO)
    if (!answer.ok || answer.result.pairing === undefined) throw new Error('expected a card that wants pairing')
    return answer.result.pairing
  }

  /** @returns the code that the card shows, or why it shows none */
  async begin(): Promise<string> {
    const { length } = this.card.codes
    const answer = await this.api['card.pair.begin']({})
    return answer.ok ? (this.card.codes[length] ?? 'none') : answer.problem.code
  }

  async pair(name = 'laptop'): Promise<{ readonly pc: string; readonly key: string }> {
    await this.hello()
    const answer = await this.api['card.pair.finish']({ code: await this.begin(), name })
    if (!answer.ok) throw new Error(answer.problem.code)
    return answer.result
  }

  async prove(pc: string, key: string, challenge: string, nonce = nonceOf()): Promise<string> {
    return codeOf(await this.api['card.prove'](proofParams(pc, key, challenge, nonce)))
  }

  async finish(code: string): Promise<string> {
    return codeOf(await this.api['card.pair.finish']({ code, name: 'guesser' }))
  }

  async status(): Promise<string> {
    return codeOf(await this.api['card.status']({}))
  }
}

function proofParams(pc: string, key: string, challenge: string, nonce: string) {
  const proof = proofOf('pc', Buffer.from(key, 'base64url'), challenge, nonce)
  return { pc, nonce, proof: Buffer.from(proof).toString('base64url') }
}

const nonceOf = (): string => randomBytes(32).toString('base64url')
const wrong = (code: string): string => (code === '00000000' ? '00000001' : '00000000')

test('an unpaired PC hears of the card nothing, and is refused every method but four', async (t) => {
  const pc = new Pc()
  const greeting = await pc.api['card.hello'](HELLO)
  t.like(greeting, { ok: true, result: { card: { cardId: '', enrolled: false, internet: '', modem: '' } } })
  for (const name of Object.keys(METHODS).filter((it) => !OPEN.includes(it))) {
    // The gate stands before the parameters are looked at.
    const call = pc.api[name as keyof CardApi] as (params: unknown) => ReturnType<CardApi['card.status']>
    t.is(codeOf(await call({})), 'CARD_UNPAIRED', name)
  }
})

test('paired it is known, and after each hello it proves itself again; card and PC both', async (t) => {
  const pc = new Pc()
  const { pc: id, key } = await pc.pair()
  t.is(await pc.status(), 'ok')
  const { challenge } = await pc.hello()
  t.is(await pc.status(), 'CARD_UNPAIRED')
  const nonce = nonceOf()
  const answer = await pc.api['card.prove'](proofParams(id, key, challenge, nonce))
  const own = Buffer.from(proofOf('card', Buffer.from(key, 'base64url'), challenge, nonce)).toString('base64url')
  t.deepEqual(answer, { ok: true, result: { proof: own } })
  t.is(await pc.status(), 'ok')
})

test('a proof is good once, for its own hello, key, PC and direction', async (t) => {
  const pc = new Pc()
  const { pc: id, key } = await pc.pair()
  const { challenge } = await pc.hello()
  const nonce = nonceOf()
  t.is(await pc.prove(id, key, challenge, nonce), 'ok')
  t.is(await pc.prove(id, key, challenge, nonce), 'CARD_UNPAIRED', 'the same once more')
  await pc.hello()
  t.is(await pc.prove(id, key, challenge, nonce), 'CARD_UNPAIRED', 'of an earlier hello')
  const other = randomBytes(32).toString('base64url')
  t.is(await pc.prove(id, other, (await pc.hello()).challenge), 'CARD_UNPAIRED', 'another key')
  t.is(await pc.prove('0'.repeat(16), key, (await pc.hello()).challenge), 'CARD_UNPAIRED', 'another PC')
  const { challenge: last } = await pc.hello()
  const turned = proofOf('card', Buffer.from(key, 'base64url'), last, nonce)
  const proof = Buffer.from(turned).toString('base64url')
  t.is(codeOf(await pc.api['card.prove']({ pc: id, nonce, proof })), 'CARD_UNPAIRED', "the card's own proof")
  t.is(await pc.status(), 'CARD_UNPAIRED')
})

test('a wrong proof spends the challenge: there is one try for each hello', async (t) => {
  const pc = new Pc()
  const { pc: id, key } = await pc.pair()
  const { challenge } = await pc.hello()
  t.is(await pc.prove(id, randomBytes(32).toString('base64url'), challenge), 'CARD_UNPAIRED')
  t.is(await pc.prove(id, key, challenge), 'CARD_UNPAIRED')
})

test('three wrong codes, then a pause; a new code gives no new tries', async (t) => {
  const pc = new Pc()
  await pc.hello()
  for (let tries = 0; tries < 3; tries++) {
    const code = await pc.begin()
    t.regex(code, /^[0-9]{8}$/, `${tries}`)
    t.is(await pc.finish(wrong(code)), 'PAIRING_REFUSED')
    await pc.hello()
  }
  t.is(await pc.begin(), 'PAIRING_WAIT')
  await pc.card.clock.advance(60_000)
  t.regex(await pc.begin(), /^[0-9]{8}$/)
})

test('the code itself is spoiled by the third wrong one, and the pause grows to an hour', async (t) => {
  const pc = new Pc()
  await pc.hello()
  for (const minutes of [1, 2, 4, 8, 16, 32, 60, 60]) {
    const code = await pc.begin()
    for (let tries = 0; tries < 3; tries++) t.is(await pc.finish(wrong(code)), 'PAIRING_REFUSED')
    t.is(await pc.finish(code), 'PAIRING_REFUSED')
    await pc.card.clock.advance(minutes * 60_000 - 1)
    t.is(await pc.begin(), 'PAIRING_WAIT', `${minutes}`)
    await pc.card.clock.advance(1)
  }
  t.is(await pc.finish(await pc.begin()), 'ok')
  // The right one ends it.
  await pc.hello()
  const code = await pc.begin()
  for (let tries = 0; tries < 3; tries++) await pc.finish(wrong(code))
  await pc.card.clock.advance(60_000)
  t.is(await pc.finish(await pc.begin()), 'ok')
})

test('a code lapses after two minutes, is good once, and ends with the connection that it was shown for', async (t) => {
  const pc = new Pc()
  await pc.hello()
  const late = await pc.begin()
  await pc.card.clock.advance(120_001)
  t.is(await pc.finish(late), 'PAIRING_REFUSED')
  const code = await pc.begin()
  await pc.hello()
  t.is(await pc.finish(code), 'PAIRING_REFUSED', 'another hello')
  const used = await pc.begin()
  t.is(await pc.finish(used), 'ok')
  t.is(await pc.finish(used), 'PAIRING_REFUSED', 'used')
  t.is(await pc.finish('00000000'), 'PAIRING_REFUSED', 'none is shown')
})

test('the ninth PC is refused, and its code spent; one less makes room', async (t) => {
  const pc = new Pc()
  const first = await pc.pair('pc 1')
  for (let n = 2; n <= 8; n++) await pc.pair(`pc ${n}`)
  await t.throwsAsync(pc.pair('pc 9'), { message: 'PAIRINGS_FULL' })
  t.is(await pc.status(), 'CARD_UNPAIRED')
  t.is(await pc.prove(first.pc, first.key, (await pc.hello()).challenge), 'ok')
  t.is(codeOf(await pc.api['card.unpair']({ pc: first.pc })), 'ok')
  await pc.pair('pc 9')
  t.is(await pc.status(), 'ok')
})

test('who takes himself out of the list is a stranger at once; who takes out another is not', async (t) => {
  const pc = new Pc()
  const old = await pc.pair('old')
  await pc.pair('new')
  t.like(await pc.api['card.unpair']({ pc: old.pc }), { ok: true, result: { removed: 1 } })
  t.is(await pc.status(), 'ok')
  t.like(await pc.api['card.unpair']({}), { ok: true, result: { removed: 1 } })
  t.is(await pc.status(), 'CARD_UNPAIRED')
})
