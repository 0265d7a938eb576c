import test from 'ava'
import {
  CALL_HOLD_MS,
  ConsentButton,
  type ConsentPhase,
  DATA_HOLD_MS,
  STUCK_MS,
} from '../../../firmware/board/consent-button.ts'
import { LONG_PRESS_MS } from '../../../firmware/board/long-press.ts'
import type { ConsentAnswer, ConsentWish } from '../../../firmware/card/consent.ts'
import { FakeClock } from '../../fake-clock.ts'

function build() {
  const clock = new FakeClock()
  const phases: ConsentPhase[] = []
  const told = { cancels: 0, stuck: 0 }
  const button = new ConsentButton({
    clock,
    onLongPress: () => told.cancels++,
    onPhase: (phase) => phases.push(phase),
    onStuck: () => told.stuck++,
  })
  const answers: ConsentAnswer[] = []
  const ask = (wish: ConsentWish): AbortController => {
    const controller = new AbortController()
    void button.ask(wish, controller.signal).then((answer) => answers.push(answer))
    return controller
  }
  return { clock, button, phases, told, answers, ask }
}

test('a call: held for a second it is allowed, in that moment and once', async (t) => {
  const { clock, button, phases, told, answers, ask } = build()
  ask('call')
  t.deepEqual(phases, ['call'])
  button.press()
  await clock.advance(CALL_HOLD_MS - 1)
  t.deepEqual(answers, [])
  await clock.advance(1)
  t.deepEqual(answers, ['granted'])
  t.deepEqual(phases, ['call', 'off'])
  // Some buttons tell a hold over and over; the same press neither cancels nor allows the next call.
  button.press()
  ask('call')
  await clock.advance(LONG_PRESS_MS * 3)
  button.release()
  t.deepEqual([answers, told.cancels], [['granted'], 0])
  button.press()
  await clock.advance(CALL_HOLD_MS)
  t.deepEqual(answers, ['granted', 'granted'])
  button.release()
  t.is(clock.waiting, 0)
})

test('let go too early it is a no, for a call and for personal data', async (t) => {
  const cases: [ConsentWish, number, ConsentAnswer][] = [
    ['call', CALL_HOLD_MS - 1, 'refused'],
    ['call', 0, 'refused'],
    ['data', CALL_HOLD_MS - 1, 'refused'],
    ['data', CALL_HOLD_MS, 'data-refused'],
    ['data', DATA_HOLD_MS - 1, 'data-refused'],
    ['data', DATA_HOLD_MS, 'granted'],
  ]
  for (const [wish, ms, expected] of cases) {
    const { clock, button, answers, ask } = build()
    ask(wish)
    button.press()
    await clock.advance(ms)
    button.release()
    await clock.advance(0)
    t.deepEqual(answers, [expected], `${wish} ${ms}`)
    t.is(clock.waiting, 0)
  }
})

test('personal data: the second rhythm begins when the call would be allowed', async (t) => {
  const { clock, button, phases, answers, ask } = build()
  ask('data')
  button.press()
  await clock.advance(CALL_HOLD_MS)
  t.deepEqual(phases, ['call', 'data'])
  await clock.advance(DATA_HOLD_MS - CALL_HOLD_MS)
  t.deepEqual(phases, ['call', 'data', 'off'])
  t.deepEqual(answers, ['granted'])
  button.close()
})

test('a button that is down already does not count until it was released, and does not cancel what is asked', async (t) => {
  const { clock, button, told, answers, ask } = build()
  button.press()
  await clock.advance(LONG_PRESS_MS - 1)
  ask('call')
  await clock.advance(STUCK_MS - LONG_PRESS_MS)
  t.deepEqual([answers, told.cancels, told.stuck], [[], 0, 0])
  button.release()
  await clock.advance(0)
  t.deepEqual(answers, [])
  button.press()
  await clock.advance(CALL_HOLD_MS)
  t.deepEqual(answers, ['granted'])
  button.close()
})

test('down for too long it is stuck: told once, and no consent until it is free', async (t) => {
  const { clock, button, phases, told, answers, ask } = build()
  button.press()
  ask('call')
  await clock.advance(STUCK_MS)
  t.deepEqual([answers, told.stuck], [['stuck'], 1])
  ask('data')
  await clock.advance(STUCK_MS * 10)
  t.deepEqual([answers, told.stuck], [['stuck', 'stuck'], 1])
  t.is(phases.at(-1), 'off')
  button.release()
  ask('call')
  button.press()
  await clock.advance(CALL_HOLD_MS)
  t.is(answers.at(-1), 'granted')
  button.close()
  t.is(clock.waiting, 0)
})

test('what nobody waits for any more gets no answer, and what is held then allows nothing later', async (t) => {
  const { clock, button, phases, answers, ask } = build()
  const first = ask('call')
  button.press()
  first.abort()
  t.is(phases.at(-1), 'off')
  ask('call')
  await clock.advance(CALL_HOLD_MS)
  t.deepEqual(answers, [])
  button.close()
  t.is(clock.waiting, 0)
})
