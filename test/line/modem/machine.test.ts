import test from 'ava'
import { type AtEffect, type AtEvent, type AtState, LATE_LINES_MAX, PROBES, step } from '../../../line/modem/machine.ts'

const csq = { text: 'AT+CSQ', prefixes: ['+CSQ:'], timeoutMs: 1000 }
const command: AtEvent = { type: 'command', command: csq }
const says = (text: string): AtEvent => ({ type: 'line', text })
const timer: AtEvent = { type: 'timer' }

/** Runs events from idle; gives the last state and all effects but timers. */
function run(...events: AtEvent[]): { state: AtState; effects: AtEffect[] } {
  let state: AtState = { type: 'idle' }
  const effects: AtEffect[] = []
  for (const event of events) {
    const next = step(state, event)
    state = next.state
    effects.push(...next.effects.filter(({ type }) => type !== 'timer'))
  }
  return { state, effects }
}

test('echo, answer, a URC in between, and OK', (t) => {
  const { state, effects } = run(
    command,
    says('AT+CSQ'),
    says('+CREG: 1'),
    says('+CSQ: 17,0'),
    says('OK'),
    says('RING'),
  )
  t.is(state.type, 'idle')
  t.deepEqual(effects, [
    { type: 'write', text: 'AT+CSQ\r' },
    { type: 'urc', text: '+CREG: 1' },
    { type: 'settle', result: { final: { type: 'ok' }, lines: ['+CSQ: 17,0'] } },
    { type: 'urc', text: 'RING' },
  ])
})

test('CONNECT enters data before anything else can happen', (t) => {
  const { state, effects } = run(command, says('CONNECT 9600'))
  t.is(state.type, 'data')
  t.is(effects[1]?.type, 'enter-data')
  t.is(run(command, says('CONNECT'), { type: 'lines' }).state.type, 'idle')
})

test('where OK comes before CONNECT it is not the end; a second one is', (t) => {
  const data = { afterOk: true, closedWord: 'CLOSED' } as const
  const open: AtEvent = { type: 'command', command: { ...csq, text: 'AT+CIPSTART', data } }
  t.is(run(open, says('OK')).state.type, 'waiting')
  t.is(run(open, says('OK'), says('STATE: IP STATUS'), says('CONNECT')).state.type, 'data')
  for (const end of ['CONNECT FAIL', 'ERROR', 'OK', 'NO CARRIER']) {
    const { state, effects } = run(open, says('OK'), says(end))
    t.deepEqual([state.type, effects.map(({ type }) => type)], ['idle', ['write', 'settle']], end)
  }
  t.is(run(open, says('OK'), timer).state.type, 'quiet')
})

test('a late answer is never taken for the next command', (t) => {
  const { state, effects } = run(command, timer, says('+CSQ: 17,0'), says('OK'), timer, says('+CSQ: 1,0'), says('OK'))
  t.is(state.type, 'idle')
  t.deepEqual(effects, [
    { type: 'write', text: 'AT+CSQ\r' },
    { type: 'settle', result: { final: { type: 'timeout' }, lines: [] } },
    { type: 'write', text: 'AT\r' },
  ])
})

test('what a modem says by itself is told also while a late answer is waited for, and puts off nothing', (t) => {
  let state: AtState = { type: 'idle' }
  const told: string[] = []
  let moved = 0
  const events = [command, timer, says('RING'), ...Array<AtEvent>(1000).fill(says('+CREG: 2')), says('+CSQ: 3,0')]
  for (const event of events) {
    const next = step(state, event)
    state = next.state
    told.push(...next.effects.flatMap((effect) => (effect.type === 'urc' ? effect.text : [])))
    moved += next.effects.filter(({ type }) => type === 'timer').length
  }
  t.deepEqual([told.length, told[0], told.at(-1)], [1001, 'RING', '+CREG: 2'])
  // The command's own time, the quiet after it, and the one line of the late answer.
  t.is(moved, 3)
  t.deepEqual(step(step(state, timer).state, says('+CSQ: 4,0')).effects, [])
})

