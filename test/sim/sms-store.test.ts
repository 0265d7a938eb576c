import test from 'ava'
import { MessageStore } from '../../sim/sms-store.ts'
import { B, mobile, submitTo } from './mobile.ts'

const message = { status: 0, centre: '', tpdu: Uint8Array.of(1) } as const

test('the lowest free index is taken, and none beyond the capacity', (t) => {
  const store = new MessageStore('SM', 3)
  t.deepEqual([store.add(message), store.add(message), store.add(message), store.add(message)], [1, 2, 3, undefined])
  t.true(store.full)
  store.delete(2)
  t.is(store.add(message), 2)
  store.mark(2, 1)
  store.mark(9, 1)
  t.is(store.get(2)?.status, 1)
  t.deepEqual(
    store.entries().map(([index]) => index),
    [1, 2, 3],
  )
})

/** Modem B with one message read, one unread, one unsent and one sent. */
async function filled() {
  const world = mobile()
  const { b, send, clock } = world
  for (let n = 0; n < 2; n++) {
    await send(submitTo(B, '01'))
    await clock.advance(300)
  }
  b.ask('AT+CMGR=1')
  for (const line of ['AT+CMGW=9\r00010004811300000000\x1a', 'AT+CMGW=9,3\r0001000481130000000\b00\x1a']) {
    b.type(line)
  }
  b.read()
  return world
}

test('+CMGL lists by status, and what was unread is read then', async (t) => {
  const { b } = await filled()
  const indices = (line: string) =>
    [...b.ask(line).matchAll(/\+CMGL: (\d+),(\d)/g)].map(([, at, status]) => `${at}:${status}`)
  t.deepEqual(indices('AT+CMGL=4'), ['1:1', '2:0', '3:2', '4:3'])
  t.deepEqual(indices('AT+CMGL=4'), ['1:1', '2:1', '3:2', '4:3'])
  t.deepEqual(indices('AT+CMGL=2'), ['3:2'])
  t.deepEqual(indices('AT+CMGL=3'), ['4:3'])
  t.deepEqual(indices('AT+CMGL'), [])
  t.is(b.ask('AT+CMGL=5'), '\r\n+CMS ERROR: 304\r\n')
  t.is(b.ask('AT+CMGF=1;+CMGL="REC"'), '\r\n+CMS ERROR: 305\r\n')
})

test('the list is one piece of information, two lines for each message', async (t) => {
  const { b } = await filled()
  t.regex(b.ask('AT+CMGL=4'), /^\r\n(?:\+CMGL: \d,\d,,\d+\r\n[0-9A-F]+\r\n){4}\r\nOK\r\n$/)
})

test('+CMGR marks as read; an empty place shows nothing; beyond the memory is CMS 321', async (t) => {
  const { b } = await filled()
  t.regex(b.ask('AT+CMGR=2'), /\+CMGR: 0,/)
  t.regex(b.ask('AT+CMGR=2'), /\+CMGR: 1,/)
  t.is(b.ask('AT+CMGR=30'), '\r\nOK\r\n')
  for (const place of ['0', '31', '-1', 'x', '', '1,2'])
    t.is(b.ask(`AT+CMGR=${place}`), '\r\n+CMS ERROR: 321\r\n', place)
})

test('+CMGD: one, by flag, and what is there', async (t) => {
  const left = async (...lines: readonly string[]) => {
    const { b } = await filled()
    for (const line of lines) t.is(b.ask(line), '\r\nOK\r\n', line)
    return b.ask('AT+CMGD=?')
  }
  t.is(await left(), '\r\n+CMGD: (1,2,3,4),(0-4)\r\n\r\nOK\r\n')
  t.is(await left('AT+CMGD=2', 'AT+CMGD=2'), '\r\n+CMGD: (1,3,4),(0-4)\r\n\r\nOK\r\n')
  t.is(await left('AT+CMGD=1,1'), '\r\n+CMGD: (2,3,4),(0-4)\r\n\r\nOK\r\n')
  t.is(await left('AT+CMGD=1,2'), '\r\n+CMGD: (2,3),(0-4)\r\n\r\nOK\r\n')
  t.is(await left('AT+CMGD=1,3'), '\r\n+CMGD: (2),(0-4)\r\n\r\nOK\r\n')
  t.is(await left('AT+CMGD=0,4'), '\r\n+CMGD: (),(0-4)\r\n\r\nOK\r\n')
  const { b } = await filled()
  for (const wrong of ['0', '31', '1,5', '1,1,1', '', '99,4'])
    t.is(b.ask(`AT+CMGD=${wrong}`), '\r\n+CMS ERROR: 321\r\n', wrong)
})

