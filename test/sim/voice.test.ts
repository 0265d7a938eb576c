import test from 'ava'
import { A, B, mobile } from './mobile.ts'

const said = (text: string): string => text.replaceAll('\r\n', '|')

async function ringing(setup = '') {
  const world = mobile()
  world.b.ask(`AT${setup}`)
  world.a.type(`ATD${B};\r`)
  await world.clock.advance(300)
  return world
}

test('OK at once, RING there, +CLCC tells dialling, alerting and active', async (t) => {
  const { a, b, clock } = mobile()
  t.is(said(a.ask(`ATD${B};`)), '|OK|')
  t.is(said(a.ask('AT+CLCC')), `|+CLCC: 1,0,2,0,0,"${B}",145||OK|`)
  await clock.advance(300)
  t.is(said(b.read()), '|RING|')
  t.is(said(a.ask('AT+CLCC;+CPAS')), `|+CLCC: 1,0,3,0,0,"${B}",145||+CPAS: 3||OK|`)
  t.is(said(b.ask('AT+CLCC')), `|+CLCC: 1,1,4,0,0,"${A}",145||OK|`)
  t.is(said(b.ask('ATA')), '|OK|')
  t.is(a.read(), '')
  t.is(said(a.ask('AT+CLCC;+CPAS')), `|+CLCC: 1,0,0,0,0,"${B}",145||+CPAS: 4||OK|`)
  t.is(said(a.ask('AT+VTS=5')), '|OK|')
  t.is(said(a.ask('AT+CHUP')), '|OK|')
  t.is(said(b.read()), '|NO CARRIER|')
  t.is(said(b.ask('AT+CLCC')), '|OK|')
})

test('+CRING says VOICE, +CLIP the number; S0 answers', async (t) => {
  const { b } = await ringing('+CRC=1;+CLIP=1')
  t.is(said(b.read()), `|+CRING: VOICE||+CLIP: "${A}",145|`)
  const auto = await ringing('S0=1')
  t.is(said(auto.b.read()), '|RING||OK|')
  t.regex(auto.a.ask('AT+CLCC'), /1,0,0,0,0/)
})

test('busy, refused, unanswered and unreachable come by themselves', async (t) => {
  const { a, b, clock } = await ringing()
  t.is(said(b.ask('ATH')), '|RING||OK|')
  t.is(said(a.read()), '|OK||BUSY|')
  b.modem.setAnswer('no-answer')
  a.ask(`ATD${B};`)
  await clock.advance(30_000)
  t.is(said(a.read()), '|NO ANSWER|')
  a.ask('ATD+8199999;')
  await clock.advance(1000)
  t.is(said(a.read()), '|NO CARRIER|')
})

test('typing does not abort a voice call, but a second one is refused', async (t) => {
  const { a } = await ringing()
  a.read()
  t.is(said(a.ask('AT+CSQ')), '|+CSQ: 20,99||OK|')
  t.is(said(a.ask(`AT+CMEE=1;D${B};`)), '|+CME ERROR: 3|')
  t.is(said(a.ask('ATH')), '|OK|')
})

test('who rings and gives up leaves no trace but the missing rings', async (t) => {
  const { a, b, clock } = await ringing()
  b.read()
  a.ask('ATH')
  await clock.advance(10_000)
  t.is(b.read(), '')
  t.is(said(b.ask('ATA')), '|NO CARRIER|')
})

test('DTR that falls ends no voice call', async (t) => {
  const { a, b } = await ringing()
  b.ask('ATA')
  a.modem.dtrDropped()
  t.regex(b.ask('AT+CLCC'), /1,1,0,0,0/)
})

test('a withheld number and a spoofed one', async (t) => {
  const { a, b, clock } = mobile()
  b.ask('AT+CLIP=1')
  a.modem.calls.shown = ''
  a.ask(`ATD${B};`)
  await clock.advance(300)
  t.is(said(b.read()), '|RING||+CLIP: "",128|')
  a.ask('ATH')
  a.modem.calls.shown = '+15550100'
  a.ask(`ATD${B};`)
  await clock.advance(300)
  t.is(said(b.read()), '|RING||+CLIP: "+15550100",145|')
})

test('ring-no-answer: it rings, and cannot be answered', async (t) => {
  const { a, b, clock } = mobile()
  b.modem.setAnswer('ring-no-answer')
  b.ask('ATS0=1')
  a.type(`ATD${B}\r`)
  await clock.advance(300)
  t.is(said(b.read()), '|RING|')
  t.is(said(b.ask('ATA')), '|NO CARRIER|')
  await clock.advance(20_000)
  t.is(said(a.read()), '|NO ANSWER|')
})

test('a call dialled to one number reaches another one', async (t) => {
  const { a, b, exchange, clock } = mobile()
  exchange.divert('+8199', B)
  a.type('ATD+8199\r')
  await clock.advance(300)
  t.is(said(b.read()), '|RING|')
  a.type('\r')
  exchange.divert('+8199', undefined)
  a.read()
  a.type('ATD+8199\r')
  await clock.advance(300)
  t.is(said(a.read()), '|NO CARRIER|')
})
