import test from 'ava'
import fc from 'fast-check'
import { addressFromTerminal, fromTerminal, octets, shownData, toTerminal, typedData } from '../../sim/sms-text.ts'
import { A, B, mobile, submitTo } from './mobile.ts'

const PLAIN = { header: false, coding: 0 }

test('the terminal’s bytes as text, by character set', (t) => {
  t.is(fromTerminal('\x00\x11a', 'GSM'), '@_a')
  t.is(fromTerminal('@_a', 'IRA'), '@_a')
  t.is(fromTerminal('00403042', 'UCS2'), '@あ')
  t.is(fromTerminal('004', 'UCS2'), undefined)
  t.is(fromTerminal('004g', 'UCS2'), undefined)
  t.is(toTerminal('@_あ', 'GSM'), '\x00\x11?')
  t.is(toTerminal('@あ', 'IRA'), '@?')
  t.is(toTerminal('@あ', 'UCS2'), '00403042')
})

test('any text survives UCS2, and numbers are taken in either form', (t) => {
  fc.assert(fc.property(fc.string(), (text) => fromTerminal(toTerminal(text, 'UCS2'), 'UCS2') === text))
  t.is(addressFromTerminal('002B00380031', 'UCS2'), '+81')
  t.is(addressFromTerminal('+8131', 'UCS2'), '+8131')
  t.is(addressFromTerminal('00380031', 'GSM'), '00380031')
})

test('user data: text, octets and UCS2 as digits, too long, not writable', (t) => {
  t.deepEqual(typedData('hi', PLAIN, 'IRA'), { length: 2, data: Uint8Array.of(0xe8, 0x34) })
  t.deepEqual(typedData('00680069', PLAIN, 'UCS2'), { length: 2, data: Uint8Array.of(0xe8, 0x34) })
  t.is(typedData('a'.repeat(160), PLAIN, 'IRA')?.length, 160)
  t.is(typedData('a'.repeat(161), PLAIN, 'IRA'), undefined)
  t.is(typedData('日', PLAIN, 'IRA'), undefined)
  t.is(typedData('AB\r\nCD', { header: false, coding: 4 }, 'IRA')?.length, 2)
  t.is(typedData('AB', { header: true, coding: 0 }, 'IRA')?.length, 1)
  t.is(typedData('zz', { header: false, coding: 8 }, 'IRA'), undefined)
  t.is(typedData('00'.repeat(141), { header: false, coding: 4 }, 'IRA'), undefined)
  t.is(shownData({ ...PLAIN, protocol: 0, length: 2, data: Uint8Array.of(0xe8, 0x34) }, 'IRA'), 'hi')
  t.is(shownData({ header: false, coding: 8, protocol: 0, length: 2, data: Uint8Array.of(0x30, 0x42) }, 'IRA'), '3042')
  t.is(octets('0'), undefined)
})

async function typed(line: string, text: string) {
  const world = mobile()
  world.a.ask('AT+CMGF=1;+CSCS="IRA"')
  world.b.ask('AT+CMGF=1;+CSCS="IRA";+CNMI=2,1')
  world.a.type(`${line}\r`)
  world.a.type(text)
  await world.clock.advance(300)
  const said = world.a.read()
  await world.clock.advance(300)
  return { ...world, said }
}

test('text mode: a prompt for each line, and the message as it was typed', async (t) => {
  const { said, b } = await typed(`AT+CMGS="${B}"`, 'Hello {1}\rsecond line\x1a')
  t.is(said, '\r\n> \r\n> \r\n+CMGS: 0\r\n\r\nOK\r\n')
  t.is(b.read(), '\r\n+CMTI: "SM",1\r\n')
  t.is(
    b.ask('AT+CMGR=1'),
    `\r\n+CMGR: "REC UNREAD","${A}",,"26/01/02,12:04:05+36"\r\nHello {1}\nsecond line\r\n\r\nOK\r\n`,
  )
  t.is(
    b.ask('AT+CSDH=1;+CMGR=1'),
    `\r\n+CMGR: "REC READ","${A}",,"26/01/02,12:04:05+36",145,4,0,0,"+819000000001",145,23\r\nHello {1}\nsecond line\r\n\r\nOK\r\n`,
  )
  t.is(b.ask('AT+CMGL="ALL"').split('\r\n')[1], `+CMGL: 1,"REC READ","${A}",,"26/01/02,12:04:05+36",145,23`)
})

