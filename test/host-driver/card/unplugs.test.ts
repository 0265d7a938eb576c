import { Duplex } from 'node:stream'
import test from 'ava'
import { UsbKeeper } from '../../../firmware/usb/usb-keeper.ts'
import type { UsbPort } from '../../../firmware/usb/usb-link.ts'
import { CardClient } from '../../../host-driver/card/card-client.ts'
import { CardFiles } from '../../../host-driver/card/card-files.ts'
import { CardLink } from '../../../host-driver/card/card-link.ts'
import { KeylineError } from '../../../host-driver/errors.ts'
import { proofOf } from '../../../wire/usb/pairing.ts'
import { enrolledCard, loginParams, payParams } from '../../firmware/card/card.ts'
import { seeded } from '../../random.ts'

const SEED = 20_000_540
const UNPLUGS = 200
/** Bytes of a whole file that is written, and of a login with its notifications, and somewhat more. */
const FAR = 6000
/** Nothing may take longer, milliseconds: what hangs is seen by this and never waited for. */
const HANG_MS = 20_000

/** One plugging in: two ends, cut after so many bytes of both ways together. */
class Cable {
  readonly card: UsbPort
  readonly pc: Duplex
  left = Number.POSITIVE_INFINITY
  readonly #card: Duplex

  constructor() {
    this.pc = this.#end(() => this.#card)
    this.#card = this.#end(() => this.pc)
    this.card = { source: this.#card, sink: this.#card, close: async () => this.cut() }
  }

  cut(): void {
    this.pc.destroy()
    this.#card.destroy()
  }

  #end(other: () => Duplex): Duplex {
    return new Duplex({
      read: () => {},
      write: (chunk: Buffer, _encoding, done) => {
        const part = chunk.subarray(0, Math.max(0, this.left))
        this.left -= chunk.length
        if (part.length > 0) other().push(part)
        // Whatever was on its way stays half.
        if (this.left <= 0) setImmediate(() => this.cut())
        done()
      },
    })
  }
}

test(`${UNPLUGS} unplugs at random bytes of every request: each is told, none hangs, the enrolment stands (seed ${SEED})`, async (t) => {
  t.timeout(300_000)
  t.log(`seed ${SEED}`)
  const random = seeded(SEED)
  const card = await enrolledCard()
  const cables: Cable[] = []
  const plug = (): Promise<Cable> => {
    const cable = new Cable()
    cables.push(cable)
    return Promise.resolve(cable)
  }
  const known = new Promise<{ pc: string; key: string }>((resolve) => {
    const pair = card.gate.api()
    pair['card.pair.begin']({})
      .then(() => pair['card.pair.finish']({ code: card.codes.at(-1) ?? '', name: 'laptop' }))
      .then((answer) => answer.ok && resolve(answer.result))
  })
  const pairing = await known
  let waiting: Cable | undefined
  const keeper = new UsbKeeper({
    open: async () => {
      waiting = await plug()
      return waiting.card
    },
    api: card.api(undefined, true),
    clock: card.clock,
    onGone: () => {
      card.jobs.cancel()
      card.files.cancel()
      card.gate.reset()
    },
    log: () => {},
  })
  await keeper.start()
  // The card's own time passes by itself.
  const ticking = setInterval(() => card.clock.advance(100).catch(() => {}), 1)
  t.teardown(async () => {
    clearInterval(ticking)
    await keeper.close()
  })
  const after = (ms: number, run: () => void) => {
    const timer = setTimeout(run, ms >= 3000 ? ms : 2)
    return () => clearTimeout(timer)
  }
  const connect = async (): Promise<CardClient> => {
    const cable = waiting
    waiting = undefined
    if (cable === undefined || cable.pc.destroyed)
      throw new KeylineError({ code: 'CARD_NOT_FOUND', what: '', cure: '', origin: 'here' })
    const client = new CardClient({ stream: cable.pc, close: async () => cable.cut() }, () => {}, after)
    try {
      const { pairing: asked } = await client.call('card.hello', { version: 1, driver: 'test' })
      const key = Buffer.from(pairing.key, 'base64url')
      const nonce = Buffer.alloc(32, 7).toString('base64url')
      const proof = Buffer.from(proofOf('pc', key, asked?.challenge ?? '', nonce)).toString('base64url')
      await client.call('card.prove', { pc: pairing.pc, nonce, proof })
      return client
    } catch (error) {
      await client.close()
      throw error
    }
  }
  const link = new CardLink({ client: await connect(), connect, after })
  t.teardown(() => link.close())
  const files = new CardFiles(link)
  const content = Buffer.alloc(3000, 'x')
  const asks: Readonly<Record<string, () => Promise<unknown>>> = {
    status: () => link.call('card.status', {}),
    doctor: () => link.call('card.doctor', {}),
    login: () => link.call('line.login', loginParams('a')),
    pay: () => link.call('line.pay', payParams('a')),
    enrol: () => link.call('card.enrol', { ticket: card.server.ticket('one') }),
    cancel: () => link.call('line.cancel', {}),
    paired: () => link.call('card.paired', {}),
    'pair begin': () => link.call('card.pair.begin', {}),
    'write a file': () => files.write('note', content),
    'read a file': () => files.read('note'),
    'list files': () => files.list(),
    'set a PIN': () => link.call('card.pin.set', { current: '', wanted: '1234' }),
    update: () => link.call('card.update.status', {}),
  }
  const told: Record<string, number> = {}
  const names = Object.keys(asks)
  for (let n = 0; n < UNPLUGS; n++) {
    const name = names[n % names.length] ?? 'status'
    const cable = cables.findLast(({ pc }) => !pc.destroyed)
    // Each request is cut at its first bytes too, where it is short.
    if (cable !== undefined) cable.left = 1 + random(n % 3 === 0 ? FAR : 250)
    const outcome = await inTime(name, asks[name]?.() ?? Promise.resolve())
    told[outcome] = (told[outcome] ?? 0) + 1
    if (cable !== undefined) cable.cut()
    const { card: seen } = (await inTimeOr(link.call('card.status', {}))) as { card: { enrolled: boolean } }
    t.true(seen.enrolled, `after ${name}`)
  }
  t.log(told)
  t.true((told.CARD_GONE ?? 0) > UNPLUGS / 10, 'the unplugs miss')
  t.deepEqual(
    Object.keys(told).filter((code) => code === 'hangs'),
    [],
  )
  const last = await inTimeOr(link.call('line.login', loginParams('z')))
  t.like(last, { verdict: 'permitted' })
})

/** @returns ok, or the code that the caller was told */
function inTime(_name: string, asked: Promise<unknown>): Promise<string> {
  return inTimeOr(asked).then(
    () => 'ok',
    (error: unknown) => (error instanceof KeylineError ? error.code : String(error)),
  )
}

async function inTimeOr<T>(asked: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new KeylineError({ code: 'hangs', what: '', cure: '', origin: 'here' })), HANG_MS)
  })
  try {
    return await Promise.race([asked, late])
  } finally {
    clearTimeout(timer)
  }
}
