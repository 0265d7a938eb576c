import test from 'ava'
import { A, B, mobile, submitTo } from './mobile.ts'

/** DELIVER as B shows it: centre, first octet 44 with header, A's address, PID, DCS, 12:04:05 and the zone, content. */
const ARRIVED = '0791180900000010' + '440891180911110004'
const STAMP = '62102021405063'

test('the prompt, Ctrl-Z, the reference and OK; what arrives is rewritten as a DELIVER', async (t) => {
  const { clock, a, b, states, taps } = mobile()
  b.ask('AT+CNMI=2,1')
  const tpdu = submitTo(B, 'ABCD')
  a.type(`AT+CMGS=${tpdu.length / 2}\r`)
  t.is(a.read(), '\r\n> ')
  a.type(`00${tpdu}\x1a`)
  t.is(a.read(), '')
  await clock.advance(299)
  t.is(a.read(), '')
  await clock.advance(1)
  t.is(a.read(), '\r\n+CMGS: 0\r\n\r\nOK\r\n')
  t.is(b.read(), '')
  await clock.advance(300)
  t.is(b.read(), '\r\n+CMTI: "SM",1\r\n')
  t.is(b.ask('AT+CMGR=1'), `\r\n+CMGR: 0,,26\r\n${ARRIVED}${STAMP}090605043E803E80ABCD\r\n\r\nOK\r\n`)
  t.deepEqual(states(), ['1 accepted', '1 delivered'])
  t.deepEqual(taps, [`1 ${tpdu}`])
})

test('references count up modulo 256 on the SIM', async (t) => {
  const { a, send } = mobile()
  const result = (reference: number): string => `\r\n> \r\n+CMGS: ${reference}\r\n\r\nOK\r\n`
  for (let n = 0; n < 258; n++) t.is(await send(submitTo('+8139', '00')), result(n % 256))
  a.modem.unplug()
  a.modem.plug()
  a.ask('ATE0')
  t.is(await send(submitTo('+8139', '00')), result(2))
})

test('the centre that the PDU names carries it, else the one of +CSCA', async (t) => {
  const { clock, a, b, events } = mobile()
  const tpdu = submitTo(B, '01')
  const other = '0791180900000020'
  a.type(`AT+CMGS=${tpdu.length / 2}\r${other}${tpdu}\x1a`)
  await clock.advance(1000)
  t.is(events.at(-1)?.centre, '+819000000002')
  t.regex(b.ask('AT+CMGR=1'), new RegExp(`\\r\\n${other}44`))
  a.ask('AT+CSCA="+819000000002"')
  a.type(`AT+CMGS=${tpdu.length / 2}\r00${tpdu}\x1a`)
  await clock.advance(1000)
  t.is(events.at(-1)?.centre, '+819000000002')
  t.regex(a.ask('AT+CSCA?'), /\+CSCA: "\+819000000002",145/)
})

test('a centre that is not there, or none at all, is CMS 330', async (t) => {
  const { clock, a } = mobile()
  const tpdu = submitTo(B, '01')
  for (const centre of ['0791180900000090', '00']) {
    if (centre === '00') a.ask('AT+CSCA=""')
    a.type(`AT+CMGS=${tpdu.length / 2}\r${centre}${tpdu}\x1a`)
    a.read()
    await clock.advance(1000)
    t.is(a.read(), '\r\n+CMS ERROR: 330\r\n', centre)
  }
})

test('ESC sends nothing and is OK; so does a port that is closed', async (t) => {
  const { clock, a, states } = mobile()
  const tpdu = submitTo(B, '01')
  a.type(`AT+CMGS=${tpdu.length / 2}\r00${tpdu}\x1b`)
  t.is(a.read(), '\r\n> \r\nOK\r\n')
  a.type(`AT+CMGS=${tpdu.length / 2}\r00${tpdu}`)
  a.modem.dtrDropped()
  a.type('\x1aAT\r')
  await clock.advance(1000)
  t.is(a.read(), '\r\n> \r\nOK\r\n')
  t.deepEqual(states(), [])
})

test('who closes the port behind Ctrl-Z has sent it all the same', async (t) => {
  const { clock, a, states } = mobile()
  const tpdu = submitTo(B, '01')
  a.type(`AT+CMGS=${tpdu.length / 2}\r\n00${tpdu}\x1a\r`)
  a.modem.dtrDropped()
  a.read()
  await clock.advance(1000)
  t.is(a.read(), '')
  t.deepEqual(states(), ['1 accepted', '1 delivered'])
})