test('a late answer that never ends does not keep the modem from being asked', (t) => {
  let state = run(command, timer).state
  let moved = 0
  for (let n = 0; n < 1000; n++) {
    const next = step(state, says('+CSQ: 1,0'))
    state = next.state
    moved += next.effects.length
  }
  t.is(moved, LATE_LINES_MAX)
  t.is(step(state, timer).state.type, 'probing')
})

test('a modem that never answers is declared dead after the probes', (t) => {
  const { state, effects } = run(command, ...Array<AtEvent>(PROBES + 2).fill(timer))
  t.is(state.type, 'dead')
  t.is(effects.filter(({ type }) => type === 'write').length, 1 + PROBES)
  t.deepEqual(effects.at(-1), { type: 'dead' })
})

test('RDY means the modem has reset, in every state', (t) => {
  t.deepEqual(run(command, says('RDY')).effects.slice(1), [
    { type: 'settle', result: { final: { type: 'reset' }, lines: [] } },
    { type: 'urc', text: 'RDY' },
  ])
  t.is(run(command, timer, says('RDY')).state.type, 'idle')
})

test('a second command while one waits is a fault of the engine', (t) => {
  t.throws(() => run(command, command), { instanceOf: RangeError, message: /idle modem/ })
})

test('an endless answer is bounded', (t) => {
  const { state } = run(command, ...Array<AtEvent>(1000).fill(says('+CSQ: 1,0')))
  t.is(state.type === 'waiting' ? state.lines.length : 0, 256)
})

test('every event in every state but a misplaced command has an answer', (t) => {
  const states: AtState[] = [
    { type: 'idle' },
    { type: 'waiting', command: csq, echo: false, lines: [], sent: false },
    { type: 'data' },
    { type: 'quiet', prefixes: [], heard: 0 },
    { type: 'probing', prefixes: [], tries: 1 },
    { type: 'dead' },
  ]
  const events: AtEvent[] = [says('OK'), says('x'), says('RDY'), says('CONNECT'), timer, { type: 'lines' }]
  for (const state of states) for (const event of events) t.notThrows(() => step(state, event))
})

const cmgs: AtEvent = {
  type: 'command',
  command: { text: 'AT+CMGS=20', prefixes: ['+CMGS'], timeoutMs: 1000, body: '0011AA' },
}
const prompt: AtEvent = { type: 'prompt' }

test('a body goes out behind the prompt and not before, its echo is no answer, URCs in between are heard', (t) => {
  const { state, effects } = run(
    cmgs,
    says('AT+CMGS=20'),
    says('+CREG: 1'),
    prompt,
    says('0011AA\x1a'),
    says('+CMTI: "SM",3'),
    says('+CMGS: 7'),
    says('OK'),
  )
  t.is(state.type, 'idle')
  t.deepEqual(effects, [
    { type: 'write', text: 'AT+CMGS=20\r' },
    { type: 'urc', text: '+CREG: 1' },
    { type: 'write', text: '0011AA\x1a' },
    { type: 'urc', text: '+CMTI: "SM",3' },
    { type: 'settle', result: { final: { type: 'ok' }, lines: ['+CMGS: 7'] } },
  ])
})

test('an error in the place of the prompt: the body is not sent; nor is it for a second prompt or for nobody', (t) => {
  const refused = run(cmgs, says('+CMS ERROR: 322'), prompt)
  t.deepEqual(
    refused.effects.map(({ type }) => type),
    ['write', 'settle'],
  )
  const twice = run(cmgs, prompt, prompt)
  t.is(twice.effects.filter(({ type }) => type === 'write').length, 2)
  t.deepEqual(run(command, prompt).effects, [{ type: 'write', text: 'AT+CSQ\r' }])
})

test('a time-out before or behind the body leaves the prompt with ESC, and resynchronises', (t) => {
  for (const events of [
    [cmgs, timer],
    [cmgs, prompt, timer],
  ]) {
    const { state, effects } = run(...events)
    t.is(state.type, 'quiet')
    t.deepEqual(effects.slice(-2), [
      { type: 'write', text: '\x1b' },
      { type: 'settle', result: { final: { type: 'timeout' }, lines: [] } },
    ])
  }
})
