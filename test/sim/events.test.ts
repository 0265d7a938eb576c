import test from 'ava'
import { describe, type SimEvent } from '../../sim/events.ts'

const CALL = { event: 'call', id: 3, from: '+8131', to: '+8132', atMs: 61_234 } as const

const TABLE: readonly (readonly [event: SimEvent, text: string])[] = [
  [{ ...CALL, state: 'ringing' }, '  61.234 s  call 3  +8131 → +8132  ringing'],
  [
    { ...CALL, state: 'ended', reason: 'cut', bytesUp: 1, bytesDown: 2 },
    '  61.234 s  call 3  +8131 → +8132  ended: cut, 1 bytes up, 2 down',
  ],
  [{ event: 'relay', name: 'net', connection: 2, state: 'open', atMs: 5 }, '   0.005 s  relay net 2  open'],
  [
    { event: 'relay', name: 'net', connection: 2, state: 'closed', bytesUp: 7, bytesDown: 0, atMs: 0 },
    '   0.000 s  relay net 2  closed, 7 bytes up, 0 down',
  ],
  [{ event: 'done', do: 'cut' }, 'done: cut'],
  [{ event: 'done', do: 'plug', modem: { number: '+8131', path: '/dev/pts/9' } }, 'done: plug /dev/pts/9'],
  [
    { event: 'done', do: 'plug', cable: { name: 'usb', card: '/dev/pts/4', pc: '/dev/pts/5' } },
    'done: plug /dev/pts/4 /dev/pts/5',
  ],
  [{ event: 'error', code: 'X', what: 'It is wrong.', cure: 'Do it right.' }, 'X: It is wrong. Do it right.'],
]
for (const [event, text] of TABLE) {
  test(`for people: ${text.trim()}`, (t) => {
    t.is(describe(event), text)
  })
}

test('what is ready is a table', (t) => {
  const text = describe({
    event: 'ready',
    seed: 5,
    modems: [{ number: '+81312345678', path: '/dev/pts/3' }],
    cables: [{ name: 'usb', card: '/dev/pts/5', pc: '/dev/pts/6' }],
    relays: [{ name: 'internet', port: 40_123 }],
  })
  t.deepEqual(text.split('\n'), [
    'The world is ready (seed 5). Ctrl-C ends it.',
    'modem  +81312345678   /dev/pts/3',
    'cable  usb, card end  /dev/pts/5',
    'cable  usb, PC end    /dev/pts/6',
    'relay  internet       127.0.0.1:40123',
  ])
})