test('the LF of a CR LF behind the command is no part of the message', async (t) => {
  const { said, b } = await typed(`AT+CMGS="${B}"`, '\nhello\x1a\r')
  t.regex(said, /\+CMGS: 0/)
  t.regex(b.ask('AT+CMGR=1'), /"\r\nhello\r\n\r\nOK/)
})

test('direct text: +CMT, and +CDS with all its fields', async (t) => {
  const { a, b, clock, send } = mobile()
  b.ask('AT+CMGF=1;+CNMI=2,2')
  a.ask('AT+CMGF=1;+CNMI=2,1,0,1;+CSMP=49')
  a.type(`AT+CMGS="${B}"\rhi\x1a`)
  a.read()
  await clock.advance(1000)
  t.is(b.read(), `\r\n+CMT: "${A}",,"26/01/02,12:04:05+36"\r\nhi\r\n`)
  t.is(
    a.read(),
    `\r\n+CMGS: 0\r\n\r\nOK\r\n\r\n+CDS: 6,0,"${B}",145,"26/01/02,12:04:05+36","26/01/02,12:04:05+36",0\r\n`,
  )
  a.ask('AT+CMGF=0')
  await send(submitTo(B, 'AB'))
  await clock.advance(300)
  t.is(b.read(), `\r\n+CMT: "${A}",,"26/01/02,12:04:06+36"\r\n0605043E803E80AB\r\n`)
})

test('UCS2: the number and the text as digits, both ways', async (t) => {
  const { a, b, clock } = mobile()
  a.ask('AT+CMGF=1;+CSCS="UCS2";+CSMP=17,167,0,8')
  b.ask('AT+CMGF=1;+CSCS="UCS2"')
  a.type(`AT+CMGS="${toTerminal(B, 'UCS2')}"\r65E5672C\x1a`)
  await clock.advance(1000)
  t.regex(a.read(), /\+CMGS: 0/)
  const shown = b.ask('AT+CMGR=1')
  t.true(shown.includes(`"${toTerminal(A, 'UCS2')}"`))
  t.true(shown.includes('\r\n65E5672C\r\n'))
})

test('stored ones show to whom, and with +CSDH=1 the rest', async (t) => {
  const { a } = mobile()
  a.ask('AT+CMGF=1')
  a.type(`AT+CMGW="${B}",145,"STO SENT"\rkept\x1a`)
  t.is(a.read(), '\r\n> \r\n+CMGW: 1\r\n\r\nOK\r\n')
  t.is(a.ask('AT+CMGR=1'), `\r\n+CMGR: "STO SENT","${B}",\r\nkept\r\n\r\nOK\r\n`)
  t.is(a.ask('AT+CSDH=1;+CMGR=1').split('\r\n')[1], `+CMGR: "STO SENT","${B}",,145,17,0,0,167,"",129,4`)
  t.is(a.ask('AT+CMGL="ALL"').split('\r\n')[1], `+CMGL: 1,"STO SENT","${B}",,,145,4`)
  a.type('AT+CMGW\rno number\x1a')
  t.is(a.read(), '\r\n> \r\n+CMGW: 2\r\n\r\nOK\r\n')
})

for (const line of [
  '+CMGS',
  '+CMGS=""',
  '+CMGS="x"',
  '+CMGS="+8132",145,1',
  '+CMGW="+8132",145,"SENT"',
  '+CMGW="abc"',
]) {
  test(`AT${line} in text mode is refused without a prompt`, (t) => {
    const { a } = mobile()
    a.ask('AT+CMGF=1')
    t.regex(a.ask(`AT${line}`), /^\r\n(?:\+CMS ERROR: 305|ERROR)\r\n$/)
  })
}

test('what cannot be written is CMS 305', async (t) => {
  t.is((await typed(`AT+CMGS="${B}"`, `${'x'.repeat(161)}\x1a`)).said, '\r\n> \r\n+CMS ERROR: 305\r\n')
})
