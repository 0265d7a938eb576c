import test from 'ava'
import { AtEngine } from '../../../line/modem/engine.ts'
import { FakeClock } from '../../fake-clock.ts'
import { FakePort } from '../fake-port.ts'

const PDU = '0041000B910000000000F000041801020304'

/** An engine on a modem that prompts so, its answers cut so. */
function rig(prompt: string, pieces: (text: string) => readonly string[]) {
  const port = new FakePort()
  const clock = new FakeClock()
  const urcs: string[] = []
  const say = (text: string): void => {
    for (const piece of pieces(text)) port.say(piece)
  }
  const engine = new AtEngine(port, clock, {
    urc: (text) => urcs.push(text),
    data: () => {},
    left: () => {},
    fault: () => {},
  })
  port.onWrite = (text) =>
    queueMicrotask(() => {
      if (text.startsWith('AT+CMGS=')) say(`${text}${prompt}`)
      else if (text === `${PDU}\x1a`) say(`${PDU}\r\n+CMT: ,7\r\n07911326040000F0\r\n\r\n+CMGS: 5\r\n\r\nOK\r\n`)
      else say('\r\nOK\r\n')
    })
  return { port, clock, urcs, engine }
}

const SPLITS = { whole: (text: string) => [text], 'byte by byte': (text: string) => [...text] }

for (const [how, pieces] of Object.entries(SPLITS)) {
  for (const prompt of ['\r\n> ', '\r\n>', '> ', '\n> ', '\r\r\n> ']) {
    test(`a PDU is sent behind ${JSON.stringify(prompt)}, ${how}; a message of two lines in between is no answer`, async (t) => {
      const { port, clock, urcs, engine } = rig(prompt, pieces)
      const sending = engine.send('AT+CMGS=17', PDU, 60_000, ['+CMGS'])
      await clock.advance(10)
      t.deepEqual(await sending, { final: { type: 'ok' }, lines: ['+CMGS: 5'] })
      t.deepEqual(port.written, ['AT+CMGS=17\r', `${PDU}\x1a`])
      t.deepEqual(urcs, ['+CMT: ,7\n07911326040000F0'])
      t.is((await engine.command('AT', 1000)).final.type, 'ok')
    })
  }
}

test('a > that begins a line is text when no prompt is expected', async (t) => {
  const { port, clock, urcs, engine } = rig('', SPLITS.whole)
  port.say('> hello\r\n')
  await clock.advance(0)
  t.deepEqual(urcs, ['> hello'])
  await engine.close()
})
