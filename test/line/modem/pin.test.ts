import test from 'ava'
import fc from 'fast-check'
import { nextPinStep, PIN_RETRIES_MIN, type PinQuestion, pinMark } from '../../../line/modem/pin.ts'
import { type PinState, parsePinRetries, parsePinState } from '../../../line/modem/pin-state.ts'

const SEED = 20_000_523
const ICCID = '8981100022312345678'
const good: PinQuestion = { state: 'pin', retries: 3, iccid: ICCID, pin: '1234', refused: new Set() }

test('the state of the card, however it is written', (t) => {
  const states: readonly (readonly [line: string, state: PinState | undefined])[] = [
    ['+CPIN: READY', 'ready'],
    ['+CPIN:READY', 'ready'],
    ['+CPIN: "SIM PIN"', 'pin'],
    ['+CPIN: SIM  PIN', 'pin'],
    ['+CPIN: SIM PUK', 'puk'],
    ['+CPIN: SIM PIN2', 'pin2'],
    ['+CPIN: SIM PUK2', 'puk2'],
    ['+CPIN: PH-SIM PIN', 'modem-locked'],
    ['+CPIN: PH-NET PUK', 'modem-locked'],
    ['+CPIN: NOT INSERTED', 'absent'],
    ['+CPIN: SIM REMOVED', 'absent'],
    ['+CPIN: NOT READY', 'not-yet'],
    ['+CPIN: SIM FAILURE', 'failed'],
    ['+CPIN: something new', 'unknown'],
    ['+CPIN:', 'unknown'],
    ['+CME ERROR: 10', 'absent'],
    ['+CME ERROR: SIM not inserted', 'absent'],
    ['+CME ERROR: 11', 'pin'],
    ['+CME ERROR: SIM PUK required', 'puk'],
    ['+CME ERROR: 13', 'failed'],
    ['+CME ERROR: SIM busy', 'not-yet'],
    ['+CME ERROR: 515', 'not-yet'],
    ['+CME ERROR: 16', undefined],
    ['+CME ERROR: 3', undefined],
    ['ERROR', undefined],
    ['OK', undefined],
    ['', undefined],
  ]
  for (const [line, state] of states) t.is(parsePinState(line), state, line)
})

test('attempts left, in the words of each maker', (t) => {
  t.deepEqual(parsePinRetries('+CPINR: SIM PIN,3,3'), { pin: 3 })
  t.deepEqual(parsePinRetries(['+CPINR: "SIM PIN",2,3', '+CPINR: SIM PUK,10,10', '+CPINR: SIM PIN2,0,3']), {
    pin: 2,
    puk: 10,
    pin2: 0,
  })
  t.deepEqual(parsePinRetries(['+QPINC: "SC",3,10', '+QPINC: "P2",1,9']), { pin: 3, puk: 10, pin2: 1, puk2: 9 })
  t.deepEqual(parsePinRetries('+SPIC: 3,10,0,10'), { pin: 3, puk: 10, pin2: 0, puk2: 10 })
  t.deepEqual(parsePinRetries('*EPIN: 3, 10, 2, 9'), { pin: 3, puk: 10, pin2: 2, puk2: 9 })
  t.deepEqual(parsePinRetries('+UPINCNT: 3,2,10,9'), { pin: 3, pin2: 2, puk: 10, puk2: 9 })
  t.deepEqual(parsePinRetries('^CPIN: SIM PIN,3,10,3,9,2'), { pin: 3, puk: 10, pin2: 2, puk2: 9 })
  t.deepEqual(parsePinRetries('+CSIM: 4,"63C3"'), { pin: 3 })
  t.deepEqual(parsePinRetries('+CSIM: 4,63c1'), { pin: 1 })
  t.deepEqual(parsePinRetries('+CSIM: 4,"6983"'), { pin: 0 })
})

test('of two that disagree the lower one counts', (t) => {
  const lower = { pin: 1, puk: 10, pin2: 3, puk2: 10 }
  t.deepEqual(parsePinRetries(['+SPIC: 3,10,3,10', '+CSIM: 4,"63C1"']), lower)
  t.deepEqual(parsePinRetries(['+CSIM: 4,"63C1"', '+SPIC: 3,10,3,10']), lower)
})

test('what does not say it leaves it unknown', (t) => {
  for (const line of [
    '+CSIM: 4,"9000"',
    '+CSIM: 4,"6D00"',
    '^SPIC: 3',
    '+SPIC: 3',
    '+CPINR: SIM PIN,x,3',
    '+CPINR: toString,3,3',
    '+CPINR: SIM PIN,99,99',
    '+QPINC: "XX",3,10',
    '+QPINC: "SC",3',
    'ERROR',
    '',
  ]) {
    t.is(parsePinRetries(line), undefined, line)
  }
  t.is(parsePinRetries([]), undefined)
})

