import test from 'ava'
import { describe } from '../../sim/describe.ts'
import type { SimEvent } from '../../sim/events.ts'

const CALL = { event: 'call', id: 3, from: '+8131', to: '+8132', atMs: 61_234 } as const

const PEOPLE = { from: '+8131', to: '+8132', centre: '+819000000001' } as const
const MESSAGE = { event: 'message', id: 4, ...PEOPLE, report: false, octets: 20, atMs: 1 } as const
const SOCKET = { event: 'socket', id: 1, number: '+8131', apn: 'a.b', address: '10.0.0.1:7', atMs: 1 } as const

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
  [
    { ...MESSAGE, state: 'waiting', reason: 'memory-full' },
    '   0.001 s  message 4  +8131 → +8132  waiting: memory-full, 20 octets',
  ],
  [{ ...MESSAGE, report: true, state: 'delivered' }, '   0.001 s  report 4  +8131 → +8132  delivered, 20 octets'],
  [
    { ...SOCKET, state: 'closed', reason: 'closed-there', bytesUp: 3, bytesDown: 4 },
    '   0.001 s  socket 1  +8131 → a.b 10.0.0.1:7  closed: closed-there, 3 bytes up, 4 down',
  ],
  [
    { event: 'context', number: '+8131', cid: 1, apn: 'a.b', address: '10.64.0.2', state: 'active', atMs: 1 },
    '   0.001 s  context +8131 1  a.b 10.64.0.2  active',
  ],
  [
    { event: 'sim', number: '+8131', attempt: 'pin', result: 'wrong', pinTries: 2, pukTries: 10, atMs: 1 },
    '   0.001 s  SIM +8131  PIN wrong, tries left: PIN 2, PUK 10',
  ],
  [{ event: 'modem', number: '+8131', state: 'reset', atMs: 1 }, '   0.001 s  modem +8131  reset'],
  [
    { event: 'replay', name: 'x', state: 'diverged', steps: 3, atMs: 1 },
    '   0.001 s  replay x  diverged after 3 steps',
  ],
  [{ event: 'ran', by: 'http', do: 'cut', code: 'X', atMs: 1 }, '   0.001 s  http: cut X'],
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
    replays: [{ name: 'x.jsonl', path: '/dev/pts/7' }],
    http: 8080,
  })
  t.deepEqual(text.split('\n'), [
    'The world is ready (seed 5). Ctrl-C ends it.',
    'modem  +81312345678   /dev/pts/3',
    'cable  usb, card end  /dev/pts/5',
    'cable  usb, PC end    /dev/pts/6',
    'relay  internet       127.0.0.1:40123',
    'replay  x.jsonl        /dev/pts/7',
    'http  API            http://127.0.0.1:8080',
  ])
})
