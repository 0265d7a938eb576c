import test, { type ExecutionContext } from 'ava'
import { BLOCK_BYTES, BLOCKS_MAX } from '../../wire/line/link.ts'
import { seeded } from '../random.ts'
import { type Badness, badCall, badMessages, type Line } from './bad-lines.ts'

/*
 * 1,000 seeded runs on each kind of bad line, in simulated time: of several requests one after the other on one link each is
 * handled once and answered once, with nothing piling up. A failing run is repeated alone by its seed.
 */
const RUNS_EACH = 250
const FIRST_SEEDS = [1, 251, 501, 751]
/** The window, each block in a packet of its own, with framing and stuffing, and what is said beside. */
const MOST_BYTES_QUEUED = 64 * (BLOCK_BYTES + 24) + 1024
/** 16 messages of two blocks, a few repetitions and acknowledgements. */
const MOST_MESSAGES_QUEUED = 24
/** A wait of the card; being idle, being at work, a reminder of the server. */
const MOST_TIMERS = 4
/** A settlement that takes long: every tenth run. */
const SLOW_MS = 60_000

type MakeLine = (badness: Badness, handle: (message: Uint8Array) => Promise<Uint8Array>) => Line

interface Kind {
  readonly make: MakeLine
  readonly badness: Omit<Badness, 'seed'>
  /** Of the long message, bytes. */
  readonly long: readonly [least: number, most: number]
  readonly mostQueued: number
}

const CALL: Kind = {
  make: badCall,
  badness: { bitErrors: 1e-3 },
  long: [1000, 6000],
  mostQueued: MOST_BYTES_QUEUED,
}
const MESSAGES: Kind = {
  make: badMessages,
  badness: { lost: 30, doubled: 10 },
  long: [400, 4000],
  mostQueued: MOST_MESSAGES_QUEUED,
}

async function run(t: ExecutionContext, { make, badness, long, mostQueued }: Kind, seed: number): Promise<void> {
  const random = seeded(seed)
  const slow = seed % 10 === 0
  const answers = new Map<number, Buffer>()
  const line: Line = make({ ...badness, seed }, async (message) => {
    if (slow) await new Promise<void>((resolve) => line.clock.after(SLOW_MS, resolve))
    return answers.get(message[0] ?? 0) ?? Buffer.from('?')
  })
  const longBytes = (): number => long[0] + random(long[1] - long[0])
  const sizes = [
    [140, 140],
    [longBytes(), 140],
    [140, longBytes()],
    [1 + random(300), 1 + random(300)],
  ] as const
  const sent: Buffer[] = []
  for (const [n, [up, down]] of sizes.entries()) {
    const message = Buffer.from([n, ...Array.from({ length: up - 1 }, () => random(256))])
    const answer = Buffer.from(Array.from({ length: down }, () => random(256)))
    answers.set(n, answer)
    sent.push(message)
    const response = await line.request(message)
    if (response === undefined || !answer.equals(response)) return t.fail(`seed ${seed}: request ${n} was not answered`)
  }
  // All that is late comes now, and changes nothing.
  await line.clock.advance(20_000)
  if (line.asked.length !== sent.length || !sent.every((message, n) => message.equals(line.asked[n] ?? message))) {
    return t.fail(`seed ${seed}: ${line.asked.length} requests were handled, expected ${sent.length}`)
  }
  if (line.mostQueued > mostQueued) return t.fail(`seed ${seed}: ${line.mostQueued} were on their way at once`)
  if (line.mostTimers > MOST_TIMERS) return t.fail(`seed ${seed}: ${line.mostTimers} timers at once`)
  if (line.ends.length > 0) return t.fail(`seed ${seed}: the server ended the conversation`)
  return undefined
}

for (const first of FIRST_SEEDS) {
  const seeds = Array.from({ length: RUNS_EACH }, (_, n) => first + n)
  const named = `(seeds ${first} … ${first + RUNS_EACH - 1})`
  test(`a call with one bit in a thousand wrong: every message once ${named}`, async (t) => {
    for (const seed of seeds) await run(t, CALL, seed)
    t.pass()
  })
  test(`short messages, 30 % lost, 10 % doubled, out of order: every message once ${named}`, async (t) => {
    for (const seed of seeds) await run(t, MESSAGES, seed)
    t.pass()
  })
}

test('the biggest message passes both kinds of line both ways', async (t) => {
  const biggest = Buffer.alloc(BLOCKS_MAX * BLOCK_BYTES, 7)
  for (const { make, badness, mostQueued } of [CALL, MESSAGES]) {
    const line = make({ ...badness, seed: 9 }, async (message) => message)
    t.deepEqual(Buffer.from((await line.request(biggest)) ?? []), biggest)
    t.is(line.asked.length, 1)
    t.true(line.mostQueued <= mostQueued, `${line.mostQueued}`)
  }
})
