import test from 'ava'
import { DataMode } from '../../../line/modem/data-mode.ts'
import { FakeClock } from '../../fake-clock.ts'
import { seeded } from '../../random.ts'

const SEED = 62_003

function dataMode(closedWord: 'CLOSED' | 'NO CARRIER' = 'CLOSED') {
  const clock = new FakeClock()
  const written: string[] = []
  let data = ''
  const ends: string[] = []
  let spoilt = false
  const it = new DataMode(
    clock,
    (bytes) => written.push(Buffer.from(bytes).toString('latin1')),
    (bytes) => {
      data += Buffer.from(bytes).toString('latin1')
    },
    (end, after, may) => {
      ends.push(`${end}: ${Buffer.from(after).toString('latin1').trim()}`)
      spoilt = may
    },
    closedWord,
  )
  const push = (text: string): void => it.push(Buffer.from(text, 'latin1'))
  const type = (text: string): void => it.write(Buffer.from(text, 'latin1'))
  return { it, clock, written, ends, push, type, data: () => data, spoilt: () => spoilt }
}

test('the word of a connection that was closed counts like NO CARRIER, and only where there is one', async (t) => {
  for (const [rule, word, asked] of [
    ['CLOSED', 'CLOSED', true],
    ['CLOSED', 'NO CARRIER', true],
    ['NO CARRIER', 'NO CARRIER', true],
    ['NO CARRIER', 'CLOSED', false],
  ] as const) {
    const { clock, written, ends, push } = dataMode(rule)
    push(`last\r\n${word}\r\n`)
    await clock.advance(300)
    t.deepEqual(written, asked ? ['AT\r'] : [], `${rule} ${word}`)
    push('\r\nOK\r\n')
    t.deepEqual(ends, asked ? ['carrier: OK'] : [])
  }
})

test('what the modem says behind it is kept for the reader of lines, in one read or in many', async (t) => {
  const said =
    'last~\r\nCLOSED\r\n\r\n+CGEV: NW DEACT "IP","10.0.0.2",1\r\n\r\n+CIPEVENT: NETWORK CLOSED UNEXPECTEDLY\r\n'
  for (const step of [said.length, 1, 3, 7]) {
    const { clock, ends, push, data } = dataMode()
    for (let at = 0; at < said.length; at += step) push(said.slice(at, at + step))
    await clock.advance(300)
    push('\r\nOK\r\n')
    t.true(data().startsWith('last~\r\nCLOSED'))
    t.regex(ends[0] ?? '', /^carrier: \+CGEV.*UNEXPECTEDLY\s+OK$/s, `in steps of ${step}`)
  }
})

test(`bytes of all kinds with the words among them arrive all and in order, in any pieces (seed ${SEED})`, async (t) => {
  const random = seeded(SEED)
  const words = ['\r\nCLOSED\r\n', '\r\nNO CARRIER\r\n', '\r\nNO CARRIER', 'OK', '\r\n', '+++', '~', '\u0000\u00ff']
  for (let run = 0; run < 300; run++) {
    const { clock, ends, push, data } = dataMode()
    let sent = ''
    for (let n = 0; n < 20; n++) {
      const word = words[random(words.length)] ?? ''
      const noise = Array.from({ length: random(40) }, () => String.fromCharCode(random(256))).join('')
      const piece = random(2) === 0 ? word + noise : noise + word
      // The peer's own OK at a line's end after a doubted end is its own hanging up: not here.
      const harmless = piece.replaceAll(/OK(?=\r?\n)/g, 'ok')
      sent += harmless
      for (let at = 0; at < harmless.length; ) {
        const size = 1 + random(harmless.length)
        push(harmless.slice(at, at + size))
        at += size
        if (random(3) === 0) await clock.advance(random(2500))
      }
    }
    await clock.advance(10_000)
    t.deepEqual([data() === sent, ends], [true, []], `run ${run}`)
  }
})

test('more than a modem would say is data', async (t) => {
  const { clock, written, push, data } = dataMode()
  push('\r\nCLOSED\r\n')
  const much = 'x'.repeat(513)
  push(much)
  await clock.advance(1000)
  t.is(data(), `\r\nCLOSED\r\n${much}`)
  t.deepEqual(written, [])
})

