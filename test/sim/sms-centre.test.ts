import test from 'ava'
import { CENTRES } from '../../sim/sms-centre.ts'
import { A, B, type MobileOptions, mobile, submitTo } from './mobile.ts'

/** What B has, in the order of arrival: the last octet of each message, and its centre's last digit. */
async function exchange(count: number, options: MobileOptions, everyMs = 100) {
  const world = mobile({ b: { sim: { messages: 255 } }, ...options })
  for (let n = 0; n < count; n++) {
    await world.send(submitTo(B, n.toString(16).padStart(2, '0')))
    await world.clock.advance(everyMs)
  }
  await world.clock.advance(60_000)
  const lines = world.b
    .ask('AT+CMGL=4')
    .split('\r\n')
    .filter((line) => /^07911809/.test(line))
  const arrived = lines.map((line) => Number.parseInt(line.slice(-2), 16))
  return { ...world, arrived, centres: lines.map((line) => line[14]) }
}

test('without faults all arrive once, in order, by the first centre', async (t) => {
  const { arrived, centres, clock } = await exchange(50, {})
  t.deepEqual(arrived, [...Array(50).keys()])
  t.deepEqual(new Set(centres), new Set(['1']))
  t.is(clock.waiting, 0)
})

test('loss, duplication, reordering, and the other centre: about as often as asked for', async (t) => {
  const { arrived, centres, states } = await exchange(200, {
    faults: { loss: 0.3, duplicate: 0.1, reorder: 0.3, swap: 0.5 },
  })
  const lost = states().filter((state) => state.endsWith('lost')).length
  const twice = states().filter((state) => state.endsWith('duplicated')).length
  t.true(lost > 40 && lost < 80, `${lost} lost`)
  t.true(twice > 5 && twice < 35, `${twice} twice`)
  t.is(arrived.length, 200 - lost + twice)
  t.is(new Set(arrived).size, 200 - lost)
  const late = arrived.filter((value, at) => at > 0 && value < (arrived[at - 1] ?? 0)).length
  t.true(late > 15, `${late} overtaken`)
  const others = centres.filter((centre) => centre === '2').length
  t.true(others > arrived.length / 3 && others < (arrived.length * 2) / 3, `${others} by the other centre`)
})

test('the same seed does the same, another one something else', async (t) => {
  const faults = { loss: 0.3, duplicate: 0.2, reorder: 0.3, jitterMs: 500 }
  const [first, again, other] = [
    await exchange(40, { seed: 5, faults }),
    await exchange(40, { seed: 5, faults }),
    await exchange(40, { seed: 6, faults }),
  ]
  t.deepEqual(again.arrived, first.arrived)
  t.deepEqual(again.states(), first.states())
  t.notDeepEqual(other.arrived, first.arrived)
})

test('what is lost does not depend on the other faults', async (t) => {
  const lostOf = async (faults: MobileOptions['faults']) =>
    (await exchange(40, { faults: { loss: 0.3, ...faults } })).states().filter((state) => state.endsWith('lost'))
  t.deepEqual(await lostOf({ duplicate: 0.5, reorder: 0.5, swap: 1, jitterMs: 100 }), await lostOf({}))
})

test('duplicates have the stamp of the first one; a held one comes after 3 s if none overtakes it', async (t) => {
  const { b, send, clock } = mobile({ faults: { duplicate: 1 } })
  await send(submitTo(B, '01'))
  await clock.advance(1000)
  const lines = b
    .ask('AT+CMGL=4')
    .split('\r\n')
    .filter((line) => line.startsWith('0791'))
  t.is(lines.length, 2)
  t.is(lines[0], lines[1])
  const held = mobile({ faults: { reorder: 1 } })
  await held.send(submitTo(B, '01'))
  await held.clock.advance(3299)
  t.deepEqual(held.states(), ['1 accepted'])
  await held.clock.advance(1)
  t.deepEqual(held.states(), ['1 accepted', '1 delivered'])
})

test('delay is from the centre to the recipient', async (t) => {
  const { send, clock, states } = mobile({ faults: { delayMs: 5000 } })
  await send(submitTo(B, '01'))
  await clock.advance(4999)
  t.deepEqual(states(), ['1 accepted'])
  await clock.advance(1)
  t.is(states().length, 2)
})