test('a PIN is entered when three attempts are left, the card is known and has not refused it', (t) => {
  t.deepEqual(nextPinStep(good), { type: 'enter', mark: pinMark(ICCID, '1234') })
})

test('never the same PIN twice at one card; another card or PIN may be tried', (t) => {
  const refused = new Set([pinMark(ICCID, '1234')])
  t.like(nextPinStep({ ...good, refused }), { type: 'refuse', reason: 'refused-before' })
  t.is(nextPinStep({ ...good, refused, pin: '4321' }).type, 'enter')
  t.is(nextPinStep({ ...good, refused, iccid: '8981100022312345679' }).type, 'enter')
})

test('a mark is not the PIN, and says nothing of it at a glance', (t) => {
  t.regex(pinMark(ICCID, '1234'), /^[\w-]{43}$/)
  t.not(pinMark(ICCID, '1234'), pinMark(ICCID, '1235'))
  t.not(pinMark('89', '8112'), pinMark('898', '112'))
})

const STATES: readonly PinState[] = [
  'ready',
  'pin',
  'puk',
  'pin2',
  'puk2',
  'modem-locked',
  'absent',
  'not-yet',
  'failed',
  'unknown',
]
const RETRIES = [undefined, Number.NaN, -1, 0, 1, 2, 2.5, 3, 10]
const PINS = [undefined, '', '123', '1234', '12345678', '123456789', '12a4', '１２３４', '1234\r', '1234;+CPWD']
const ICCIDS = [undefined, '', ICCID]

test('all combinations: entered only when everything is as it must be', (t) => {
  let entered = 0
  for (const state of STATES) {
    for (const retries of RETRIES) {
      for (const pin of PINS) {
        for (const iccid of ICCIDS) {
          for (const known of [false, true]) {
            const refused = new Set(known ? [pinMark(iccid ?? '', pin ?? '')] : [])
            const step = nextPinStep({ state, retries, pin, iccid, refused })
            const may =
              state === 'pin' &&
              (retries === 3 || retries === 10) &&
              (pin === '1234' || pin === '12345678') &&
              iccid === ICCID &&
              !known
            t.is(step.type === 'enter', may, JSON.stringify({ state, retries, pin, iccid, known }))
            if (step.type === 'enter') entered++
            if (step.type === 'refuse') t.true(step.what.length > 10 && step.cure.length > 10)
            if (step.type === 'ready') t.true(['ready', 'pin2', 'puk2'].includes(state))
            if (step.type === 'wait') t.is(state, 'not-yet')
          }
        }
      }
    }
  }
  t.is(entered, 4)
})

test('what is refused is told with the first thing that is wrong', (t) => {
  const reason = (more: Partial<PinQuestion>) => {
    const step = nextPinStep({ ...good, ...more })
    return step.type === 'refuse' ? step.reason : step.type
  }
  t.is(reason({ pin: undefined }), 'no-pin')
  t.is(reason({ pin: '12' }), 'not-a-pin')
  t.is(reason({ retries: undefined }), 'retries-unknown')
  for (const retries of [0, 1, 2]) t.is(reason({ retries }), 'retries-few')
  t.is(reason({ iccid: undefined }), 'card-unknown')
  t.is(reason({ state: 'puk' }), 'puk')
  t.is(reason({ state: 'absent' }), 'absent')
  t.is(reason({ state: 'not-yet' }), 'wait')
})

/** A card that counts, as a real one does. */
class CountingCard {
  left = 3
  attempts = 0
  readonly #pin: string

  constructor(pin: string) {
    this.#pin = pin
  }

  verify(pin: string): boolean {
    this.attempts++
    this.left = pin === this.#pin ? 3 : this.left - 1
    return pin === this.#pin
  }
}

test('whatever happens, a human always has two attempts left', (t) => {
  const pins = fc.array(fc.constantFrom('0000', '1111', '1234', '9999'), { minLength: 1, maxLength: 30 })
  const property = fc.property(pins, fc.constantFrom('1234', '5555'), (tried, right) => {
    const card = new CountingCard(right)
    const refused = new Set<string>()
    for (const pin of tried) {
      const step = nextPinStep({ state: 'pin', retries: card.left, iccid: ICCID, pin, refused })
      if (step.type !== 'enter') continue
      refused.add(step.mark)
      if (card.verify(pin)) refused.delete(step.mark)
    }
    return card.left >= PIN_RETRIES_MIN - 1
  })
  t.notThrows(() => fc.assert(property, { seed: SEED, numRuns: 500 }))
})

test('a machine that starts again and again burns one attempt, not three', (t) => {
  const card = new CountingCard('5555')
  const refused = new Set<string>()
  for (let start = 0; start < 100; start++) {
    const step = nextPinStep({ state: 'pin', retries: 3, iccid: ICCID, pin: '1234', refused })
    if (step.type !== 'enter') continue
    refused.add(step.mark)
    card.verify('1234')
  }
  t.is(card.attempts, 1)
})