test('who hangs up while the end is doubted waits until it is known', async (t) => {
  const gone = dataMode()
  gone.push('\r\nCLOSED\r\n')
  const escaped = gone.it.escape(1000)
  await gone.clock.advance(300)
  gone.push('\r\nOK\r\n')
  t.true(await escaped)
  t.deepEqual([gone.written, gone.ends], [['AT\r'], ['carrier: OK']])

  const there = dataMode()
  there.push('\r\nCLOSED\r\n')
  const later = there.it.escape(1000)
  await there.clock.advance(300 + 2 * 1500 + 1000)
  t.is(there.written.at(-1), '+++')
  there.push('\r\nOK\r\n')
  t.true(await later)
  t.deepEqual(there.ends, ['escaped: '])

  const deaf = dataMode()
  const never = deaf.it.escape(1000)
  await deaf.clock.advance(60_000)
  t.false(await never)
  deaf.push('still data')
  t.is(deaf.data(), 'still data')
})

test('an OK that is read late, after the time for it, still ends the call: AT is asked twice', async (t) => {
  const { clock, written, ends, push } = dataMode()
  push('\r\nCLOSED\r\n')
  await clock.advance(300 + 1500)
  t.deepEqual(written, ['AT\r', 'ATE0Q0V1\r'])
  push('\r\nOK\r\n')
  t.deepEqual(ends, ['carrier: OK'])
})

test('what was written behind the end of the call spoils the first AT: asked again at once, the modem speaks again', async (t) => {
  for (const answer of ['\r\nERROR\r\n', '4\r', '0\r', 'AT\r4\r']) {
    const { clock, written, ends, push, spoilt } = dataMode()
    await clock.advance(5000)
    push('\r\nCLOSED\r\n')
    await clock.advance(300)
    push(answer)
    t.deepEqual(written, ['AT\r', 'ATE0Q0V1\r'], JSON.stringify(answer))
    push('\r\nOK\r\n')
    t.is(ends.length, 1)
    t.true(spoilt())
  }
})

test('what the modem answers to bytes of the call is no answer to what it is asked', async (t) => {
  for (const answer of ['\r\nOK\r\n', '\r\nERROR\r\n']) {
    const { clock, written, ends, push } = dataMode()
    push(`\r\nCLOSED\r\n${answer}`)
    await clock.advance(300)
    push('\r\nRING\r\n')
    t.deepEqual([written, ends], [['AT\r'], []])
    push('\r\nOK\r\n')
    t.is(ends.length, 1)
  }
})

test('settings are in doubt after bytes that crossed the end of the call, and not after a call that ended in silence', async (t) => {
  for (const [before, behind, doubt] of [
    [5000, false, false],
    [460, false, false],
    [100, false, true],
    [5000, true, true],
  ] as const) {
    const { clock, ends, push, type, spoilt } = dataMode()
    type('~request~')
    await clock.advance(before)
    push('~answer~\r\nCLOSED\r\n')
    if (behind) type('~more~')
    await clock.advance(300)
    push('\r\nOK\r\n')
    t.is(ends.length, 1)
    t.is(spoilt(), doubt, `${before} ${behind}`)
  }
  const { clock, push, type, spoilt, ends } = dataMode()
  type('~')
  push('\r\nCLOSED\r\n')
  push('~it was data~')
  await clock.advance(5000)
  push('\r\nCLOSED\r\n')
  await clock.advance(300)
  push('\r\nOK\r\n')
  t.deepEqual([ends.length, spoilt()], [1, false])
})

test('the connection that ends during +++ has ended, and what follows is the modem’s', async (t) => {
  const { it, clock, ends, push } = dataMode()
  const escaped = it.escape(1000)
  await clock.advance(1000)
  push('\r\nCLOSED\r\n\r\n+CIPEVENT: X\r\n')
  t.true(await escaped)
  t.deepEqual(ends, ['carrier: +CIPEVENT: X'])
})
