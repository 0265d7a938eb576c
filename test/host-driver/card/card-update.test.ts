import test from 'ava'
import { CardClient } from '../../../host-driver/card/card-client.ts'
import { awaitUpdate, sendUpdate, type UpdateStatus } from '../../../host-driver/card/card-update.ts'
import { fault } from '../../../host-driver/errors.ts'
import { CardRefusal, cardOnStream } from '../fake-card.ts'

const VERSION = '0.2.0'
const FILE = Buffer.alloc(100_000, 7)

function taking() {
  const { card, cable } = cardOnStream()
  const parts: Buffer[] = []
  Object.assign(card.answers, {
    'card.update.status': () => ({ version: '0.1.0', trial: false }),
    'card.update.begin': () => ({ version: '0.2.0' }),
    'card.update.write': ({ part }: { readonly part: string }) => {
      parts.push(Buffer.from(part, 'base64url'))
      return {}
    },
    'card.update.finish': () => ({ version: '0.2.0' }),
  })
  return { card, client: new CardClient(cable), parts }
}

test('sent in parts, as it is, counted', async (t) => {
  const { client, parts, card } = taking()
  const counts: number[] = []
  t.is(await sendUpdate(client, FILE, (bytes) => counts.push(bytes)), VERSION)
  t.deepEqual(Buffer.concat(parts), FILE)
  t.deepEqual(counts, [32_768, 65_536, 98_304, 100_000])
  t.is(card.asked.at(-1)?.method, 'card.update.finish')
  await client.close()
})

test('a refusal is the card’s own, and nothing is sent after it', async (t) => {
  const { client, card } = taking()
  card.answers['card.update.begin'] = () => {
    throw new CardRefusal('UPDATE_FOREIGN')
  }
  await t.throwsAsync(
    sendUpdate(client, FILE, () => {}),
    { code: 'UPDATE_FOREIGN' } as object,
  )
  t.false(card.asked.some(({ method }) => method === 'card.update.write'))
  await client.close()
})

/** Looks at a card that is like this, one after the other; time passes by the pauses. */
function watched(looks: readonly (UpdateStatus | 'gone' | 'unpaired')[], signal?: AbortSignal) {
  let [time, at] = [0, 0]
  const look = async (): Promise<UpdateStatus> => {
    const it = looks[Math.min(at++, looks.length - 1)]
    if (it === 'gone' || it === undefined) throw fault('CARD_GONE')
    if (it === 'unpaired') throw fault('CARD_UNPAIRED')
    return it
  }
  const after = (ms: number, run: () => void) => {
    time += ms
    queueMicrotask(run)
    return () => {}
  }
  return awaitUpdate(VERSION, look, { after, now: () => time, signal })
}
const OLD: UpdateStatus = { version: '0.1.0', trial: false }
const WAITS: UpdateStatus = { ...OLD, installed: '0.2.0' }

test('healthy, after the old program answered once more and it was gone for a while', async (t) => {
  const on = (trial: boolean): UpdateStatus => ({ version: VERSION, trial })
  await t.notThrowsAsync(watched([WAITS, 'gone', 'gone', on(true), on(false)]))
})

test('rolled back, and why', async (t) => {
  const failed = { code: 'CARD_UPDATE_FAILED' } as object
  const rolledBack = { version: VERSION, why: 'it is not whole' }
  const error = await t.throwsAsync(watched([WAITS, 'gone', { ...OLD, rolledBack }]), failed)
  t.regex(error?.message ?? '', /did not stay with version 0\.2\.0: it is not whole/)
  await t.throwsAsync(watched([OLD]), failed)
})

test('one that never comes back, or never decides, is waited for in vain; Ctrl-C ends it; what does not pass is told', async (t) => {
  await t.throwsAsync(watched([WAITS, 'gone']), { code: 'CARD_UPDATE_FAILED' } as object)
  await t.throwsAsync(watched([{ version: VERSION, trial: true }]), { code: 'CARD_UPDATE_FAILED' } as object)
  await t.throwsAsync(watched(['gone'], AbortSignal.abort()), { code: 'CANCELLED' } as object)
  await t.throwsAsync(watched(['unpaired']), { code: 'CARD_UNPAIRED' } as object)
})
