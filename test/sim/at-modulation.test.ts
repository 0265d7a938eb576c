import test from 'ava'
import { B, mobile } from './mobile.ts'

const said = (text: string): string => text.replaceAll('\r\n', '|')

test('there is one modulation, no error control, no compression; a request for another one is refused', (t) => {
  const { a } = mobile()
  a.ask('AT+CMEE=1')
  const ask = (line: string): string => said(a.ask(`AT${line}`))
  t.is(ask('+MS?;+ES?;+DS?;+GCI?'), '|+MS: V32,1||+ES: 1,0,1||+DS: 0,0,512,6||+GCI: 00||OK|')
  t.is(ask('+MS=?;+ES=?'), '|+MS: ("V32"),(1)||+ES: (1),(0),(1)||OK|')
  t.is(ask('+MS=V32,1;+ES=1,0,1;+DS=0,0,512,6'), '|OK|')
  for (const wish of ['+MS=V34', '+ES=3,0,2', '+DS=3,0']) t.is(ask(wish), '|+CME ERROR: 4|', wish)
})

test('reports precede CONNECT, in the order of V.250, and only those that were asked for', async (t) => {
  const { a, b, clock } = mobile()
  a.ask('AT+MR=1;+ER=1;+DR=1;+ILRR=1;+CR=1')
  b.ask('AT+ILRR=1;+IPR=9600')
  a.type(`ATD${B}\r`)
  await clock.advance(300)
  b.read()
  b.type('ATA\r')
  await clock.advance(300)
  const reports = '|+CR: REL ASYNC||+MCR: V32||+MRR: 9600||+ER: NONE||+DR: NONE||+ILRR: 115200|'
  t.is(said(a.read()), `${reports}|CONNECT 9600|`)
  t.is(said(b.read()), '|+ILRR: 9600||CONNECT 9600|')
})

test('settings without an effect are shown again, each by itself, until &F', (t) => {
  const { a } = mobile()
  a.ask('AT+CMEE=1')
  const ask = (line: string): string => said(a.ask(`AT${line}`))
  const all = '+CLVL?;+CMUT?;+VTD?;+CSSN?;+CSTA?;+CMOD?;+CPLS?;+CCWA?'
  const factory = '|+CLVL: 3||+CMUT: 0||+VTD: 0||+CSSN: 0,0||+CSTA: 129||+CMOD: 0||+CPLS: 0||+CCWA: 0||OK|'
  t.is(ask(all), factory)
  t.is(ask('+CLVL=5;+CMUT=1;+VTD=7;+CSSN=,1;+CSTA=145;+CCWA=1'), '|OK|')
  t.is(ask(all), '|+CLVL: 5||+CMUT: 1||+VTD: 7||+CSSN: 0,1||+CSTA: 145||+CMOD: 0||+CPLS: 0||+CCWA: 1||OK|')
  for (const wrong of ['+CLVL=6', '+CMUT=2', '+CSSN=1,1,1', '+CLVL=', '+CLVL=x', '+CCWA=2', '+CCWA=1,3'])
    t.is(ask(wrong), '|+CME ERROR: 50|', wrong)
  a.ask('AT&F')
  a.ask('ATE0')
  t.is(ask(all), factory)
})

test('supplementary services: asked they answer, and what cannot be is refused', (t) => {
  const { a } = mobile()
  a.ask('AT+CMEE=1')
  const ask = (line: string): string => said(a.ask(`AT${line}`))
  t.is(ask('+CCFC=0,2'), '|+CCFC: 0,7||OK|')
  t.is(ask('+CCFC=0,3,"+8190"'), '|+CME ERROR: 4|')
  t.is(ask('+CCFC=9,2'), '|+CME ERROR: 50|')
  t.is(ask('+CCWA=1,2,1'), '|+CCWA: 0,7||OK|')
})

test('tones of a call: alone, with a duration, and in braces', async (t) => {
  const { a, b, clock } = mobile()
  a.ask('AT+CMEE=1')
  t.is(said(a.ask('AT+VTS=1')), '|+CME ERROR: 3|')
  a.ask(`ATD${B};`)
  await clock.advance(300)
  b.ask('ATA')
  await clock.advance(300)
  a.read()
  for (const tone of ['5', '5,10', '#', '{1,3},{2,3},A']) t.is(said(a.ask(`AT+VTS=${tone}`)), '|OK|', tone)
  for (const tone of ['', 'E', '5,', '{1}', '{1,2},', '5,10,3'])
    t.is(said(a.ask(`AT+VTS=${tone}`)), '|+CME ERROR: 50|', tone)
})
