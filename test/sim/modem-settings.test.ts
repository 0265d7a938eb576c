import test from 'ava'
import { Terminal, twoModems } from './two-modems.ts'

test('settings outlive calls and closed ports, but not the plug', async (t) => {
  const { clock, a, connect } = twoModems()
  a.type('AT+CLIP=1;S12=33\r')
  await connect()
  a.modem.dtrDropped()
  await clock.advance(100)
  a.read()
  a.type('AT+CLIP?;S12?\r')
  t.is(a.read(), '\r\n+CLIP: 1,1\r\n\r\n033\r\n\r\nOK\r\n')
  a.modem.unplug()
  a.modem.plug()
  a.type('AT+CLIP?;S12?\r')
  t.true(a.read().endsWith('\r\n+CLIP: 0,1\r\n\r\n050\r\n\r\nOK\r\n'))
})

test('numbers of no international form are of type 129', async (t) => {
  const { clock, exchange, b } = twoModems()
  b.type('AT+CLIP=1\r')
  b.read()
  const local = new Terminal('119', exchange, clock, 0)
  local.type('ATD+8132\r')
  await clock.advance(300)
  t.is(b.read(), '\r\nRING\r\n\r\n+CLIP: "119",129\r\n')
})
