import test from 'ava'
import { Behaviours } from '../../../sim/acquirer/behaviour.ts'
import { client } from './client.ts'

const CALM = { seed: 1, slowMs: 0, refuseRate: 0, timeoutAfterCharge: 0, answerTwice: 0 }

test('an order holds for so many requests of its kind, a new one replaces it', (t) => {
  const behaviours = new Behaviours(CALM)
  t.deepEqual(behaviours.next('look'), { as: 'normal', waitMs: 0 })
  behaviours.order({ as: 'down', requests: 2, on: 'capture' })
  t.deepEqual(
    (['authorise', 'capture', 'look', 'capture', 'capture'] as const).map((ask) => behaviours.next(ask).as),
    ['normal', 'down', 'normal', 'down', 'normal'],
  )
  behaviours.order({ as: 'slow', ms: 30 })
  for (let n = 0; n < 5; n++) t.deepEqual(behaviours.next('void'), { as: 'slow', waitMs: 30 })
  behaviours.order({ as: 'normal' })
  t.is(behaviours.next('void').as, 'normal')
})

test('chance has its own row for each fault, the same for the same seed', (t) => {
  const row = (options: Partial<typeof CALM>) => {
    const behaviours = new Behaviours({ ...CALM, ...options })
    return Array.from({ length: 200 }, (_, n) => behaviours.next(n % 2 ? 'capture' : 'authorise').as)
  }
  t.deepEqual(row({ refuseRate: 0.3 }), row({ refuseRate: 0.3 }))
  t.notDeepEqual(row({ refuseRate: 0.3 }), row({ refuseRate: 0.3, seed: 2 }))
  const places = (all: readonly string[], as: string) => all.flatMap((it, n) => (it === as ? n : []))
  const both = row({ refuseRate: 0.3, timeoutAfterCharge: 0.3 })
  t.deepEqual(places(both, 'refuse'), places(row({ refuseRate: 0.3 }), 'refuse'))
  t.deepEqual(places(both, 'time-out-after'), places(row({ timeoutAfterCharge: 0.3 }), 'time-out-after'))
  t.true(
    places(both, 'refuse').every((n) => n % 2 === 0),
    'only authorisations are refused',
  )
  t.true(
    places(both, 'time-out-after').every((n) => n % 2 === 1),
    'only captures are lost',
  )
  t.is(places(row({ answerTwice: 1 }), 'answer-twice').length, 200)
})

test.serial('refused, lost, twice, slow and down, as ordered', async (t) => {
  const { acquirer, ask } = await client(t)
  const lost = async (asked: Promise<unknown>): Promise<string> => {
    const timer = new Promise((resolve) => setTimeout(resolve, 500, 'silence'))
    return String(
      await Promise.race([
        asked.then(
          () => 'answer',
          () => 'broken',
        ),
        timer,
      ]),
    )
  }
  await acquirer.command({ do: 'behave', as: 'down', requests: 1 })
  t.is(await lost(ask('authorise')), 'broken')
  await acquirer.command({ do: 'behave', as: 'time-out-before', requests: 1 })
  t.is(await lost(ask('authorise')), 'silence')
  t.deepEqual(await acquirer.payments(), [])
  await acquirer.command({ do: 'behave', as: 'slow', ms: 50, requests: 1 })
  t.is((await ask('authorise')).json.state, 'authorised')
  await acquirer.command({ do: 'behave', as: 'time-out-after', on: 'capture', requests: 1 })
  t.is(await lost(ask('capture')), 'silence')
  t.like((await acquirer.payments())[0], { state: 'captured', charges: 1 })
  await acquirer.command({ do: 'behave', as: 'answer-twice', requests: 1 })
  t.is((await ask('capture')).json.state, 'captured')
  t.is((await acquirer.payments())[0]?.charges, 1)
})

test.serial('refuse says no whatever the card', async (t) => {
  const { acquirer, ask } = await client(t)
  await acquirer.command({ do: 'behave', as: 'refuse', requests: 1 })
  t.like((await ask('authorise')).json, { state: 'refused', reason: 'do-not-honour' })
  t.like((await ask('authorise')).json, { state: 'refused', reason: 'do-not-honour' }, 'the first answer stands')
})

test.serial('a slow request is done even when the asker has gone', async (t) => {
  const { acquirer, ask } = await client(t)
  await acquirer.command({ do: 'behave', as: 'slow', ms: 300, requests: 1 })
  const late = ask('authorise')
  await acquirer.until((event) => event.event === 'held')
  t.is((await ask('void')).json.state, 'voided')
  t.is((await late).json.state, 'voided')
  await acquirer.command({ do: 'behave', as: 'slow', ms: 60_000, requests: 1 })
  const never = t.throwsAsync(ask('look'))
  await acquirer.until((event) => event.event === 'held' && event.ask === 'look')
  t.is(await acquirer.stop(), 0, 'a waiting request does not keep it')
  await never
})