const TPDU = submitTo(B, 'ABCD')
const LENGTH = TPDU.length / 2
const REFUSED: readonly (readonly [what: string, length: number | string, typed: string])[] = [
  ['one octet too many', LENGTH, `00${TPDU}00`],
  ['one octet too few', LENGTH, `00${TPDU.slice(0, -2)}`],
  ['the centre counted in', LENGTH + 1, `00${TPDU}`],
  ['half an octet', LENGTH, `00${TPDU}0`],
  ['no digits', LENGTH, 'hello'],
  ['nothing', LENGTH, ''],
  ['a DELIVER', 25, `000004911813000062102021405063${'0A'.padEnd(20, '0')}`],
  ['a length that is wrong inside', LENGTH, `00${TPDU.slice(0, 22)}FF${TPDU.slice(24)}`],
]
for (const [what, length, typed] of REFUSED) {
  test(`${what} is CMS 304, and nothing is sent`, async (t) => {
    const { clock, a, states } = mobile()
    a.type(`AT+CMGS=${length}\r${typed}\x1a`)
    await clock.advance(1000)
    t.is(a.read(), '\r\n> \r\n+CMS ERROR: 304\r\n')
    t.deepEqual(states(), [])
  })
}

for (const argument of ['0', '165', '-1', 'x', '', '"+8132"', '20,1']) {
  test(`AT+CMGS=${argument} in PDU mode is CMS 304 without a prompt`, (t) => {
    t.is(mobile().a.ask(`AT+CMGS=${argument}`), '\r\n+CMS ERROR: 304\r\n')
  })
}

test('digits may be small, cut by line ends, and rubbed out', async (t) => {
  const { clock, a, states } = mobile()
  a.type(`AT+CMGS=${LENGTH}\r00${TPDU.slice(0, 20).toLowerCase()}\r\nFF\b\b${TPDU.slice(20)}\x1a`)
  await clock.advance(1000)
  t.is(a.read(), '\r\n> \r\n+CMGS: 0\r\n\r\nOK\r\n')
  t.deepEqual(states(), ['1 accepted', '1 delivered'])
})

test('with echo the digits come back, Ctrl-Z does not', async (t) => {
  const { clock, a } = mobile()
  a.ask('ATE1')
  a.type(`AT+CMGS=${LENGTH}\r00${TPDU}\x1a`)
  await clock.advance(300)
  t.is(a.read(), `AT+CMGS=${LENGTH}\r\r\n> 00${TPDU}\r\n+CMGS: 0\r\n\r\nOK\r\n`)
})

test('what is typed while the network has it comes after the result', async (t) => {
  const { clock, a } = mobile()
  a.type(`AT+CMGS=${LENGTH}\r00${TPDU}\x1aAT+CSQ\r`)
  t.is(a.modem.inputRoom(), 0)
  await clock.advance(300)
  t.is(a.read(), '\r\n> \r\n+CMGS: 0\r\n\r\nOK\r\n\r\n+CSQ: 20,99\r\n\r\nOK\r\n')
})

test('commands behind a message on the same line run after it', async (t) => {
  const { clock, a } = mobile()
  a.type(`AT+CMGF=0;+CMGS=${LENGTH};+CSQ\r00${TPDU}\x1a`)
  await clock.advance(300)
  t.is(a.read(), '\r\n> \r\n+CMGS: 0\r\n\r\n+CSQ: 20,99\r\n\r\nOK\r\n')
})

test('without network 331, without SIM 310, with a locked one 311', async (t) => {
  const { a, send } = mobile()
  a.modem.parts.radio.set({ registration: 'searching' })
  t.is(await send(TPDU), '\r\n> \r\n+CMS ERROR: 331\r\n')
  a.modem.insert(undefined)
  a.read()
  t.is(a.ask('AT+CMGS=30'), '\r\n+CMS ERROR: 310\r\n')
  const locked = mobile({ a: { sim: { pin: '1234' } } })
  t.is(locked.a.ask('AT+CMGS=30'), '\r\n+CMS ERROR: 311\r\n')
})

test('to nobody: accepted, and the report says that it failed', async (t) => {
  const { clock, a, send, states } = mobile()
  a.ask('AT+CNMI=2,1,0,1')
  await send(submitTo('+8139', '01', '61'))
  a.read()
  await clock.advance(300)
  t.is(a.read(), `\r\n+CDS: 21\r\n0791180900000010060004911893${STAMP}${STAMP}43\r\n`)
  t.deepEqual(states(), ['1 accepted', '1 failed no-such-number', 'report 1 delivered'])
})

test('the number may be written with 00 or without anything', async (t) => {
  const { send, clock, states } = mobile()
  for (const address of ['0881' + '18092222', '0A81' + '0018092222']) {
    await send(`0100${address}00040101`)
    await clock.advance(300)
  }
  t.deepEqual(states(), ['1 accepted', '1 delivered', '2 accepted', '2 delivered'])
})

test('the sender is who the SIM is; a spoofed one is what the recipient sees', async (t) => {
  const { a, b, send, clock, events } = mobile()
  a.modem.calls.shown = 'Bank'
  await send(TPDU)
  await clock.advance(300)
  b.ask('AT+CMGF=1')
  t.regex(b.ask('AT+CMGR=1'), /"REC UNREAD","Bank",,/)
  t.is(events[0]?.from, A)
})
