import test from 'ava'
import { CardFiles } from '../../../host-driver/card/card-files.ts'
import { callOverLine } from '../../../host-driver/card/line-call.ts'
import { enrolledCard, loginParams, payParams, TestCard } from '../../firmware/card/card.ts'
import { MemoryDisk } from '../../firmware/card/memory-disk.ts'
import { seeded } from '../../random.ts'
import { inTime, outcomeOf, pulledCable } from './pulled-cable.ts'

const SEED = 20_000_540
const UNPLUGS = 200
const ENROLMENTS = 60
/** Bytes of a whole file that is written, and of a login with its notifications, and somewhat more. */
const FAR = 6000
/** Of a hello with its answer, and of a proof with its own. */
const GREETING = 600

test(`${UNPLUGS} unplugs at random bytes of every request: each is told, none hangs, the enrolment stands (seed ${SEED})`, async (t) => {
  t.timeout(300_000)
  t.log(`seed ${SEED}`)
  const random = seeded(SEED)
  const card = await enrolledCard()
  const cable = await pulledCable(t, card)
  const { link } = cable
  const files = new CardFiles(link)
  const content = Buffer.alloc(3000, 'x')
  const asks: Readonly<Record<string, () => Promise<unknown>>> = {
    status: () => link.call('card.status', {}),
    doctor: () => link.call('card.doctor', {}),
    login: () => callOverLine(link, 'line.login', loginParams('a')),
    pay: () => callOverLine(link, 'line.pay', payParams('a')),
    enrol: () => callOverLine(link, 'card.enrol', { ticket: card.server.ticket('one') }),
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
    const plugged = cable.current()
    // Each request is cut at its first bytes too, where it is short.
    if (plugged !== undefined) plugged.left = 1 + random(n % 3 === 0 ? FAR : 250)
    // In every second round the next plugging in does not hold either: it is pulled in hello or proof.
    cable.nextLeft = n % 2 === 0 ? 1 + random(GREETING) : undefined
    const outcome = await outcomeOf(asks[name]?.() ?? Promise.resolve())
    told[outcome] = (told[outcome] ?? 0) + 1
    plugged?.cut()
    const { card: seen } = await inTime(link.call('card.status', {}))
    t.true(seen.enrolled, `after ${name}`)
  }
  t.log(told, `${cable.early} in hello or proof`)
  t.true((told.CARD_GONE ?? 0) > UNPLUGS / 10, 'the unplugs miss')
  t.true(cable.early > UNPLUGS / 10, 'the unplugs miss hello and proof')
  t.false('hangs' in told)
  t.like(await inTime(callOverLine(link, 'line.login', loginParams('z'))), { verdict: 'permitted' })
})

test(`${ENROLMENTS} unplugs at random bytes of a first enrolment: the same ticket ends it, once (seed ${SEED + 1})`, async (t) => {
  t.timeout(300_000)
  const random = seeded(SEED + 1)
  const told: Record<string, number> = {}
  for (let n = 0; n < ENROLMENTS; n++) {
    const card = new TestCard(undefined, new MemoryDisk())
    const cable = await pulledCable(t, card)
    const { link } = cable
    const ticket = card.server.ticket('one')
    const plugged = cable.current()
    if (plugged !== undefined) plugged.left = 1 + random(1200)
    const enrol = () => callOverLine(link, 'card.enrol', { ticket })
    const outcome = await outcomeOf(enrol())
    plugged?.cut()
    const { card: seen } = await inTime(link.call('card.status', {}))
    const key = `${outcome}${seen.enrolled ? ', enrolled all the same' : ''}`
    told[key] = (told[key] ?? 0) + 1
    if (!seen.enrolled) {
      const again = await inTime(enrol())
      t.is(again.cardId, (await inTime(link.call('card.status', {}))).card.cardId)
    }
    t.like(await inTime(callOverLine(link, 'line.login', loginParams(`${n}`))), { verdict: 'permitted' })
    await link.close()
  }
  t.log(told)
  t.true((told.CARD_GONE ?? 0) > ENROLMENTS / 10, 'the unplugs miss')
  t.false(Object.keys(told).some((code) => code.startsWith('hangs')))
})

test(`${UNPLUGS} unplugs in the middle of pairing: no code is left over, none hangs, and then it pairs (seed ${SEED + 2})`, async (t) => {
  t.timeout(300_000)
  const random = seeded(SEED + 2)
  const card = await enrolledCard()
  const cable = await pulledCable(t, card)
  // The owner keeps the list short: an answer that was lost made a pairing that nobody has.
  const tidy = async (): Promise<void> => {
    const { pcs } = await inTime(cable.link.call('card.paired', {}))
    for (const { pc, name } of pcs) if (name === 'half') await inTime(cable.link.call('card.unpair', { pc }))
  }
  let gone = 0
  for (let n = 0; n < UNPLUGS; n++) {
    const client = await cable.stranger()
    const plugged = cable.current()
    if (plugged !== undefined) plugged.left = 1 + random(420)
    const pairing = async (): Promise<void> => {
      await client.call('card.pair.begin', {})
      await client.call('card.pair.finish', { code: card.codes.at(-1) ?? '', name: 'half' })
    }
    if ((await outcomeOf(pairing())) === 'CARD_GONE') gone++
    await client.close()
    // What the card showed was for that connection.
    const next = await cable.stranger()
    const code = card.codes.at(-1) ?? ''
    t.is(await outcomeOf(next.call('card.pair.finish', { code, name: 'late' })), 'PAIRING_REFUSED')
    t.is(await outcomeOf(next.call('card.status', {})), 'CARD_UNPAIRED')
    await next.close()
    await tidy()
  }
  t.log(`${gone} of ${UNPLUGS} before the pairing was told`)
  t.true(gone > UNPLUGS / 4, 'the unplugs miss')
  const last = await cable.stranger()
  await inTime(last.call('card.pair.begin', {}))
  await inTime(last.call('card.pair.finish', { code: card.codes.at(-1) ?? '', name: 'whole' }))
  t.true((await inTime(last.call('card.status', {}))).card.enrolled)
  await last.close()
})