test('store and forward: radio off, unplugged, hung, unregistered; all comes in order when it is back', async (t) => {
  type Change = (world: ReturnType<typeof mobile>) => void
  const ways: readonly (readonly [away: Change, back: Change])[] = [
    [({ b }) => b.ask('AT+CFUN=4'), ({ b }) => b.ask('AT+CFUN=1')],
    [({ b }) => b.modem.unplug(), ({ b }) => b.modem.plug()],
    [({ b }) => b.modem.setAnswer('silent'), ({ b }) => b.modem.setAnswer('normal')],
    [
      ({ b }) => {
        b.modem.parts.radio.set({ registration: 'denied' })
        b.modem.refresh()
      },
      ({ b }) => {
        b.modem.parts.radio.set({ registration: 'roaming' })
        b.modem.refresh()
      },
    ],
  ]
  for (const [away, back] of ways) {
    const world = mobile()
    away(world)
    for (const data of ['01', '02', '03']) await world.send(submitTo(B, data))
    await world.clock.advance(3_600_000)
    const waiting = world.states().filter((state) => state.endsWith('waiting absent'))
    t.deepEqual(waiting, ['1 waiting absent', '2 waiting absent', '3 waiting absent'])
    t.is(world.centre.waiting, 3)
    back(world)
    await world.clock.advance(1)
    t.deepEqual(world.states().slice(-3), ['1 delivered', '2 delivered', '3 delivered'])
    world.b.ask('ATE0')
    t.deepEqual(
      [...world.b.ask('AT+CMGL=4').matchAll(/80(0\d)\r/g)].map(([, data]) => data),
      ['01', '02', '03'],
    )
  }
})

test('what is not delivered in its time expires, and the report says so', async (t) => {
  const { a, b, clock, send, states } = mobile()
  a.ask('AT+CNMI=2,1,0,1')
  b.ask('AT+CFUN=4')
  // Relative validity 0 is five minutes.
  const tpdu = submitTo(B, '01', '71').replace(/0004(?=08)/, '000400')
  await send(tpdu)
  a.read()
  await clock.advance(300_600)
  t.deepEqual(states(), ['1 accepted', '1 waiting absent', '1 expired', 'report 1 delivered'])
  t.regex(a.read(), /46\r\n$/)
  b.ask('AT+CFUN=1')
  t.is(b.ask('AT+CMGL=4'), '\r\nOK\r\n')
  t.is(clock.waiting, 0)
})

test('only one report comes for a message that comes twice; reports can be lost', async (t) => {
  const { a, clock, send } = mobile({ faults: { duplicate: 1 } })
  a.ask('AT+CNMI=2,1,0,1')
  await send(submitTo(B, '01', '61'))
  await clock.advance(2000)
  t.is(a.read().match(/\+CDS/g)?.length, 1)
  const lossy = mobile({ faults: { reportLoss: 1 } })
  lossy.a.ask('AT+CNMI=2,1,0,1')
  await lossy.send(submitTo(B, '01', '61'))
  await lossy.clock.advance(2000)
  t.is(lossy.states().at(-1), 'report 1 lost')
  const gone = mobile({ faults: { loss: 1 } })
  gone.a.ask('AT+CNMI=2,1,0,1')
  await gone.send(submitTo(B, '01', '61'))
  await gone.clock.advance(2000)
  t.deepEqual(gone.states(), ['1 accepted', '1 lost'])
})

test('a centre that refuses gives every sender its code', async (t) => {
  const { send, states } = mobile({ faults: { refuse: 38 } })
  t.is(await send(submitTo(B, '01')), '\r\n> \r\n+CMS ERROR: 38\r\n')
  t.deepEqual(states(), [])
})

test('at most 1,000 wait for one recipient: congestion', async (t) => {
  const { centre, b, clock } = mobile()
  b.ask('AT+CFUN=4')
  const sender = { number: A, shownNumber: A }
  const submit = {
    ...{ header: false, protocol: 0, coding: 4, length: 0, data: new Uint8Array(0), reference: 0 },
    ...{ to: { text: B, type: 145 }, reportWanted: false, replyPath: false, rejectDuplicates: false },
    validity: new Uint8Array(0),
  }
  for (let n = 0; n < 1000; n++) t.is(centre.submit(sender, CENTRES[0], submit, Uint8Array.of(1)), undefined)
  t.is(centre.submit(sender, CENTRES[0], submit, Uint8Array.of(1)), 42)
  await clock.advance(1000)
  t.is(centre.waiting, 1000)
  centre.close()
  t.is(clock.waiting, 0)
})

test('to oneself', async (t) => {
  const { a, send, clock } = mobile()
  a.ask('AT+CNMI=2,1')
  await send(submitTo(A, '01'))
  await clock.advance(300)
  t.is(a.read(), '\r\n+CMTI: "SM",1\r\n')
})

test('after closing nothing waits, whatever was under way', async (t) => {
  const { centre, clock, send } = mobile({ faults: { duplicate: 1, reorder: 1, jitterMs: 1000 } })
  for (let n = 0; n < 5; n++) await send(submitTo(B, '01', '61'))
  centre.close()
  t.is(clock.waiting, 0)
})