test('+CMGW stores, and a full memory is CMS 322', async (t) => {
  const { b } = mobile({ b: { sim: { messages: 1 } } })
  b.type('AT+CMGW=9\r00010004811300000000\x1a')
  t.is(b.read(), '\r\n> \r\n+CMGW: 1\r\n\r\nOK\r\n')
  b.type('AT+CMGW=9\r00010004811300000000\x1a')
  t.is(b.read(), '\r\n> \r\n+CMS ERROR: 322\r\n')
  b.type('AT+CMGW=3\r00FFFFFF\x1a')
  t.is(b.read(), '\r\n> \r\n+CMS ERROR: 304\r\n')
  for (const wrong of ['0', '165', '9,4', '9,x', '9,2,2', ''])
    t.is(b.ask(`AT+CMGW=${wrong}`), '\r\n+CMS ERROR: 304\r\n', wrong)
})

test('+CMSS sends what is stored, to another number too, and it is sent then', async (t) => {
  const { a, b, clock, states } = mobile()
  const tpdu = submitTo('+8139', '07')
  a.type(`AT+CMGW=${tpdu.length / 2}\r00${tpdu}\x1a`)
  a.ask(`AT+CMSS=1,"${B}"`)
  await clock.advance(600)
  t.is(a.read(), '\r\n+CMSS: 0\r\n\r\nOK\r\n')
  t.deepEqual(states(), ['1 accepted', '1 delivered'])
  t.regex(b.ask('AT+CMGR=1'), /0605043E803E8007/)
  t.regex(a.ask('AT+CMGR=1'), /\+CMGR: 3,/)
  a.ask('AT+CMSS=1')
  await clock.advance(600)
  t.is(states().at(-1), '2 failed no-such-number')
  a.read()
  for (const wrong of ['2', '0', 'x', '31']) t.is(a.ask(`AT+CMSS=${wrong}`), '\r\n+CMS ERROR: 321\r\n', wrong)
  t.is(a.ask('AT+CMSS=1,"abc"'), '\r\n+CMS ERROR: 305\r\n')
})

test('messages on the SIM go with it, those in the modem stay', async (t) => {
  const { b, send, clock } = mobile()
  await send(submitTo(B, '01'))
  await clock.advance(300)
  b.ask('AT+CPMS="SM","SM","ME"')
  await send(submitTo(B, '02'))
  await clock.advance(300)
  const card = b.modem.card
  b.modem.insert(undefined)
  b.read()
  t.is(b.ask('AT+CPMS?'), '\r\n+CMS ERROR: 310\r\n')
  b.modem.unplug()
  b.modem.insert(card)
  b.modem.plug()
  b.ask('ATE0')
  b.read()
  t.is(b.ask('AT+CPMS="SM","ME","ME"'), '\r\n+CPMS: 1,30,1,50,1,50\r\n\r\nOK\r\n')
})

test('what each command says of itself, reads and refuses', (t) => {
  const { a } = mobile()
  const ask = (line: string): string => a.ask(line).replaceAll('\r\n', '|')
  t.is(ask('AT+CPMS=?'), '|+CPMS: ("SM","ME"),("SM","ME"),("SM","ME")||OK|')
  t.is(ask('AT+CNMI=?'), '|+CNMI: (0-2),(0-3),(0,2),(0-2),(0,1)||OK|')
  t.is(ask('AT+CSMS=?;+CMGF=?'), '|+CSMS: (0,1)||+CMGF: (0,1)||OK|')
  t.is(ask('AT+CSMS=1;+CSMS?'), '|+CSMS: 1,1,0||+CSMS: 1,1,1,0||OK|')
  t.is(ask('AT+CNMI=2,2,0,1,0;+CNMI?;+CNMI=1;+CNMI?'), '|+CNMI: 2,2,0,1,0||+CNMI: 1,2,0,1,0||OK|')
  t.is(ask('AT+CSMP?;+CSMP=49,1,2,8;+CSMP?'), '|+CSMP: 17,167,0,0||+CSMP: 49,1,2,8||OK|')
  t.is(ask('AT+CSCA?'), '|+CSCA: "+819000000001",145||OK|')
  t.is(ask('AT+CSCA="819000000002",145;+CSCA?'), '|+CSCA: "+819000000002",145||OK|')
  t.is(
    ask('AT+CMGL=?;+CMGF=1;+CMGL=?'),
    '|+CMGL: (0-4)||+CMGL: ("REC UNREAD","REC READ","STO UNSENT","STO SENT","ALL")||OK|',
  )
  for (const wrong of [
    ...['+CNMI=3', '+CNMI=2,4', '+CNMI=2,1,1', '+CNMI=2,1,0,3', '+CNMI=2,1,0,1,2', '+CNMI=2,1,0,1,0,0', '+CNMI=x'],
    ...[
      '+CPMS="XX"',
      '+CPMS=""',
      '+CPMS="SM","SM","SM","SM"',
      '+CSMS=2',
      '+CSMP=0',
      '+CSMP=256',
      '+CSMP=25',
      '+CSCA="x"',
    ],
  ]) {
    t.is(ask(`AT${wrong}`), '|+CMS ERROR: 305|', wrong)
  }
  t.is(ask('AT+CMGF=2'), '|ERROR|')
})

test('+CMEE=2 says it in words', (t) => {
  const { a } = mobile()
  t.is(a.ask('AT+CMEE=2;+CMGR=99'), '\r\n+CMS ERROR: 321\r\n'.replace('321', 'invalid memory index'))
})
